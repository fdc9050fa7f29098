import type { Syncs } from './directory';

/** The groups that any schedule synchronizes, or the one that is asked for. */
export function groupsOf({ schedules }: Syncs, group: string | undefined): string[] {
  if (group !== undefined) return [group];
  return [...new Set(schedules.flatMap(({ groups }) => groups))];
}
