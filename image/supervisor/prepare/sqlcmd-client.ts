import { sqlcmdLogin } from '../engines/sql-server';
import { DATA_SOURCE } from '../odbc/data-source-file';
import { runProgram } from './run-program';
import type { ClientSettings, SqlClient, SqlDialect } from './sql-client';

/** Microsoft's sqlcmd. It knows `go`, which SAP's script uses and no server does; the login comes by variables. */
export async function sqlcmdClient({ login, environment }: ClientSettings): Promise<SqlClient> {
  return {
    setUpScript: 'syncmss.sql',
    dialect: TRANSACT_SQL,
    file: (statements) => `SET NOCOUNT ON\nGO\n${statements.map((it) => `${it}\nGO\n`).join('')}`,
    run: (file, signal) =>
      runProgram(
        {
          program: 'sqlcmd',
          // Ends at the first error, and replaces no $(...) in what it reads (Microsoft, "sqlcmd utility").
          arguments: ['-D', '-S', DATA_SOURCE, '-l', '10', '-N', 'm', '-b', '-x', '-I', '-h', '-1', '-W', '-i', file],
          environment: { ...environment, ...sqlcmdLogin(login) },
        },
        signal,
      ),
    complaint: ({ stdout, stderr, exitCode }) => {
      // Rows stand before an error, and are nobody's business.
      const said = `${stdout}\n${stderr}`;
      const from = said.search(/^(Msg \d+|Sqlcmd: )/m);
      return from === -1 ? `sqlcmd ended with ${exitCode}` : said.slice(from);
    },
  };
}

const TRANSACT_SQL: SqlDialect = {
  objects: (wrap) => `SELECT ${wrap('name')} FROM sys.objects WHERE LEFT(name, 3) = 'ml_'`,
  join: (...parts) => `CONCAT(${parts.join(', ')})`,
  select: (value) => `SELECT ${value}`,
  createTable: (table, columns) => `IF OBJECT_ID('${table}') IS NULL CREATE TABLE ${table} (${columns})`,
  // Without a transaction of its own each statement is one.
  change: (statements) => ['SET XACT_ABORT ON', 'BEGIN TRANSACTION', ...statements, 'COMMIT'],
  // Downloads read in a snapshot where they can, and block uploads where they cannot (SAP, "MobiLink isolation levels", 17.0).
  fit: [
    'IF (SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()) = 0 ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON',
  ],
};
