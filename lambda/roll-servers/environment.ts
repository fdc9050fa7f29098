import * as v from 'valibot';
import { readVariables, text } from '../door/variables';

const entries = {
  MOBILINK_CLUSTER: text,
  MOBILINK_SERVICE: text,
  MOBILINK_IDENTITY_SECRETS: v.pipe(
    text,
    v.parseJson(undefined, 'is not JSON'),
    v.pipe(v.array(text, 'must be a list'), v.minLength(1, 'must name a secret')),
  ),
};

export interface Environment {
  readonly cluster: string;
  readonly service: string;
  readonly secrets: readonly string[];
}

/** What the construct told the function; throws one error that names every variable that is missing or wrong. */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const it = readVariables(entries, variables, 'roll-servers');
  return { cluster: it.MOBILINK_CLUSTER, service: it.MOBILINK_SERVICE, secrets: it.MOBILINK_IDENTITY_SECRETS };
}
