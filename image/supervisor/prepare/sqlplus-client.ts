import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Login } from '../login';
import { DATA_SOURCE } from '../odbc/data-source-file';
import { PreparationError } from './preparation-error';
import { runProgram } from './run-program';
import type { ClientSettings, SqlClient, SqlDialect } from './sql-client';

/** Oracle's SQL*Plus. Everything it is told stands in a file, the login in its first line. */
export async function sqlplusClient(settings: ClientSettings): Promise<SqlClient> {
  const { folder, environment } = settings;
  const connect = connectLine(settings.login);
  let runs = 0;
  return {
    setUpScript: 'syncora.sql',
    dialect: PL_SQL,
    file: (statements) => statements.map((it) => `${it}\n/\n`).join(''),
    async run(file, signal) {
      const words = join(folder, `sqlplus-${runs++}.sql`);
      await writeFile(words, [...BEFORE, connect, ...AFTER, `@${file}`, 'EXIT SUCCESS COMMIT', ''].join('\n'), {
        mode: 0o600,
        flag: 'wx',
      });
      try {
        return await runProgram(
          // No login yet, one attempt, no files of a site or a user (Oracle, "SQL*Plus User's Guide", 19c).
          { program: 'sqlplus', arguments: ['-S', '-L', '-NOLOGINTIME', '/nolog', `@${words}`], environment },
          signal,
        );
      } finally {
        await rm(words, { force: true });
      }
    },
    complaint: ({ stdout, stderr, exitCode }) => {
      const said = `${stdout}\n${stderr}`;
      const from = said.search(/^(ERROR|ORA-\d|SP2-\d)/m);
      return from === -1 ? `sqlplus ended with ${exitCode}` : said.slice(from);
    },
  };
}

/** An error ends it, in the words of SQL*Plus or of the database. */
const BEFORE = ['WHENEVER OSERROR EXIT FAILURE ROLLBACK', 'WHENEVER SQLERROR EXIT FAILURE ROLLBACK'];

/** Rows as they are: no headers, no pages, no counts, no `&` that is asked for. */
const AFTER = [
  'SET DEFINE OFF',
  'SET ECHO OFF',
  'SET FEEDBACK OFF',
  'SET HEADING OFF',
  'SET PAGESIZE 0',
  'SET LINESIZE 1000',
  'SET TRIMOUT ON',
  'SET TAB OFF',
];

/** In double quotes a password keeps all but these (Oracle, "Guidelines for securing passwords", 19c). */
function connectLine({ username, password }: Login): string {
  const refused = [
    ...(/^[A-Za-z][A-Za-z0-9_$#]{0,127}$/.test(username) ? [] : ['username']),
    ...(/^[^"\p{Cc}]+$/u.test(password) ? [] : ['password']),
  ];
  if (refused.length > 0) {
    throw new PreparationError(
      `${refused.join(' and ')} of the login cannot stand in a CONNECT of sqlplus. Fix: a plain name, and no double quotes in the password`,
    );
  }
  return `CONNECT ${username}/"${password}"@${DATA_SOURCE}`;
}

const PL_SQL: SqlDialect = {
  objects: (wrap) => `SELECT ${wrap('object_name')} FROM user_objects WHERE SUBSTR(object_name, 1, 3) = 'ML_'`,
  join: (...parts) => parts.join(' || '),
  select: (value) => `SELECT ${value} FROM DUAL`,
  // ORA-00955: the name is used by an object that exists already.
  createTable: (table, columns) =>
    `BEGIN EXECUTE IMMEDIATE 'CREATE TABLE ${table} (${columns})'; EXCEPTION WHEN OTHERS THEN IF SQLCODE <> -955 THEN RAISE; END IF; END;`,
  change: (statements) => [...statements, 'COMMIT'],
};
