import type { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { TrackedDatabase } from '../primary/tracked-database';
import type { IRemoteRegistry } from './remote-registry';

/** How syncs are dispatched, whatever they are of. */
export interface SyncDispatcherOptions {
  /**
   * Key of the tag that hosts must carry, on the EC2 instance or on the managed node. Nothing else may be commanded.
   *
   * @default 'mobilink-ha:system'
   */
  readonly hostTagKey?: string;

  /**
   * Value of the tag that hosts must carry. Give each system of an account a value of its own: then one stage never
   * commands the hosts of another.
   *
   * @default - the name of the stack of the dispatcher
   */
  readonly hostTagValue?: string;

  /**
   * For how long Systems Manager tries to reach a host; 30 s to 30 days. After that the partner is tried, so it should be
   * short against the deadline of the schedules.
   *
   * @default Duration.minutes(5). UNSOURCED: an agent that is there answers within seconds
   */
  readonly deliveryTimeout?: Duration;

  /**
   * How many shards are ordered at a time; 2 to 1000, the range of Lambda. More of them command quicker, until Systems
   * Manager throttles.
   *
   * @default 5
   */
  readonly maxConcurrentDispatches?: number;

  /**
   * How many batches of commands are looked at at a time; 2 to 1000, the range of Lambda.
   *
   * @default 10
   */
  readonly maxConcurrentCollects?: number;

  /**
   * Key of the table of runs. Cost: one dollar a month and a price per request.
   *
   * @default - a key that AWS manages
   */
  readonly runsEncryptionKey?: kms.IKey;
}

/** Properties of a dispatcher of syncs. */
export interface SyncDispatcherProps extends SyncDispatcherOptions {
  /** The remotes that may be synchronized, of this stack or another one. */
  readonly registry: IRemoteRegistry;

  /**
   * The consolidated database as it is tracked: its own tracker, or what `track` of a shared one returned. While its record tells of a
   * failover, syncs are held back: for 10 minutes at most, and only while the record is younger than 3 minutes.
   *
   * @default - none: nothing is held back, and syncs fail while the database fails over
   */
  readonly tracker?: TrackedDatabase;

  /**
   * Key for the logs of the functions. Its policy must let CloudWatch Logs use it (CloudWatch Logs User Guide, "Encrypt log
   * data using AWS KMS"), or the log groups cannot be created.
   *
   * @default - the logs are encrypted by CloudWatch Logs itself
   */
  readonly logKey?: kms.IKey;

  /**
   * How long the logs of the functions are kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;
}
