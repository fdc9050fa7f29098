import type { Condition, RowChange, TableDefinition } from './change';
import { type Expression, readExpression } from './expression';
import type { TokenReader } from './token-reader';

/** A SELECT from a table. */
export interface Selection {
  readonly table: string;
  /** `*` has none. */
  readonly expressions: readonly { readonly column: string; readonly expression: Expression }[];
  /** All rows together give one line. */
  readonly aggregated: boolean;
  readonly condition?: Condition;
}

/** An INSERT as it is written: the columns are those of the table where the statement names none. */
export interface Insertion {
  readonly table: string;
  readonly columns?: readonly string[];
  readonly values: readonly (string | null)[];
}

/** Types, defaults and constraints are read over: a stand-in keeps text. */
export function readTable(tokens: TokenReader): { name: string; table: TableDefinition } {
  const name = tokens.identifier();
  const columns: string[] = [];
  const key: string[] = [];
  tokens.expect('(');
  do {
    if (tokens.accept('PRIMARY KEY (')) {
      key.push(...readNames(tokens));
      continue;
    }
    const column = tokens.identifier();
    columns.push(column);
    if (/\bPRIMARY KEY\b/i.test(tokens.skipPart())) key.push(column);
  } while (tokens.accept(','));
  tokens.expect(')');
  for (const column of key) if (!columns.includes(column)) tokens.fail(`a column ${column} for the primary key`);
  return { name, table: { columns, key } };
}

export function readInsertion(tokens: TokenReader): Insertion {
  const table = tokens.identifier();
  const columns = tokens.accept('(') ? readNames(tokens) : undefined;
  tokens.expect('VALUES (');
  const values: (string | null)[] = [];
  do {
    values.push(tokens.accept('NULL') ? null : tokens.literal());
  } while (tokens.accept(','));
  tokens.expect(')');
  if (columns && columns.length !== values.length) tokens.fail('as many values as columns');
  return { table, columns, values };
}

export function readDeletion(tokens: TokenReader): RowChange {
  return { kind: 'delete', table: tokens.identifier(), condition: readCondition(tokens) };
}

/** What stands after SELECT; an expression without FROM is computed once. */
export function readSelection(tokens: TokenReader): Selection | { column: string; expression: Expression } {
  if (tokens.accept('* FROM')) {
    return { table: tokens.identifier(), expressions: [], aggregated: false, condition: readCondition(tokens) };
  }
  const scope = { aggregated: false };
  const expressions = [];
  do {
    const next = tokens.peek();
    const expression = readExpression(tokens, scope);
    const unnamed = next?.kind === 'name' ? next.text : 'expression';
    expressions.push({ column: tokens.accept('AS') ? tokens.identifier() : unnamed, expression });
  } while (tokens.accept(','));
  const [first] = expressions;
  if (tokens.accept('FROM')) {
    const table = tokens.identifier();
    return { table, expressions, aggregated: scope.aggregated, condition: readCondition(tokens) };
  }
  if (!first || expressions.length > 1 || scope.aggregated) return tokens.fail('FROM expected');
  return first;
}

function readCondition(tokens: TokenReader): Condition | undefined {
  if (!tokens.accept('WHERE')) return undefined;
  const column = tokens.identifier();
  const like = tokens.accept('LIKE');
  if (!like) tokens.expect('=');
  return { column, like, text: tokens.literal() };
}

/** Up to the bracket that closes the list. */
function readNames(tokens: TokenReader): string[] {
  const names = [tokens.identifier()];
  while (tokens.accept(',')) names.push(tokens.identifier());
  tokens.expect(')');
  return names;
}
