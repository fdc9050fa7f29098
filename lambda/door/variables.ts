import * as v from 'valibot';
import { parse } from './parse';

/** A variable that must be there. */
export const text = v.pipe(v.string('is missing'), v.minLength(1, 'is empty'));

/** A variable that holds a whole number of at least one. */
export const positive = v.pipe(text, v.regex(/^[1-9][0-9]*$/, 'is not a whole number above 0'), v.transform(Number));

/** What a construct told its function; throws one error that names every variable that is missing or wrong. */
export function readVariables<const E extends v.ObjectEntries>(
  entries: E,
  variables: Record<string, string | undefined>,
  owner: string,
): v.InferOutput<v.ObjectSchema<E, undefined>> {
  // A key that is not there would be worded as an invalid key; one that is undefined is missing.
  const named = Object.fromEntries(Object.keys(entries).map((name) => [name, variables[name]]));
  return parse(v.object(entries), named, `The environment of ${owner} is wrong`);
}
