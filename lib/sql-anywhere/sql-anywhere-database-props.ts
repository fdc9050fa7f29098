import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { PairAlarmThresholds } from './pair-alarms';
import type { SqlAnywhereSoftware } from './sql-anywhere-software';

/** What a mirrored pair and a single server have in common. */
export interface SqlAnywhereDatabaseProps {
  /** The network. */
  readonly vpc: ec2.IVpc;

  /**
   * How hosts in isolated subnets reach AWS, Route 53 and the internet, if not by a NAT gateway of this VPC: by a shared network, say. Nothing
   * is checked then.
   *
   * @default - none: isolated subnets are refused
   */
  readonly networkReason?: string;

  /**
   * The image of the hosts: Amazon Linux 2023 or another Linux with bash, systemd, xfsprogs, chrony and version 2 of the AWS CLI. Pin it
   * (`ec2.MachineImage.genericLinux`, or `fromSsmParameter` with a version): one that moves changes launch templates in every deployment.
   */
  readonly machineImage: ec2.IMachineImage;

  /** Where the hosts get SQL Anywhere from. */
  readonly software: SqlAnywhereSoftware;

  /**
   * Type of the hosts that hold data; of a pair the same for both, since either can be the primary.
   *
   * @default - m7i.large
   */
  readonly instanceType?: ec2.InstanceType;

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
   * Name of the zone that is made. Each database of a VPC needs a zone, or a name, of its own.
   *
   * @default 'mobilink-ha.internal'
   */
  readonly zoneName?: string;

  /**
   * The login that MobiLink uses: of a consolidated database the one that owns the `ml_*` objects, of a remote that of dbmlsync.
   *
   * @default 'mobilink'
   */
  readonly mobiLinkUser?: string;

  /**
   * Size of the volume of each host that holds data, in GiB: room for the database, its logs and, while it is backed up, a copy and its
   * archive. It grows in place when this grows: SQL Anywhere has to be told nothing, the file system is enlarged at the next boot.
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
   * How long offline transaction logs are kept on the hosts, in whole days. Must be longer than the backups and, of a pair, than
   * the longest outage of a mirror: a log that is deleted earlier makes a restore, or a mirror, impossible to bring up to date.
   *
   * @default - the longer of the two and seven days more
   */
  readonly offlineLogRetention?: Duration;

  /**
   * When the alarms ring.
   *
   * @default - the defaults of the thresholds
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
