import type { TokenReader } from './token-reader';
import { SqlError } from './tokens';

export type Value = string | null;

/** What expressions can ask of the server that computes them. */
export interface Questions {
  property(name: string): Value;
  databaseProperty(name: string): Value;
  utc(): Date;
  user(): string;
  /** Of the row that is looked at. @default - there is none */
  column?(name: string): Value;
}

export type Expression = (questions: Questions) => Value;

/** Literals, `||`, and the functions that the scripts and the role service use; anything else is refused. */
export function readExpression(tokens: TokenReader): Expression {
  let left = readTerm(tokens);
  while (tokens.accept('||')) {
    const [before, after] = [left, readTerm(tokens)];
    // In SQL Anywhere NULL concatenates as an empty string. UNSOURCED.
    left = (questions) => `${before(questions) ?? ''}${after(questions) ?? ''}`;
  }
  return left;
}

function readTerm(tokens: TokenReader): Expression {
  if (tokens.peek()?.kind === 'literal') {
    const text = tokens.literal();
    return () => text;
  }
  if (tokens.accept('NULL')) return () => null;
  if (tokens.peek()?.kind === 'name') {
    const column = tokens.name();
    return (questions) => questions.column?.(column) ?? null;
  }
  if (tokens.accept('CURRENT UTC TIMESTAMP')) return ({ utc }) => timestamp(utc());
  if (tokens.accept('CURRENT USER')) return ({ user }) => user();
  if (tokens.accept('CAST (')) return readCast(tokens);
  const name = tokens.word().toUpperCase();
  tokens.expect('(');
  const parameters = [readExpression(tokens)];
  while (tokens.accept(',')) parameters.push(readExpression(tokens));
  tokens.expect(')');
  const call = FUNCTIONS[name];
  if (!call) throw new SqlError(`Procedure '${name}' not found (SQLCODE -265)`);
  return (questions) => call(questions, ...parameters.map((parameter) => parameter(questions)));
}

function readCast(tokens: TokenReader): Expression {
  const value = readExpression(tokens);
  tokens.expect('AS');
  if (!tokens.accept('LONG VARCHAR')) {
    tokens.expect('VARCHAR');
    if (tokens.accept('(')) {
      tokens.literal();
      tokens.expect(')');
    }
  }
  tokens.expect(')');
  return value;
}

type Call = (questions: Questions, ...values: Value[]) => Value;

const FUNCTIONS: Readonly<Record<string, Call>> = {
  PROPERTY: ({ property }, name) => property(name ?? ''),
  DB_PROPERTY: ({ databaseProperty }, name) => databaseProperty(name ?? ''),
  COALESCE: (_, ...values) => values.find((value) => value !== null) ?? null,
  ISNULL: (_, ...values) => values.find((value) => value !== null) ?? null,
  LOWER: (_, text = null) => text?.toLowerCase() ?? null,
  LCASE: (_, text = null) => text?.toLowerCase() ?? null,
  UPPER: (_, text = null) => text?.toUpperCase() ?? null,
  UCASE: (_, text = null) => text?.toUpperCase() ?? null,
  // Over the one row at most that its callers select.
  MAX: (_, value = null) => value,
  STRING: (_, ...values) => values.map((value) => value ?? '').join(''),
  DATEFORMAT: (_, value = null, format = null) => value && format && dateFormat(value, format),
};

function timestamp(at: Date): string {
  return at.toISOString().replace('T', ' ').replace('Z', '');
}

/** Of a timestamp as `CURRENT UTC TIMESTAMP` gives it: in SQL Anywhere NN are the minutes. */
function dateFormat(value: string, format: string): string {
  const [, year, month, day, hour, minute, second, millis] =
    /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3})$/.exec(value) ?? [];
  const parts: Record<string, string | undefined> = {
    YYYY: year,
    MM: month,
    DD: day,
    HH: hour,
    NN: minute,
    SSS: millis,
  };
  return format.replaceAll(/YYYY|MM|DD|HH|NN|SSS|SS/gi, (part) => {
    return (part.toUpperCase() === 'SS' ? second : parts[part.toUpperCase()]) ?? '';
  });
}
