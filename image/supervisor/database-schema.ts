import * as v from 'valibot';
import { ENGINES } from './engines';
import type { Engine } from './engines/engine';
import { faultOfValue } from './odbc/data-source-file';
import { incomplete, json, word } from './variable-rules';

/** What names or replaces the login and the driver, in the words of any driver. */
const OWNED_KEYS = ['UID', 'USER', 'USERID', 'USERNAME', 'PWD', 'PASSWORD', 'DRIVER', 'DSN'];

const names = ENGINES.map(({ name }) => name);

const engine = v.pipe(
  v.picklist(names, ({ input }) =>
    word(`must be ${names.join(' or ')}`, input, 'those are the engines that the supervisor can ask'),
  ),
  v.transform((name) => ENGINES.find((it) => it.name === name) as Engine),
);

const key = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, ({ input }) =>
    word('must be up to 64 letters, digits and underscores', input, 'see the documents of the driver'),
  ),
  v.check(
    (it) => !OWNED_KEYS.includes(it.toUpperCase()),
    ({ input }) =>
      word(
        'must not name login or driver',
        input,
        'the login comes from its secret, the driver from MOBILINK_ODBC_DRIVER',
      ),
  ),
);

// A value under the wrong key may be a secret, so none is repeated.
const value = v.pipe(
  v.string('must be text. Fix: put it into quotes'),
  v.check(
    (it) => faultOfValue(it) === undefined,
    ({ input }) => `must not hold what odbc.ini cannot carry: ${faultOfValue(input)}. Fix: give another value`,
  ),
);

/** The database: its engine, and the keys of the data source that the engine needs. */
export const database = json(
  '{"engine":"mysql","dsn":{"SERVER":"..."}}',
  'give engine and data source',
  v.pipe(
    v.object(
      { engine, dsn: v.record(key, value, 'must be an object. Fix: give the keys of the data source') },
      incomplete('give engine and dsn'),
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { engine: product, dsn } = dataset.value;
      const given = Object.keys(dsn).map((it) => it.toUpperCase());
      const missing = product.requiredKeys.filter((it) => !given.includes(it));
      const twice = given.filter((it, index) => given.indexOf(it) !== index);
      const problems = [
        ...(missing.length === 0 ? [] : [word(`must have ${missing.join(', ')} in dsn`, Object.keys(dsn), 'add them')]),
        ...(twice.length === 0 ? [] : [word('must name each key once, in whatever case', twice, 'leave one out')]),
      ];
      for (const message of problems) addIssue({ message });
    }),
  ),
);
