import { type Installation, Refusal } from '../installation';
import { Client } from './client';
import { parseOptions } from './options';

/** `-d`: connects to the database too, not only to its server. */
export async function dbping(installation: Installation, words: readonly string[]): Promise<number> {
  const { values, flags, rest } = parseOptions(words, ['-c'], ['-d']);
  if (!flags.has('-d') || rest.length > 0) throw new Refusal('-d -c with a connection string is needed');
  const client = await Client.connect(values.get('-c') ?? '', installation, ['SERVER', 'DBN', 'HOST', 'UID', 'PWD']);
  client.close();
  process.stdout.write('Ping database successful.\n');
  return 0;
}
