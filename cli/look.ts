import type { Pause } from '../lambda/records/pauses';
import type { PrimaryRecord } from '../lambda/records/primary-record';
import { groupsOf } from './groups';
import { addRemote, emptySummary, type RemoteSummary, staleAfter } from './staleness';
import type { Farm, QueueDepth, RunRecord, ScheduleState, System } from './system';

/** All that `status` and `doctor` judge by, seen at one time. */
export interface Sight {
  readonly now: number;
  readonly isTracked: boolean;
  readonly primary?: PrimaryRecord;
  readonly farm?: Farm;
  readonly syncs?: SyncSight;
}

export interface SyncSight {
  readonly schedules: readonly ScheduleState[];
  readonly queues: readonly QueueDepth[];
  readonly pauses: readonly Pause[];
  /** The newest of each schedule. */
  readonly latest: readonly { readonly schedule: string; readonly run?: RunRecord }[];
  readonly remotes: RemoteSummary;
  /** By host of a remote that was not reached. */
  readonly pings: ReadonlyMap<string, string>;
}

/** @param progress told how many remotes were read so far. */
export async function look(
  system: System,
  staleHours: number | undefined,
  progress: (remotes: number) => void,
): Promise<Sight> {
  const [primary, farm] = await Promise.all([system.primary(), system.farm()]);
  const isTracked = system.directory.primary !== undefined;
  const syncs = system.directory.syncs && (await lookAtSyncs(system, staleHours, progress));
  return { now: system.clock.now(), isTracked, primary, farm, syncs };
}

async function lookAtSyncs(
  system: System,
  staleHours: number | undefined,
  progress: (remotes: number) => void,
): Promise<SyncSight> {
  const { syncs } = system;
  const [schedules, queues, pauses, latest] = await Promise.all([
    system.scheduleStates(),
    system.queues(),
    system.pauses(),
    Promise.all(
      syncs.schedules.map(async (schedule) => ({ schedule: schedule.name, run: (await system.runs(schedule, 1))[0] })),
    ),
  ]);
  const remotes = emptySummary();
  for await (const entry of system.remotes(groupsOf(syncs, undefined))) {
    if (entry.kind === 'damaged') {
      remotes.remotes++;
      remotes.damaged.push(entry);
      continue;
    }
    const limit = staleAfter(syncs.schedules, entry.group, staleHours);
    addRemote(remotes, entry.group, entry.remote, { pauses, limit, now: system.clock.now() });
    if (remotes.remotes % 10_000 === 0) progress(remotes.remotes);
  }
  return { schedules, queues, pauses, latest, remotes, pings: await system.pings(remotes.unreachedHosts) };
}
