import { appendFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { type Installation, Refusal } from '../installation';
import { Client, ToolFailure } from './client';
import { onlyOne, parseOptions } from './options';

/**
 * `-y`: makes the folder and writes over what is there; `-t`: the log only; `-r`: afterwards the log is renamed and a new one
 * begun. Truncating (`-x`) is not allowed in a mirrored database (facts §4.9), so it is not known.
 */
export async function dbbackup(installation: Installation, words: readonly string[]): Promise<number> {
  const { values, flags, rest } = parseOptions(words, ['-c'], ['-y', '-t', '-r']);
  const folder = onlyOne(rest, 'folder');
  if (flags.has('-r') && !flags.has('-t')) throw new Refusal('-r goes with -t here');
  if (!flags.has('-y')) throw new Refusal('without -y it asks');
  if (existsSync(folder) && !statSync(folder).isDirectory()) throw new Refusal(`${folder} is no folder`);
  const client = await Client.connect(values.get('-c') ?? '', installation, ['SERVER', 'HOST', 'UID', 'PWD']);
  mkdirSync(folder, { recursive: true });
  const begun = new Set<string>();
  try {
    client.send({ backup: { database: !flags.has('-t'), renameLog: flags.has('-r') } });
    for (;;) {
      const reply = await client.reply();
      if ('done' in reply) break;
      if ('error' in reply) throw new ToolFailure(reply.error, 1);
      if (!('file' in reply)) continue;
      const file = path.join(folder, path.basename(reply.file));
      if (!begun.has(file)) rmSync(file, { force: true });
      begun.add(file);
      appendFileSync(file, reply.part, { mode: 0o600 });
    }
  } catch (error) {
    if (installation.variants().half_backup === 'removed') for (const file of begun) rmSync(file, { force: true });
    throw error;
  } finally {
    client.close();
  }
  process.stdout.write('Database backup completed\n');
  return 0;
}
