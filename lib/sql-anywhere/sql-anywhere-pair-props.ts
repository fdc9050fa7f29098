import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { PairAlarmThresholds } from './pair-alarms';
import type { SqlAnywhereSoftware } from './sql-anywhere-software';
import type { SynchronizationMode } from './synchronization-mode';

/** Properties of a mirrored pair of SQL Anywhere servers and their arbiter. */
export interface SqlAnywherePairProps {
  /** The network. The three hosts lie in subnets of three Availability Zones. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets of at least three zones; of each zone the first one is taken. The hosts call AWS, Route 53 among it, which has an endpoint
   * in a VPC in us-east-1 alone; so they need NAT elsewhere.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The image of the hosts: Amazon Linux 2023 or another Linux with bash, systemd, xfsprogs, chrony and version 2 of the AWS CLI. Pin it
   * (`ec2.MachineImage.genericLinux`, or `fromSsmParameter` with a version): one that moves changes launch templates in every deployment.
   */
  readonly machineImage: ec2.IMachineImage;

  /** Where the hosts get SQL Anywhere from. */
  readonly software: SqlAnywhereSoftware;

  /**
   * Type of the two partners; the same for both, since either can be the primary.
   *
   * @default - m7i.large
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * Type of the arbiter, which holds no data.
   *
   * @default - t3.small
   */
  readonly arbiterInstanceType?: ec2.InstanceType;

  /**
   * Name of the database, part of the names of its servers.
   *
   * @default 'consolidated'
   */
  readonly databaseName?: string;

  /**
   * TCP port of the database servers, known at synth.
   *
   * @default 2638, SQL Anywhere's own
   */
  readonly port?: number;

  /**
   * TCP port of the role service, known at synth. Only the primary tracker reaches it.
   *
   * @default 8090
   */
  readonly rolePort?: number;

  /**
   * The private zone in which the hosts and the primary have their names.
   *
   * @default - a new one, `zoneName`. Cost: 0.50 dollars a month
   */
  readonly zone?: route53.IPrivateHostedZone;

  /**
   * Name of the zone that is made.
   *
   * @default 'mobilink-ha.internal'
   */
  readonly zoneName?: string;

  /**
   * The login that MobiLink uses and that owns the `ml_*` objects.
   *
   * @default 'mobilink'
   */
  readonly mobiLinkUser?: string;

  /**
   * Size of each partner's volume in GiB: room for the database, its logs and, while it is backed up, a copy and its archive. Both grow in place when this grows; SQL Anywhere has to be
   * told nothing, the file system is enlarged at the next boot.
   *
   * @default 100
   */
  readonly dataVolumeSize?: number;

  /**
   * Key for volumes, secrets and backups.
   *
   * @default - keys that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * After how much silence a link of the mirror counts as broken, in whole seconds. It bounds how soon a dead primary is replaced, and
   * how long a cut-off one still calls itself primary.
   *
   * @default Duration.seconds(30). SQL Anywhere's own is 2 minutes. UNSOURCED
   */
  readonly livenessTimeout?: Duration;

  /**
   * Whether a commit waits for the mirror.
   *
   * @default SynchronizationMode.synchronous()
   */
  readonly synchronizationMode?: SynchronizationMode;

  /**
   * Further options of `dbsrv17`, such as `['-c 4G', '-gn 50']`; those that this construct sets are refused.
   *
   * @default - none
   */
  readonly databaseOptions?: string[];

  /**
   * Further options of `dbinit`, for the birth of the database alone, such as `['-p 8192', '-z UTF8BIN']`.
   *
   * @default - none
   */
  readonly initOptions?: string[];

  /**
   * At which hour of the day, UTC, the primary is backed up.
   *
   * @default 2
   */
  readonly backupHour?: number;

  /**
   * How long a backup is kept, in whole days.
   *
   * @default Duration.days(35)
   */
  readonly backupRetention?: Duration;

  /**
   * How long an outage of one partner may last after which it still catches up from logs rather than from a new copy, in whole days.
   *
   * @default Duration.days(7)
   */
  readonly longestMirrorOutage?: Duration;

  /**
   * How long offline transaction logs are kept on the partners, in whole days. Must be longer than the backups and than the longest
   * outage of a mirror: a log that is deleted earlier makes a restore, or a mirror, impossible to bring up to date.
   *
   * @default - the longer of the two and seven days more
   */
  readonly offlineLogRetention?: Duration;

  /**
   * Where there are fewer than three zones: why the pair may stop when one zone is lost.
   *
   * @default - three zones are required
   */
  readonly fewerZonesReason?: string;

  /**
   * When the alarms ring.
   *
   * @default - the defaults of PairAlarmThresholds
   */
  readonly alarms?: PairAlarmThresholds;

  /**
   * Key for the hosts' log. Its policy must let CloudWatch Logs use it.
   *
   * @default - the log is encrypted by CloudWatch Logs itself
   */
  readonly logKey?: kms.IKey;

  /**
   * How long the log of the hosts is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;
}
