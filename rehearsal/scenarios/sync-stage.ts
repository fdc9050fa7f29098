import { replaceContextAttributes } from '../events/schedule-context';
import { Fleet } from '../world/fleet';
import type { SyncSystem } from '../world/sync-system';
import { START } from '../world/world';
import { MINUTE, type Stage } from './scenario';

/** Five minutes before the hour: the tracker has found the primary when the schedule of the app fires. */
export const BEFORE_THE_HOUR = START + 55 * MINUTE;

/** The SSM agent takes this exit code for "restart the host and run the script again" (facts: field notes). */
const RESTART = 194;

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
  /** Of the singles, how many have a dbmlsync that fails, with a code that the agent would take for a request to restart. */
  readonly failing?: number;
}

/** Registers remotes, each with its hosts. */
export async function withFleet(stage: Stage, size: FleetSize): Promise<SyncStage> {
  const { world } = stage;
  if (!world.syncs) throw new Error('the assembly has no sync schedule');
  const fleet = await Fleet.open(world, world.syncs);
  const { singles, pairs, moved = 0, unknown = 0, paused = 0, failing = 0 } = size;
  for (let index = 0; index < singles; index++) {
    const fails = index >= singles - failing;
    const name = `${fails ? 'failing' : 'single'}-${index}`;
    const { hosts } = await fleet.add({ name, mirrored: false, paused: index < paused });
    for (const host of fails ? hosts : []) host.usualSync = { seconds: 5, exitCode: RESTART };
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

/** The schedule fires for a slot, now, whatever its own time is. */
export function fire({ world, syncs }: SyncStage, slot: number): void {
  const { arn, name, input, roleArn, dispatchQueueArn } = syncs.schedule;
  const invocation = { scheduledMillis: slot, scheduleArn: arn, executionId: `${name}-again`, attemptNumber: 1 };
  world.queues.send(dispatchQueueArn, replaceContextAttributes(input, invocation), { kind: 'role', roleArn });
}

/** What has been told of a run when it had finished, or was skipped. */
export function toldOf({ world }: SyncStage, runId: string): Record<string, unknown>[] {
  return world.bus.published
    .filter(({ event }) => event['detail-type'] === 'MobiLink Sync Run Finished' && event.detail.runId === runId)
    .map(({ event }) => event.detail);
}

/** Calls of the two functions of the syncs; all of them, or one operation. */
export function callsOf({ world, syncs }: SyncStage, from: number, operation?: string) {
  const names = [syncs.dispatchFunction, syncs.collectFunction];
  return world.wire.requests.entries.filter(
    (it) =>
      it.at >= from &&
      names.some((name) => it.process.startsWith(`${name}#`)) &&
      (operation === undefined || it.operation === operation),
  );
}
