import type { DataSourceKeys } from '../engines/engine';
import type { Login } from '../login';
import type { Outcome } from './run-program';

export interface ClientSettings {
  readonly dsn: DataSourceKeys;
  /** The certificates that the server's own must lead to. */
  readonly certificates: string;
  readonly login: Login;
  /** A folder of this process alone. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where SQL Anywhere is. */
  readonly installation: string;
}

/** One engine's command line client, logged in as mlsrv17 does. */
export interface SqlClient {
  /** SAP's set-up script for the engine, in `mobilink/setup` of the installation. */
  readonly setUpScript: string;
  readonly dialect: SqlDialect;
  /** The text of a file that runs these statements and ends at the first error. */
  file(statements: readonly string[]): string;
  /** Runs a file in a session of its own. */
  run(file: string, signal: AbortSignal): Promise<Outcome>;
  /** What the client says about an error. */
  complaint(outcome: Outcome): string;
}

/** What each product writes in its own way. */
export interface SqlDialect {
  /** A query for the names of all objects that begin with `ml_`, each wrapped by the given function. */
  objects(wrap: (column: string) => string): string;
  /** An expression that joins expressions to one text. */
  join(...parts: readonly string[]): string;
  /** A query for one value. */
  select(value: string): string;
  /** Makes a table unless it is there. */
  createTable(table: string, columns: string): string;
  /** Makes the changes lasting, all or none where the product can. */
  change(statements: readonly string[]): readonly string[];
  /** Statements that make a database fit for MobiLink, however often they run. @default - none */
  readonly fit?: readonly string[];
}

/** What most products understand. */
export const COMMON_SQL: Pick<SqlDialect, 'select' | 'createTable' | 'change'> = {
  select: (value) => `SELECT ${value}`,
  createTable: (table, columns) => `CREATE TABLE IF NOT EXISTS ${table} (${columns})`,
  change: (statements) => [...statements, 'COMMIT'],
};
