import type { Duration } from 'aws-cdk-lib';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import type { ISqlAnywhereDatabase } from '../sql-anywhere/sql-anywhere-database';
import type { MobiLinkServerAddress } from './mobilink-server-address';
import type { IRemoteRegistry } from './remote-registry';
import type { SyncOutcomes } from './sync-outcomes';
import type { SyncTrigger } from './sync-trigger';

/** Properties of a remote database on EC2. */
export interface RemoteDatabaseProps {
  /** The database itself: a `SqlAnywherePair`, or a `SqlAnywhereServer` that is down while its host is replaced. */
  readonly database: ISqlAnywhereDatabase;

  /** Where the remote is registered, from its deployment to its removal. */
  readonly registry: IRemoteRegistry;

  /** Its group in the registry: 1 to 64 letters, digits, `_ . -`. */
  readonly group: string;

  /** Its name in the group: 1 to 128 letters, digits, `_ . -`. */
  readonly remoteName: string;

  /**
   * The MobiLink user of this remote: JSON with `username` and `password`. It must be known to the consolidated database, by `mluser` or
   * `ml_add_user`; this package does not add it.
   *
   * @default - a new secret with a generated password; the user is called like the remote. Cost: 0.40 dollars a month (list price)
   */
  readonly mobiLinkUser?: secretsmanager.ISecret;

  /** The synchronization profile that `sqlFiles` create, for syncs that name no other. */
  readonly profile: string;

  /**
   * What makes the database a remote, as files of SQL for `dbisql`: tables, publication, MobiLink user, subscription, profiles. The place
   * in the list is the version: each file is applied once, on the primary, and recorded in the database with its checksum. To change
   * something, add a file; a file that was applied and reads differently now is refused.
   *
   * `{{MOBILINK_USER}}`, `{{REMOTE_NAME}}` and `{{SYNC_USER}}` (the login of dbmlsync) are filled in, as they are: write quotes around
   * them.
   */
  readonly sqlFiles: string[];

  /**
   * Where the MobiLink servers are; the hosts may reach that port.
   *
   * @default - the address that the subscription or the profile holds; let the hosts reach it with `database.connections`
   */
  readonly mobiLinkServers?: MobiLinkServerAddress;

  /**
   * Who starts syncs, each by a schedule and a profile of its own.
   *
   * @default - nobody but a person
   */
  readonly triggers?: SyncTrigger[];

  /**
   * Takes the outcomes of syncs that the database starts itself; required for triggers of that kind.
   *
   * @default - none
   */
  readonly outcomes?: SyncOutcomes;

  /**
   * The consolidated database that it synchronizes with, for rules that concern both.
   *
   * @default - unknown; then nothing can be checked against its backups and its redundancy
   */
  readonly synchronizesWith?: IConsolidatedDatabase;

  /**
   * After how long a sync is ended; 1 minute to 11 days, in whole seconds.
   *
   * @default Duration.hours(4). UNSOURCED
   */
  readonly timeLimit?: Duration;

  /**
   * The same for the first sync on a host, which can take hours.
   *
   * @default - none
   */
  readonly firstTimeLimit?: Duration;

  /**
   * Why losing the end of the log is acceptable, if the pair mirrors asynchronously. What was uploaded before a failover can then be
   * missing on the new primary, whose log is behind what the consolidated database has: MobiLink skips what is written there next, and
   * nobody is told.
   *
   * @default - such a pair is refused
   */
  readonly asynchronousReason?: string;

  /**
   * Why neither end is highly available, if the remote is a single server and so is the consolidated database.
   *
   * @default - such a system is refused
   */
  readonly noHighAvailabilityReason?: string;

  /**
   * For how long a deployment waits until the hosts are set up and the SQL is applied; 15 seconds to 2 days.
   *
   * @default Duration.hours(1)
   */
  readonly setUpTimeout?: Duration;
}
