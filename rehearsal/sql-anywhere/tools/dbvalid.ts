import { existsSync } from 'node:fs';
import { parseConnectionString } from '../connection-string';
import { readDatabase } from '../files/database-file';
import { readLogFile } from '../files/log-file';
import { type Installation, Refusal } from '../installation';
import { hashOf } from '../sql/statement';
import { ToolFailure } from './client';
import { parseOptions } from './options';

/** Looks whether the copy of a database, `DBF=`, and its log are whole. */
export function dbvalid(_: Installation, words: readonly string[]): number {
  const { values, rest } = parseOptions(words, ['-c'], []);
  if (rest.length > 0) throw new Refusal(`${rest.join(' ')}: nothing but -c is known`);
  const { DBF, UID, PWD } = parseConnectionString(values.get('-c') ?? '');
  if (!DBF || !UID || !PWD) throw new Refusal('DBF, UID and PWD are needed');
  if (!existsSync(DBF)) throw new ToolFailure(`${DBF} not found`, 1);
  let users: Record<string, string>;
  try {
    const { id, point, users: known } = readDatabase(DBF);
    users = known;
    const { database, previous, entries, torn } = readLogFile(DBF.replace(/\.db$/, '.log'));
    const end = previous.position + entries.length;
    if (database !== id || torn || previous.position > point.position || end < point.position) {
      throw new Error('the transaction log does not belong to the database');
    }
  } catch (error) {
    throw new ToolFailure(`Validation failed: ${error instanceof Error ? error.message : error}`, 1);
  }
  if (users[UID] !== hashOf(PWD)) throw new ToolFailure('Invalid user ID or password (SQLCODE -103)', 7);
  process.stdout.write('No errors reported\n');
  return 0;
}
