import type { InsideSchedule } from './inside-schedule';
import type { SyncSchedule } from './sync-schedule';

/** Who starts the syncs of a remote. A remote can have several, also of both kinds: they meet at the lock of the host. */
export class SyncTrigger {
  /** A schedule of EventBridge, whose runs are dispatched by Systems Manager; the remote's group must be one of its groups. */
  public static lambda(schedule: SyncSchedule): SyncTrigger {
    return new SyncTrigger(schedule, undefined);
  }

  /** An event in the database itself, held by both partners and fired only on the primary. */
  public static database(schedule: InsideSchedule): SyncTrigger {
    return new SyncTrigger(undefined, schedule);
  }

  private constructor(
    /** The schedule of {@link lambda}. */
    public readonly syncSchedule: SyncSchedule | undefined,
    /** The schedule of {@link database}. */
    public readonly insideSchedule: InsideSchedule | undefined,
  ) {}
}
