import { BlockList, isIP } from 'node:net';
import { ArnPattern, isArn, Pattern, type VariableReader } from './patterns';

/** What the request says about a condition key. */
export interface RequestContext {
  /** Undefined where the key is missing. */
  values(key: string): readonly string[] | undefined;
  /** True for a key that AWS declares as a list, however many values the request has. */
  isList(key: string): boolean;
  readonly variables: VariableReader;
}

/** One key of one operator: true where the request satisfies it. */
export type ConditionTest = (context: RequestContext) => boolean;

/** Undefined: the two cannot be compared, and neither the operator nor its opposite holds. */
type Comparison = (actual: string, variables: VariableReader) => boolean | undefined;

interface Operator {
  readonly negated: boolean;
  comparison(expected: string, replacesVariables: boolean): Comparison;
}

/** Reads the block `Condition` of a statement. An operator that is not known here is refused. */
export function readConditions(
  block: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  replacesVariables: boolean,
): ConditionTest[] {
  return Object.entries(block).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, expected]) => readTest(name, key, expected, replacesVariables)),
  );
}

const OPERATOR_NAME = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

function readTest(name: string, key: string, expected: unknown, replacesVariables: boolean): ConditionTest {
  const [, quantifier, base = '', ifExists] = OPERATOR_NAME.exec(name) ?? [];
  const texts = [expected].flat().map((it) => {
    if (typeof it === 'string' || typeof it === 'number' || typeof it === 'boolean') return String(it);
    throw new Error(`the condition ${name} of ${key} has a value that is no text, number or boolean`);
  });
  if (base === 'Null' && !quantifier && !ifExists) {
    return (context) => texts.some((it) => (it.toLowerCase() === 'true') === (context.values(key) === undefined));
  }
  const operator = OPERATORS[base];
  if (!operator) throw new Error(`the condition operator ${name} is not known here`);
  const comparisons = texts.map((it) => operator.comparison(it, replacesVariables));

  const holds = (actual: string, variables: VariableReader): boolean => {
    const results = comparisons.map((compare) => compare(actual, variables));
    if (operator.negated) return results.every((it) => it === false);
    return results.some((it) => it === true);
  };
  if (quantifier === 'ForAllValues') {
    return ({ values, variables }) => (values(key) ?? []).every((it) => holds(it, variables));
  }
  if (quantifier === 'ForAnyValue') {
    return ({ values, variables }) => (values(key) ?? []).some((it) => holds(it, variables));
  }
  return (context) => {
    const actual = context.values(key);
    if (actual === undefined) return ifExists !== undefined || operator.negated;
    const [only, ...others] = actual;
    // Without a quantifier a list satisfies nothing, not even "not equal".
    if (only === undefined || others.length > 0 || context.isList(key)) return false;
    return holds(only, context.variables);
  };
}

function text(options: { wildcards: boolean; ignoreCase?: boolean }, negated: boolean): Operator {
  return {
    negated,
    comparison: (expected, variables) => {
      const pattern = new Pattern(expected, { ...options, variables });
      return (actual, reader) => pattern.matches(actual, reader);
    },
  };
}

function arn(negated: boolean): Operator {
  return {
    negated,
    comparison: (expected, variables) => {
      const pattern = new ArnPattern(expected, variables);
      return (actual, reader) => (isArn(expected) && isArn(actual) ? pattern.matches(actual, reader) : undefined);
    },
  };
}

function ordered(
  read: (text: string) => number,
  holds: (actual: number, expected: number) => boolean,
  negated = false,
): Operator {
  return {
    negated,
    comparison: (expected, variables) => {
      const pattern = new Pattern(expected, { wildcards: false, variables });
      return (actual, reader) => {
        const limit = pattern.replaced(reader);
        const left = read(actual);
        const right = limit === undefined ? Number.NaN : read(limit);
        return Number.isNaN(left) || Number.isNaN(right) ? undefined : holds(left, right);
      };
    },
  };
}

const numeric = (value: string) => (value.trim() === '' ? Number.NaN : Number(value));

/** ISO 8601, or seconds since 1970. */
const instant = (value: string) => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value));

function boolean(): Operator {
  return {
    negated: false,
    comparison: (expected, variables) => {
      const pattern = new Pattern(expected, { wildcards: false, variables, ignoreCase: true });
      return (actual, reader) => pattern.matches(actual, reader);
    },
  };
}

function address(negated: boolean): Operator {
  return {
    negated,
    comparison: (expected, variables) => {
      const pattern = new Pattern(expected, { wildcards: false, variables });
      return (actual, reader) => {
        const range = pattern.replaced(reader);
        return range === undefined ? undefined : addressIn(actual, range);
      };
    },
  };
}

function addressIn(actual: string, range: string): boolean | undefined {
  const [network = '', prefix] = range.split('/');
  const family = isIP(network);
  const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
  if (family === 0 || isIP(actual) === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32)) {
    return undefined;
  }
  if (isIP(actual) !== family) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(actual, type);
}

const equal = (actual: number, expected: number) => actual === expected;

/** IAM User Guide, "IAM JSON policy elements: Condition operators". */
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: text({ wildcards: false }, false),
  StringNotEquals: text({ wildcards: false }, true),
  StringEqualsIgnoreCase: text({ wildcards: false, ignoreCase: true }, false),
  StringNotEqualsIgnoreCase: text({ wildcards: false, ignoreCase: true }, true),
  StringLike: text({ wildcards: true }, false),
  StringNotLike: text({ wildcards: true }, true),
  ArnEquals: arn(false),
  ArnLike: arn(false),
  ArnNotEquals: arn(true),
  ArnNotLike: arn(true),
  NumericEquals: ordered(numeric, equal),
  NumericNotEquals: ordered(numeric, equal, true),
  NumericLessThan: ordered(numeric, (a, b) => a < b),
  NumericLessThanEquals: ordered(numeric, (a, b) => a <= b),
  NumericGreaterThan: ordered(numeric, (a, b) => a > b),
  NumericGreaterThanEquals: ordered(numeric, (a, b) => a >= b),
  DateEquals: ordered(instant, equal),
  DateNotEquals: ordered(instant, equal, true),
  DateLessThan: ordered(instant, (a, b) => a < b),
  DateLessThanEquals: ordered(instant, (a, b) => a <= b),
  DateGreaterThan: ordered(instant, (a, b) => a > b),
  DateGreaterThanEquals: ordered(instant, (a, b) => a >= b),
  Bool: boolean(),
  BinaryEquals: text({ wildcards: false }, false),
  IpAddress: address(false),
  NotIpAddress: address(true),
};
