import type { Outcome } from './run-program';

/** One engine's command line client, logged in as mlsrv17 does. */
export interface SqlClient {
  /** SAP's set-up script for the engine, in `mobilink/setup` of the installation. */
  readonly setUpScript: string;
  /** A query for the names of all objects that begin with `ml_`, each wrapped by the given function. */
  objects(wrap: (column: string) => string): string;
  /** An expression that joins expressions to one text. */
  join(...parts: readonly string[]): string;
  /** The text of a file that runs these statements and ends at the first error. */
  file(statements: readonly string[]): string;
  /** Runs a file in a session of its own. */
  run(file: string, signal: AbortSignal): Promise<Outcome>;
  /** What the client says about an error. */
  complaint(outcome: Outcome): string;
}
