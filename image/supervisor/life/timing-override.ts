import { ConfigurationError } from '../configuration';
import { TIMING, type Timing } from './timing';

/** Shorter durations for rehearsals, as JSON with the names and the shape of {@link Timing}; not for production. */
export const TIMING_VARIABLE = 'MOBILINK_REHEARSAL_TIMING';

/** The durations in force; throws when the variable names one that there is not. */
export function timingOf(env: NodeJS.ProcessEnv): Timing {
  const text = env[TIMING_VARIABLE];
  if (text === undefined) return TIMING;
  return merge(TIMING, parse(text), []) as unknown as Timing;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong([], 'JSON');
  }
}

function merge(usual: object, given: unknown, path: readonly string[]): object {
  if (typeof given !== 'object' || given === null) throw wrong(path, 'an object of durations');
  const known = new Map<string, unknown>(Object.entries(usual));
  for (const [name, value] of Object.entries(given)) {
    const old = known.get(name);
    const place = [...path, name];
    if (typeof old === 'object' && old !== null) known.set(name, merge(old, value, place));
    else if (typeof old !== 'number') throw wrong(place, 'a name that there is');
    else if (typeof value !== 'number' || !(value >= 0)) throw wrong(place, 'a number of milliseconds');
    else known.set(name, value);
  }
  return Object.fromEntries(known);
}

function wrong(path: readonly string[], rule: string): Error {
  return new ConfigurationError([`${[TIMING_VARIABLE, ...path].join('.')}: must be ${rule}. Fix: leave it out`]);
}
