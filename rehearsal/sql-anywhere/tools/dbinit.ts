import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { databaseText, newDatabase } from '../files/database-file';
import { type Installation, Refusal } from '../installation';
import { hashOf } from '../sql/statement';
import { ToolFailure } from './client';
import { onlyOne, parseOptions } from './options';

/** Creates a database file with one user. A file that is there already is not touched. */
export function dbinit(_: Installation, words: readonly string[]): number {
  const { values, rest } = parseOptions(
    words,
    ['-dba', '-p', '-z', '-zn', '-le', '-ze'],
    ['-b', '-c', '-i', '-k', '-s', '-n'],
  );
  const [, user, password] = /^([^,]+),([^,]+)$/.exec(values.get('-dba') ?? '') ?? [];
  if (!user || !password) throw new Refusal('-dba with user,password is needed');
  const file = onlyOne(rest, 'database file');
  if (!file.endsWith('.db')) throw new Refusal(`${file} is no name of a database file`);
  if (existsSync(file)) throw new ToolFailure(`${file} already exists`, 1);
  const text = databaseText(newDatabase(randomUUID(), { [user]: hashOf(password) }));
  // In two steps, as a big file is: whoever is killed between them leaves half a database.
  const handle = openSync(file, 'wx', 0o600);
  writeSync(handle, text.slice(0, 40));
  writeSync(handle, text.slice(40));
  closeSync(handle);
  process.stdout.write('Database created successfully\n');
  return 0;
}
