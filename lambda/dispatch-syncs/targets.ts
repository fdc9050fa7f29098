import type { OrderedRemote } from '../records/sync-batch';

/**
 * The hosts to command: the primary that is known, then those that were not asked yet, then all of them. Asking all is safe,
 * since the script asks its local partner for its role, but costs a command more.
 */
export function targetsOf({ hosts, tried = {} }: OrderedRemote, knownPrimary?: string): string[] {
  const untried = hosts.filter((host) => tried[host] === undefined);
  if (untried.length === 0) return hosts;
  if (untried.length < hosts.length) return untried;
  return knownPrimary !== undefined && hosts.includes(knownPrimary) ? [knownPrimary] : hosts;
}
