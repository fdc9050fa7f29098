import type * as sns from 'aws-cdk-lib/aws-sns';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import type { MobiLinkServerFarm } from '../farm/mobilink-server-farm';
import type { TrackedDatabase } from '../primary/tracked-database';
import type { SyncDispatcher } from '../remotes/sync-dispatcher';
import type { MonitoringThresholds } from './thresholds';

/** Who is told of what, and when. */
export interface SyncMonitoringOptions {
  /**
   * Where the one alarm goes that wakes people, and its end. Made beside the consolidated database or given by its ARN. Its policy must let
   * CloudWatch publish to it, if it has a key of yours.
   *
   * @default - nowhere: the alarms show on the dashboard and tell nobody
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Where the alarms go that can wait for the morning, each by itself.
   *
   * @default - `alarmTopic`
   */
  readonly officeTopic?: sns.ITopic;

  /**
   * When the alarms ring.
   *
   * @default - the default of each
   */
  readonly thresholds?: MonitoringThresholds;

  /**
   * Whether there is a dashboard. Cost: three dashboards of an account are free, each further one is 3 dollars a month (list price, 2026).
   *
   * @default true
   */
  readonly dashboard?: boolean;
}

/** Properties of the monitoring of a system. */
export interface SyncMonitoringProps extends SyncMonitoringOptions {
  /** The consolidated database. Alarms that it has of its own are told too. */
  readonly database: IConsolidatedDatabase;

  /**
   * It as it is tracked: its own primary tracker, or what `track` of a shared one returned.
   *
   * @default - none, as of a database that cannot be tracked: nobody says then who is primary, and a failover holds no alarm back
   */
  readonly tracker?: TrackedDatabase;

  /** The MobiLink servers. */
  readonly farm: MobiLinkServerFarm;

  /**
   * Carries out scheduled syncs. Its schedules are watched, whenever they are added.
   *
   * @default - none
   */
  readonly dispatcher?: SyncDispatcher;
}
