import { BlockList, isIP } from 'node:net';

/** One entry of the list that a pattern gives for a field. */
export interface Matcher {
  /** @param values all values of the field; none where the event lacks it. */
  matches(values: readonly unknown[]): boolean;
}

type ValueTest = (value: unknown) => boolean;

/** Throws on whatever EventBridge would refuse. */
export function readMatcher(entry: unknown): Matcher {
  if (typeof entry !== 'object' || entry === null) return any((value) => value === entry);
  const { name, argument } = only(entry);
  if (name === 'exists') {
    if (typeof argument !== 'boolean') throw new Error('exists takes true or false');
    return { matches: (values) => values.length > 0 === argument };
  }
  const read = TESTS[name];
  if (!read) throw new Error(`the operator ${name} is not known to EventBridge`);
  return any(read(argument));
}

/** Of a field with many values one is enough. */
const any = (test: ValueTest): Matcher => ({ matches: (values) => values.some(test) });

function only(entry: object): { name: string; argument: unknown } {
  const [name, ...others] = Object.keys(entry);
  if (Array.isArray(entry) || name === undefined || others.length > 0) {
    throw new Error(`an operator stands alone in its object, not ${JSON.stringify(entry)}`);
  }
  return { name, argument: Reflect.get(entry, name) };
}

const TESTS: Readonly<Record<string, (argument: unknown) => ValueTest>> = {
  prefix: (argument) => affix('prefix', argument, (value, part) => value.startsWith(part)),
  suffix: (argument) => affix('suffix', argument, (value, part) => value.endsWith(part)),
  'equals-ignore-case': (argument) => {
    const expected = text(argument, 'equals-ignore-case').toLowerCase();
    return (value) => typeof value === 'string' && value.toLowerCase() === expected;
  },
  wildcard: (argument) => {
    const expression = wildcard(text(argument, 'wildcard'));
    return (value) => typeof value === 'string' && expression.test(value);
  },
  'anything-but': anythingBut,
  numeric,
  cidr,
};

function affix(name: string, argument: unknown, holds: (value: string, part: string) => boolean): ValueTest {
  if (typeof argument === 'object' && argument !== null) {
    const inner = only(argument);
    if (inner.name !== 'equals-ignore-case') throw new Error(`${name} takes no ${inner.name}`);
    const part = text(inner.argument, name).toLowerCase();
    return (value) => typeof value === 'string' && holds(value.toLowerCase(), part);
  }
  const part = text(argument, name);
  return (value) => typeof value === 'string' && holds(value, part);
}

function anythingBut(argument: unknown): ValueTest {
  if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) {
    const inner = only(argument);
    const read = TESTS[inner.name];
    if (!read || !['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(inner.name)) {
      throw new Error(`anything-but takes no ${inner.name}`);
    }
    const parts = list(inner.argument, 'anything-but').map((it) => read(it));
    return (value) => !parts.some((test) => test(value));
  }
  const excluded = list(argument, 'anything-but');
  const allOf = (type: string) => excluded.every((it) => typeof it === type);
  if (!allOf('string') && !allOf('number')) throw new Error('anything-but takes texts only, or numbers only');
  return (value) => !excluded.includes(value);
}

/** Numbers beyond this EventBridge does not compare. */
const LARGEST = 5e9;

const COMPARISONS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function numeric(argument: unknown): ValueTest {
  const parts = list(argument, 'numeric');
  const tests: ((value: number) => boolean)[] = [];
  const signs: string[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const [sign, limit] = [parts[index], parts[index + 1]];
    const compare = typeof sign === 'string' ? COMPARISONS[sign] : undefined;
    if (!compare || typeof sign !== 'string') throw new Error(`numeric knows no comparison ${JSON.stringify(sign)}`);
    if (typeof limit !== 'number' || Math.abs(limit) > LARGEST) {
      throw new Error(`numeric takes a number from -${LARGEST} to ${LARGEST}, not ${JSON.stringify(limit)}`);
    }
    signs.push(sign[0] ?? '');
    tests.push((value) => compare(value, limit));
  }
  if (!['=', '<', '>', '><'].includes(signs.join(''))) {
    throw new Error('numeric takes one comparison, or a lower bound and then an upper one');
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function cidr(argument: unknown): ValueTest {
  const [network = '', prefix = ''] = text(argument, 'cidr').split('/');
  const family = isIP(network);
  const bits = Number(prefix);
  if (family === 0 || !/^\d+$/.test(prefix) || bits > (family === 6 ? 128 : 32)) {
    throw new Error(`cidr takes a range such as 10.0.0.0/24, not ${JSON.stringify(argument)}`);
  }
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const range = new BlockList();
  range.addSubnet(network, bits, type);
  return (value) => typeof value === 'string' && isIP(value) === family && range.check(value, type);
}

/** A backslash makes an asterisk or another backslash plain; anything else after it is refused, and so is `**`. */
function wildcard(source: string): RegExp {
  let expression = '';
  let afterAsterisk = false;
  for (let index = 0; index < source.length; index++) {
    let character = source[index] ?? '';
    if (character === '*') {
      if (afterAsterisk) throw new Error('wildcard takes no two asterisks in a row');
      expression += '.*';
      afterAsterisk = true;
      continue;
    }
    afterAsterisk = false;
    if (character === '\\') {
      character = source[++index] ?? '';
      if (character !== '*' && character !== '\\') throw new Error('wildcard: a backslash stands before * or \\ only');
    }
    expression += character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  }
  return new RegExp(`^${expression}$`, 's');
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`${name} takes text, not ${JSON.stringify(value)}`);
  return value;
}

function list(value: unknown, name: string): unknown[] {
  const values = [value].flat();
  if (values.length === 0) throw new Error(`${name} takes at least one value`);
  return values;
}
