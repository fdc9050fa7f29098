import * as v from 'valibot';
import { groupShard, remoteName, shardOf, shortName } from '../lambda/records/names';
import { CommandError } from './exit-code';
import type { RemoteAddress } from './system';

/** Where a remote of that name stands. */
export function addressOf(group: string, name: string, shards: number): RemoteAddress {
  return { group, name, groupShard: groupShard(group, shardOf(name, shards)) };
}

/** Reads `GROUP/NAME`; throws one error that names every word that is none. */
export function parseAddresses(words: readonly string[], shards: number): RemoteAddress[] {
  const wrong: string[] = [];
  const found = words.flatMap((word): RemoteAddress[] => {
    const [group = '', name = '', ...rest] = word.split('/');
    if (rest.length > 0 || !v.is(shortName, group) || !v.is(remoteName, name)) {
      wrong.push(word);
      return [];
    }
    return [addressOf(group, name, shards)];
  });
  if (wrong.length > 0) throw new CommandError(`A remote is GROUP/NAME, and ${wrong.join(', ')} is none`);
  return found;
}
