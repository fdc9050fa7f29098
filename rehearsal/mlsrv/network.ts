import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One name that leads to where we say, for all programs that are started in it. */
export interface Network {
  readonly name: string;
  moveName(address: string): void;
  /** The command that runs the given one in it, in the same process. */
  within(command: readonly string[]): readonly [string, ...string[]];
}

/** By a mount namespace in which a file of ours lies over /etc/hosts. */
export function network(folder: string): Network {
  const file = join(folder, 'hosts');
  const others = readFileSync('/etc/hosts', 'utf8');
  const name = 'consolidated.test';
  const moveName = (address: string) => writeFileSync(file, `${others}\n${address} ${name}\n`);
  moveName('127.0.0.1');
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];
  const mount = ['sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file];
  return { name, moveName, within: (command) => ['/usr/bin/env', ...unshare, ...mount, ...command] };
}
