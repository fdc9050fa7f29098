import type { Row } from './change';
import type { TokenReader } from './token-reader';
import { SqlError } from './tokens';

export type Value = string | null;

/** What expressions can ask of the server that computes them. */
export interface Questions {
  property(name: string): Value;
  databaseProperty(name: string): Value;
  utc(): Date;
  user(): string;
  /** That one of a table which is looked at. @default - no column has a value */
  readonly row?: Row;
  /** Those that an aggregate function looks at. @default - none */
  readonly rows?: readonly Row[];
}

export type Expression = (questions: Questions) => Value;

/** Of one list of a SELECT: one of its expressions counts all rows together. */
export interface Scope {
  aggregated: boolean;
}

/** Literals, columns, `||`, and the functions that the scripts and the role service use; anything else is refused. */
export function readExpression(tokens: TokenReader, scope: Scope = { aggregated: false }): Expression {
  let left = readTerm(tokens, scope);
  while (tokens.accept('||')) {
    const [before, after] = [left, readTerm(tokens, scope)];
    // In SQL Anywhere NULL concatenates as an empty string. UNSOURCED.
    left = (questions) => `${before(questions) ?? ''}${after(questions) ?? ''}`;
  }
  return left;
}

function readTerm(tokens: TokenReader, scope: Scope): Expression {
  if (tokens.peek()?.kind === 'literal') {
    const text = tokens.literal();
    return () => text;
  }
  if (tokens.peek()?.kind === 'name') {
    const column = tokens.name();
    return ({ row }) => {
      const value = row?.[column];
      if (value === undefined) throw new SqlError(`Column '${column}' not found (SQLCODE -143)`);
      return value;
    };
  }
  if (tokens.accept('NULL')) return () => null;
  if (tokens.accept('CURRENT UTC TIMESTAMP')) return ({ utc }) => timestamp(utc());
  if (tokens.accept('CURRENT USER')) return ({ user }) => user();
  if (tokens.accept('CAST (')) return readCast(tokens, scope);
  if (tokens.accept('COUNT ( * )')) {
    scope.aggregated = true;
    return ({ rows = [] }) => String(rows.length);
  }
  if (tokens.accept('MAX (')) return readMaximum(tokens, scope);
  const name = tokens.word().toUpperCase();
  tokens.expect('(');
  const parameters = [readExpression(tokens, scope)];
  while (tokens.accept(',')) parameters.push(readExpression(tokens, scope));
  tokens.expect(')');
  const call = FUNCTIONS[name];
  if (!call) throw new SqlError(`Procedure '${name}' not found (SQLCODE -265)`);
  return (questions) => call(questions, ...parameters.map((parameter) => parameter(questions)));
}

function readMaximum(tokens: TokenReader, scope: Scope): Expression {
  scope.aggregated = true;
  const value = readExpression(tokens);
  tokens.expect(')');
  return (questions) => {
    const values = (questions.rows ?? []).map((row) => value({ ...questions, row })).filter((it) => it !== null);
    return values.sort().at(-1) ?? null;
  };
}

function readCast(tokens: TokenReader, scope: Scope): Expression {
  const value = readExpression(tokens, scope);
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
