import { type Installation, Refusal } from '../installation';
import { Client, ToolFailure } from './client';
import { onlyOne, parseOptions } from './options';

/** Stops a server; `-y` without asking. An arbiter has no database to connect to, and is stopped by a signal. */
export async function dbstop(installation: Installation, words: readonly string[]): Promise<number> {
  const { values, flags, rest } = parseOptions(words, ['-c'], ['-y']);
  if (!flags.has('-y')) throw new Refusal('without -y it asks');
  onlyOne(rest, 'server name');
  const client = await Client.connect(values.get('-c') ?? '', installation, ['SERVER', 'HOST', 'UID', 'PWD']);
  client.send({ stop: true });
  const reply = await client.reply();
  client.close();
  if ('error' in reply) throw new ToolFailure(reply.error, 1);
  return 0;
}
