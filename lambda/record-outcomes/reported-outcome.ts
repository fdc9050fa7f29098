import * as v from 'valibot';
import { parse } from '../door/parse';
import { hostReportSchema } from '../records/host-report';
import { moment, remoteName, shortName } from '../records/names';

/** Two names and what stands between them. */
function twoParts<const A extends v.GenericSchema<string, string>, const B extends v.GenericSchema<string, string>>(
  separator: string,
  first: A,
  second: B,
  problem: string,
) {
  return v.pipe(
    v.string(),
    v.transform((text): [string, string] => {
      const at = text.indexOf(separator);
      return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
    }),
    v.check(([one, other]) => v.is(first, one) && v.is(second, other), problem),
  );
}

const reportedOutcome = v.pipe(
  v.object({
    ...hostReportSchema.entries,
    remote: twoParts('/', shortName, remoteName, 'must be <group>/<remoteName>, as the registry has it'),
    run: twoParts('@', shortName, moment, 'must be <schedule>@<slot>, like prices@2026-01-05T09:00:00.000Z'),
    /** By the host's clock, to the second. */
    startedAt: v.pipe(
      v.string(),
      v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'must be like 2026-01-05T09:00:00Z'),
      v.transform((text) => Date.parse(text)),
      v.number('must be a moment that there is'),
    ),
    seconds: v.pipe(v.number(), v.safeInteger()),
  }),
  v.transform(({ remote: [group, name], run: [schedule, slot], startedAt, seconds, ...rest }) => ({
    ...rest,
    group,
    remoteName: name,
    remote: `${group}/${name}`,
    schedule,
    run: `${schedule}@${slot}`,
    // A host that sets its clock back meanwhile counts less than nothing.
    endedAt: startedAt + Math.max(0, seconds) * 1000,
  })),
);

/** What a host says of a sync that its database started: the line of host/sync-remote.sh. */
export type ReportedOutcome = v.InferOutput<typeof reportedOutcome>;

/** Throws an error that names everything that is wrong with the line. */
export function readReportedOutcome(body: string): ReportedOutcome {
  const schema = v.pipe(v.string(), v.parseJson(undefined, 'is not JSON'), reportedOutcome);
  return parse(schema, body, 'No outcome that a host could have reported');
}
