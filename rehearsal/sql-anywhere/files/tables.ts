import type { Condition, Row, RowChange, TableDefinition, TableRow } from '../sql/change';
import type { Insertion } from '../sql/row-statement';
import { SqlError } from '../sql/tokens';

export interface Table extends TableDefinition {
  rows: Row[];
}

type Tables = Readonly<Record<string, Table>>;

export function tableOf(tables: Tables, name: string): Table {
  const table = tables[name];
  if (!table) throw new SqlError(`Table '${name}' not found (SQLCODE -141)`);
  return table;
}

/** The row that an INSERT makes; a column that it does not name is NULL. Throws where the table does not allow it. */
export function rowOf(tables: Tables, { table: name, columns, values }: Insertion): RowChange {
  const table = tableOf(tables, name);
  const given = columns ?? table.columns;
  const unknown = given.find((column) => !table.columns.includes(column));
  if (unknown !== undefined) throw new SqlError(`Column '${unknown}' not found (SQLCODE -143)`);
  if (given.length !== values.length) throw new SqlError('Wrong number of values for INSERT (SQLCODE -207)');
  const row: Record<string, string | null> = Object.fromEntries(table.columns.map((column) => [column, null]));
  for (const [index, column] of given.entries()) row[column] = values[index] ?? null;
  if (sameKey(table, row)) throw new SqlError(`Primary key for table '${name}' is not unique (SQLCODE -193)`);
  return { kind: 'insert', table: name, row };
}

export function rowsThat(table: Table, condition: Condition | undefined): Row[] {
  if (condition && !table.columns.includes(condition.column)) {
    throw new SqlError(`Column '${condition.column}' not found (SQLCODE -143)`);
  }
  return table.rows.filter((row) => !condition || fulfils(row, condition));
}

export function changeRows(tables: Tables, change: RowChange): void {
  const table = tableOf(tables, change.table);
  if (change.kind === 'insert') table.rows.push(change.row);
  else table.rows = table.rows.filter((row) => change.condition && !fulfils(row, change.condition));
}

/** A row that is there already is replaced: what is downloaded again does no harm. */
export function downloadRow(tables: Tables, { table: name, row }: TableRow): void {
  const table = tables[name];
  if (!table) return;
  const known = sameKey(table, row);
  if (known) table.rows[table.rows.indexOf(known)] = row;
  else table.rows.push(row);
}

function sameKey(table: Table, row: Row): Row | undefined {
  if (table.key.length === 0) return undefined;
  return table.rows.find((each) => table.key.every((column) => each[column] !== null && each[column] === row[column]));
}

function fulfils(row: Row, { column, like, text }: Condition): boolean {
  const value = row[column];
  if (typeof value !== 'string') return false;
  if (!like) return value === text;
  const pattern = text
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${pattern}$`, 's').test(value);
}
