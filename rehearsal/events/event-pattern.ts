import { type Matcher, readMatcher } from './pattern-matchers';

/** True where an event matches. */
export type EventPredicate = (event: unknown) => boolean;

/** An event pattern that EventBridge would refuse when the rule is created. */
export class EventPatternError extends Error {
  override readonly name = 'EventPatternError';
}

/**
 * Reads the pattern of an EventBridge rule [EventBridge User Guide, "Event patterns"; where it is silent, the README of
 * github.com/aws/event-ruler, which EventBridge runs].
 */
export function readEventPattern(pattern: unknown): EventPredicate {
  if (!isObject(pattern)) throw new EventPatternError('an event pattern is an object');
  if (Object.keys(pattern).length === 0) throw new EventPatternError('an event pattern names at least one field');
  return readFields(pattern, '');
}

function readFields(pattern: Readonly<Record<string, unknown>>, path: string): EventPredicate {
  const predicates = Object.entries(pattern).map(([name, value]): EventPredicate => {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === '$or' && isAlternatives(value)) {
      const alternatives = value.map((it) => readFields(it, path));
      return (event) => alternatives.some((matches) => matches(event));
    }
    const matches = readField(value, at);
    return (event) => matches(isObject(event) ? event[name] : undefined);
  });
  return (event) => predicates.every((matches) => matches(event));
}

function readField(value: unknown, at: string): EventPredicate {
  if (Array.isArray(value)) {
    const matchers = readMatchers(value, at);
    return (field) => {
      const values = leaves(field);
      return matchers.some((it) => it.matches(values));
    };
  }
  if (!isObject(value)) throw new EventPatternError(`${at}: a pattern's value is a list or an object`);
  if (Object.keys(value).length === 0) throw new EventPatternError(`${at}: an empty object matches nothing`);
  const matches = readFields(value, at);
  // All fields of the pattern must be found in one and the same element of a list.
  return (field) => (Array.isArray(field) && field.length > 0 ? field.flat(Infinity).some(matches) : matches(field));
}

function readMatchers(values: readonly unknown[], at: string): Matcher[] {
  if (values.length === 0) throw new EventPatternError(`${at}: an empty list matches nothing`);
  return values.map((it) => {
    try {
      return readMatcher(it);
    } catch (error) {
      throw new EventPatternError(`${at}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/** The values of a field that a list of a pattern is compared with: not what lies deeper, for that is no leaf. */
function leaves(field: unknown): unknown[] {
  return [field].flat(Infinity).filter((it) => it !== undefined && !isObject(it));
}

/** Words that make an entry of `$or` a matcher, so that `$or` is the name of a field. */
const RESERVED = [
  'exactly',
  'prefix',
  'suffix',
  'anything-but',
  'numeric',
  'exists',
  'equals-ignore-case',
  'wildcard',
  'cidr',
];

function isAlternatives(value: unknown): value is Record<string, unknown>[] {
  return (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.every(
      (it) => isObject(it) && Object.keys(it).length > 0 && !Object.keys(it).some((key) => RESERVED.includes(key)),
    )
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
