/**
 * Stands in for SAP's dbisql over a file of SQLite: reads its arguments from one file that nobody else can read, runs statements that end
 * with a line `go`, ends at the first error. No fact about SAP follows from it. As text, because an installation holds programs.
 */
export const DBISQL_PROGRAM = `#!${process.execPath}
const { existsSync, readFileSync, statSync, appendFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
process.removeAllListeners('warning');
const { DatabaseSync } = require('node:sqlite');
const home = join(dirname(process.argv[1]), '..');
const refuse = (why) => { console.log('Usage error: ' + why); process.exit(255); };
const isPrivate = (file) => (statSync(file).mode & 0o077) === 0;
const [word, ...more] = process.argv.slice(2);
if (!word || !word.startsWith('@') || more.length > 0) refuse('more than one @file');
if (!isPrivate(word.slice(1))) refuse('others can read the arguments');
const lines = readFileSync(word.slice(1), 'utf8').trimEnd().split('\\n').map((it) => it.replace(/^"(.*)"$/, '$1'));
const [nogui, onError, exit, c, connection, file] = lines;
if (lines.length !== 6 || nogui !== '-nogui' || onError !== '-onerror' || exit !== 'exit' || c !== '-c') refuse(lines.join(' '));
appendFileSync(join(home, 'connections'), connection + '\\n');
if (!connection.includes('PWD=rightPassword')) { console.log('Invalid user ID or password (SQLCODE -103)'); process.exit(7); }
const database = new DatabaseSync(join(home, 'database'));
database.exec('PRAGMA busy_timeout = 10000');
database.function('left', (text, length) => text.slice(0, length));
const text = readFileSync(file, 'utf8');
if (!file.includes('/mobilink/setup/') && !isPrivate(file)) refuse('others can read the statements');
let line = 1;
for (const statement of text.split(/^go$/m)) {
  const begins = line + (/^\\s*/.exec(statement)[0].match(/\\n/g) ?? []).length;
  line += (statement.match(/\\n/g) ?? []).length;
  const sql = statement.trim()
    .replace('SYS.SYSTAB ', "(SELECT name AS table_name FROM sqlite_master WHERE type = 'table') ")
    .replace('SYS.SYSPROCEDURE ', "(SELECT name AS proc_name FROM sqlite_master WHERE type = 'view') ");
  if (sql === '' || sql === 'COMMIT') continue;
  const pause = /^WAITFOR DELAY '00:00:(\\d\\d)'$/.exec(sql);
  if (pause) { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * pause[1]); continue; }
  try {
    if (!sql.startsWith('SELECT')) { database.exec(sql); continue; }
    const rows = database.prepare(sql).all().map((row) => Object.values(row).join(' '));
    console.log(['expression', '-----------------------------', ...rows, '(' + rows.length + ' rows)'].join('\\n'));
  } catch (error) {
    console.log('Could not execute statement.\\n' + error.message + '\\nSQLCODE=-131, ODBC 3 State="42000"\\nLine ' + begins + ', column 1');
    process.exit(9);
  }
}
`;

/** Stands in for the driver manager's program: a database that serves. */
export const ISQL_PROGRAM = `#!/bin/sh
cat >/dev/null
echo 'readonly=off;role=primary'
`;
