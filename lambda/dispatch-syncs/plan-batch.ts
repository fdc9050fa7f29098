import { jitterOf, positionOf } from '../records/names';
import type { Remote } from '../records/remote';
import type { Member } from '../records/sync-batch';
import { deadlineOf, type Run } from '../records/sync-run';
import { targetsOf } from './targets';

/** What the registry holds under one name; what its schema does not take is told with the problem. */
export type ShardEntry =
  | { readonly kind: 'remote'; readonly remote: Remote }
  | { readonly kind: 'damaged'; readonly remoteName: string; readonly problem: string };

/** SSM `SendCommand` takes up to 50 instance ids (API Reference, SendCommand, "InstanceIds"). */
export const MOST_HOSTS = 50;
/** A batch is one item and one message; paused remotes have no hosts to count. UNSOURCED. */
const MOST_MEMBERS = 100;

export interface PlannedBatch {
  readonly members: Member[];
  /** Position of the last member. */
  readonly upTo: string;
  /** When its commands are to be sent, in milliseconds since 1970. */
  readonly dueAt: number;
}

interface Candidate {
  readonly position: string;
  readonly member: Member;
}

/** A shard in the order of its jitter, with the hosts to command for a first attempt; none while its group is paused. */
export function candidates(
  entries: readonly ShardEntry[],
  run: Run,
  now: number,
  { groupPaused }: { readonly groupPaused: boolean },
): Candidate[] {
  const missed = now >= deadlineOf(run);
  const owners = new Map<string, string>();
  const memberOf = (entry: ShardEntry) =>
    groupPaused ? pausedMember(entry, run) : orderedMember(entry, run, missed, owners);
  return entries
    .map((entry) => ({ entry, position: positionOf(nameOf(entry)) }))
    .sort((a, b) => (a.position < b.position ? -1 : 1))
    .map(({ entry, position }) => ({ position, member: memberOf(entry) }));
}

/** The next batch after a position, or undefined when the shard has no more. */
export function planBatch(shard: readonly Candidate[], after: string | undefined, run: Run): PlannedBatch | undefined {
  const rest = after === undefined ? shard : shard.filter(({ position }) => position > after);
  const [first] = rest;
  if (!first) return undefined;
  const members: Member[] = [];
  let upTo = first.position;
  let hosts = 0;
  for (const { position, member } of rest) {
    hosts += member.targets.length;
    if (members.length === MOST_MEMBERS || hosts > MOST_HOSTS) break;
    members.push(member);
    upTo = position;
  }
  const offset = Math.floor(run.windowSeconds * 1000 * jitterOf(first.member.remoteName));
  return { members, upTo, dueAt: Date.parse(run.scheduledAt) + offset };
}

function nameOf(entry: ShardEntry): string {
  return entry.kind === 'remote' ? entry.remote.remoteName : entry.remoteName;
}

/** An item that is damaged fails nothing either while nobody wants it to synchronize. */
function pausedMember(entry: ShardEntry, run: Run): Member {
  const paused: Pick<Member, 'targets' | 'outcome'> = { targets: [], outcome: 'paused' };
  if (entry.kind === 'damaged') return { remoteName: entry.remoteName, hosts: [], ...paused };
  const { remoteName, hosts, profile } = entry.remote;
  return { remoteName, hosts, profile: run.profile ?? profile, ...paused };
}

function orderedMember(entry: ShardEntry, run: Run, missed: boolean, owners: Map<string, string>): Member {
  if (entry.kind === 'damaged') {
    const { remoteName, problem } = entry;
    return { remoteName, hosts: [], targets: [], outcome: 'failed', detail: `the registry's item: ${problem}` };
  }
  const { remoteName, hosts, profile, primaryHost, paused } = entry.remote;
  if (paused) return pausedMember(entry, run);
  const member = { remoteName, hosts, profile: run.profile ?? profile };
  const shared = hosts.find((host) => owners.has(host));
  if (shared !== undefined) {
    const detail = `host ${shared} is registered for ${owners.get(shared)} too; a host holds one remote`;
    return { ...member, targets: [], outcome: 'failed', detail };
  }
  for (const host of hosts) owners.set(host, remoteName);
  if (missed) return { ...member, targets: [], outcome: 'deadline-missed' };
  return { ...member, targets: targetsOf(member, primaryHost) };
}
