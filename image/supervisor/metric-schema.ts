import * as v from 'valibot';
import { faultOfPattern, KNOWN_NAMES, PERIODIC_LINE } from './metric-settings';
import { incomplete, json, text, word } from './variable-rules';

const metricName = text('must be a name as the log has it', 'copy it from the log', (it) =>
  /^[\x21-\x7e]{1,255}$/.test(it),
);

const dimension = (fix: string) =>
  text('must be 1 to 255 characters that do not begin with a colon', fix, (it) =>
    /^[^:\p{Cc}][^\p{Cc}]{0,254}$/u.test(it),
  );

const settings = v.pipe(
  v.object(
    {
      namespace: dimension('give the namespace of the metrics'),
      farm: dimension('give the name of the farm'),
      names: v.optional(v.array(metricName, 'must be a list. Fix: put the names into brackets'), KNOWN_NAMES.slice()),
      pattern: v.optional(
        v.pipe(
          v.string('must be text. Fix: put it into quotes'),
          v.check(
            (it) => faultOfPattern(it) === undefined,
            ({ input }) =>
              word(
                `must be a regular expression: ${faultOfPattern(input)}`,
                input,
                'name the groups (?<name>...) and (?<value>...)',
              ),
          ),
        ),
        PERIODIC_LINE,
      ),
    },
    incomplete('give namespace and farm'),
  ),
  v.transform((it) => ({ ...it, pattern: new RegExp(it.pattern) })),
);

/** Which periodic lines become metrics, and where. */
export const metrics = json('{"namespace":"MobiLinkHa","farm":"..."}', 'give namespace and farm', settings);
