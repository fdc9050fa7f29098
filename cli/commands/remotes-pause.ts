import * as v from 'valibot';
import { shortName } from '../../lambda/records/names';
import { EVERYTHING } from '../../lambda/records/pauses';
import { CommandError, EXIT } from '../exit-code';
import { parseAddresses } from '../remote-address';
import type { System } from '../system';
import type { Terminal } from '../terminal';

export interface PauseWords {
  readonly words: readonly string[];
  readonly group?: string;
  readonly all: boolean;
}

/** Pauses remotes, a group or everything, or lets them go on. A sync that is under way is not ended. */
export async function pauseRemotes(
  system: System,
  terminal: Terminal,
  { words, group, all }: PauseWords,
  paused: boolean,
): Promise<number> {
  const ways = [words.length > 0, group !== undefined, all].filter(Boolean).length;
  if (ways !== 1) throw new CommandError('Which remotes? Fix: name some as GROUP/NAME, or --group G, or --all');
  const done = paused ? 'paused' : 'resumed';
  if (words.length === 0) {
    if (group !== undefined && !v.is(shortName, group))
      throw new CommandError(`--group: ${group} is no name of a group`);
    await system.pauseMany(group ?? EVERYTHING, paused);
    const what = group === undefined ? 'everything' : `the group ${group}`;
    terminal.print(terminal.isJson ? JSON.stringify({ [done]: group ?? EVERYTHING }) : `${done} ${what}`);
    return EXIT.well;
  }
  const missing: string[] = [];
  const changed: string[] = [];
  for (const address of parseAddresses(words, system.syncs.shards)) {
    const name = `${address.group}/${address.name}`;
    const found = await system.pauseRemote(address, paused);
    (found ? changed : missing).push(name);
    if (!terminal.isJson) terminal.print(found ? `${done} ${name}` : `not registered: ${name}`);
  }
  if (terminal.isJson) terminal.print(JSON.stringify({ [done]: changed, notRegistered: missing }));
  return missing.length === 0 ? EXIT.well : EXIT.finding;
}
