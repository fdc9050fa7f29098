import * as v from 'valibot';
import { faultOfValue } from './odbc/data-source-file';
import { SecretError } from './secrets';

/** By whom the database is used. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

const part = (name: string) =>
  v.pipe(
    v.string(`${name} is no text`),
    v.minLength(1, `${name} is empty`),
    v.check(
      (it) => faultOfValue(it) === undefined,
      ({ input }) => `${name} holds ${faultOfValue(input)}, which odbc.ini cannot carry`,
    ),
  );

const login = v.pipe(
  v.string(),
  v.parseJson(undefined, 'it is not JSON'),
  v.object({ username: part('username'), password: part('password') }, ({ kind, expected }) =>
    kind === 'schema' && expected?.startsWith('"') ? `it has no ${expected.slice(1, -1)}` : 'it is no JSON object',
  ),
);

/** The login that a secret holds; throws a {@link SecretError} that names the rule and never the value. */
export function parseLogin(arn: string, text: string): Login {
  const result = v.safeParse(login, text);
  if (result.success) return result.output;
  const problems = result.issues.map(({ message }) => message).join('; ');
  throw new SecretError(
    `${arn} is not the login of the database: ${problems}. Fix: store {"username": "...", "password": "..."} without these`,
  );
}
