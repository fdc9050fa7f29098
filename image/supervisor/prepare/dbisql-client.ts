import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PreparationError } from './preparation-error';
import { runProgram } from './run-program';
import { type ClientSettings, COMMON_SQL, type SqlClient, type SqlDialect } from './sql-client';

/**
 * What may stand in a connection string within a file of arguments without being taken apart by one of them, as `host/local-server.sh`
 * has it: at the start of a line `#` would be a comment, `@` another file and `-` an option.
 */
const PLAIN = /^[^\s;,"'{}\\]+$/;

/** SAP's dbisql. Everything it is told stands in a file of arguments. */
export async function dbisqlClient(settings: ClientSettings): Promise<SqlClient> {
  const { folder, environment, installation } = settings;
  const connection = connectionString(settings);
  let runs = 0;
  return {
    setUpScript: 'syncsa.sql',
    dialect: SQL_ANYWHERE,
    file: (statements) => statements.map((it) => `${it}\ngo\n`).join(''),
    async run(file, signal) {
      const words = join(folder, `dbisql-${runs++}`);
      const lines = ['-nogui', '-onerror', 'exit', '-c', `"${connection}"`, file];
      await writeFile(words, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
      try {
        return await runProgram(
          { program: join(installation, 'bin64', 'dbisql'), arguments: [`@${words}`], environment },
          signal,
        );
      } finally {
        await rm(words, { force: true });
      }
    },
    complaint: ({ stdout, stderr, exitCode }) => {
      const said = `${stdout}\n${stderr}`;
      return said.trim() === '' ? `dbisql ended with ${exitCode}` : said;
    },
  };
}

const SQL_ANYWHERE: SqlDialect = {
  ...COMMON_SQL,
  objects: (wrap) =>
    [
      ['table_name', 'SYS.SYSTAB'],
      ['proc_name', 'SYS.SYSPROCEDURE'],
    ]
      .map(([name = '', table]) => `SELECT ${wrap(name)} FROM ${table} WHERE LEFT(${name}, 3) = 'ml_'`)
      .join(' UNION ALL '),
  join: (...parts) => parts.join(' || '),
};

function connectionString({ dsn, login }: ClientSettings): string {
  const refused = Object.entries({ username: login.username, password: login.password }).flatMap(([name, value]) =>
    PLAIN.test(value) && /^[A-Za-z0-9]/.test(value) ? [] : [name],
  );
  if (refused.length > 0) {
    throw new PreparationError(
      `${refused.join(' and ')} of the login cannot stand in a connection string of dbisql. Fix: begin with a letter or digit, and use no spaces, quotes, commas, semicolons, braces and backslashes`,
    );
  }
  const keys = Object.entries({ UID: login.username, PWD: login.password, ...dsn });
  const faulty = keys.filter(([, value]) => /[;"'{}\\]/.test(value)).map(([key]) => key);
  if (faulty.length > 0) {
    throw new PreparationError(
      `${faulty.join(', ')} of the data source: no quotes, semicolons, braces and backslashes can stand there. Fix: give other values`,
    );
  }
  return keys.map(([key, value]) => `${key}=${value}`).join(';');
}
