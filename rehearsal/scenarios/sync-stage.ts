import { Fleet } from '../world/fleet';
import type { SyncSystem } from '../world/sync-system';
import { START } from '../world/world';
import { MINUTE, type Stage } from './scenario';

/** Five minutes before the hour: the tracker has found the primary when the schedule of the app fires. */
export const BEFORE_THE_HOUR = START + 55 * MINUTE;

/** A stage with remotes on it. */
export interface SyncStage extends Stage {
  readonly syncs: SyncSystem;
  readonly fleet: Fleet;
}

export interface FleetSize {
  readonly singles: number;
  readonly pairs: number;
  /** Of the pairs, how many have another primary than the registry knows. */
  readonly moved?: number;
  /** Of the pairs, how many are new: nobody knows their primary. */
  readonly unknown?: number;
  readonly paused?: number;
}

/** Registers remotes, each with its hosts. */
export async function withFleet(stage: Stage, size: FleetSize): Promise<SyncStage> {
  const { world } = stage;
  if (!world.syncs) throw new Error('the assembly has no sync schedule');
  const fleet = await Fleet.open(world, world.syncs);
  const { singles, pairs, moved = 0, unknown = 0, paused = 0 } = size;
  for (let index = 0; index < singles; index++) {
    await fleet.add({ name: `single-${index}`, mirrored: false, paused: index < paused });
  }
  for (let index = 0; index < pairs; index++) {
    const known = index < moved ? 'mirror' : index < moved + unknown ? 'none' : 'primary';
    await fleet.add({ name: `pair-${index}`, mirrored: true, known });
  }
  return { ...stage, syncs: world.syncs, fleet };
}

/** The next time at which the schedule of the app is to fire: on the hour. */
export function nextSlot(now: number): number {
  return Math.ceil(now / (60 * MINUTE)) * 60 * MINUTE;
}

/** Lets the world go on until a run has had its time, and everything that was put off is done. */
export async function untilDeadline({ world, syncs }: SyncStage, slot: number): Promise<void> {
  await world.clock.runUntil(slot + syncs.schedule.deadlineSeconds * 1000 + 2 * MINUTE);
}

export function runIdOf({ syncs }: SyncStage, slot: number): string {
  return `${syncs.schedule.name}@${new Date(slot).toISOString()}`;
}
