import type { Duration } from 'aws-cdk-lib';
import type * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type { SyncDispatcher } from './sync-dispatcher';

/** When which remotes are synchronized, and how. */
export interface SyncScheduleOptions {
  /**
   * When a run begins, with its time zone: `ScheduleExpression.cron({ minute: '0', timeZone: TimeZone.EUROPE_BERLIN })` or
   * `ScheduleExpression.rate(Duration.hours(1))`. A rate counts from the deployment; a cron expression stays on the clock.
   */
  readonly schedule: scheduler.ScheduleExpression;

  /** The groups whose remotes are synchronized, as they stand in the registry; 1 to 100. */
  readonly groups: string[];

  /**
   * Over how long the starts are spread, so that the MobiLink servers are not asked by all remotes at once. Each remote has
   * its place in the window by a hash of its name, the same in each run. 0 to 24 h, shorter than the period of the schedule.
   *
   * @default Duration.minutes(10), or half of the period if that is known and shorter
   */
  readonly window?: Duration;

  /**
   * When every remote has its outcome, counted from the time of the schedule: what was not started or has not ended by then is
   * recorded as missed. A sync that is under way goes on. Longer than the window; 13 days at most.
   *
   * @default - 50 minutes after the end of the window
   */
  readonly deadline?: Duration;

  /**
   * How late a run may begin. What fires later, because something was down, is skipped: the next run stands for it. 60 s to
   * 24 h, shorter than the deadline.
   *
   * @default Duration.minutes(15), or the deadline if that is shorter
   */
  readonly startWithin?: Duration;

  /**
   * How often a remote is ordered in one run, 1 to 5: the host that was primary, its partner, all of its hosts.
   *
   * @default 3
   */
  readonly attempts?: number;

  /**
   * Synchronization profile for the remotes that name none in the registry.
   *
   * @default - the one that the host is configured with
   */
  readonly profile?: string;

  /**
   * After how long Systems Manager ends the script on the host; 60 s to 48 h. The script has a shorter limit of its own, which
   * spares a remote's first sync; this one is for a script that hangs.
   *
   * @default Duration.hours(24)
   */
  readonly timeLimit?: Duration;

  /**
   * How far apart two runs are at most: monitoring rings when nothing synchronized for two hours longer. Needed for what fires less often
   * than each day, or at some hours only.
   *
   * @default - the period of a rate; an hour or a day of a cron expression that says so; else a day
   */
  readonly longestGap?: Duration;

  /**
   * Whether it fires.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * The name of the schedule in run ids, metrics and events. Different for each schedule of an account and Region. Another
   * name is another schedule: its metrics begin anew.
   *
   * @default - made of the names of the stack and the construct
   */
  readonly scheduleName?: string;
}

/** Properties of a schedule of syncs. */
export interface SyncScheduleProps extends SyncScheduleOptions {
  /** Carries the runs out. */
  readonly dispatcher: SyncDispatcher;
}
