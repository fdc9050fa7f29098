import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { MasterLogin } from './master-login';

/** Properties of a consolidated database on RDS, whatever its kind. */
export interface ConsolidatedRdsProps {
  /** Where the database lives. Its subnets must lie in at least two Availability Zones, three for a cluster. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets of the database.
   *
   * @default - the isolated subnets of the VPC if there are any, else the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The schema that holds the tables and MobiLink's `ml_*` objects: for SQL Server the database, which the administrator makes
   * (docs/engines.md), for Oracle the name of the database and its service.
   *
   * @default - 'mobilink', for Oracle 'MOBILINK'
   */
  readonly databaseName?: string;

  /**
   * The TCP port.
   *
   * @default - the engine's own: 3306 for MySQL, 1433 for SQL Server, 2484 for Oracle, which speaks TLS there
   */
  readonly port?: number;

  /**
   * The user of the login that mlsrv uses. It owns the `ml_*` objects, so it never changes.
   *
   * @default 'mobilink'
   */
  readonly mobiLinkUser?: string;

  /**
   * Who keeps the password of the administrator, a login that MobiLink does not use.
   *
   * @default MasterLogin.generated(): one that RDS manages would exclude blue/green deployments
   */
  readonly masterLogin?: MasterLogin;

  /**
   * Connections that are not for MobiLink: operators, backup, monitoring.
   *
   * @default 20
   */
  readonly reservedConnections?: number;

  /**
   * How long automated backups are kept; 1 to 35 days. Remotes must keep their transaction logs longer than this: a remote
   * whose log is gone cannot follow a consolidated database that was restored to an older moment.
   *
   * @default Duration.days(14)
   */
  readonly backupRetention?: Duration;

  /**
   * Key for storage and secrets. Cost: one dollar a month and a price per request.
   *
   * @default - the keys that AWS manages for the account
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Groups of the database. They must let the MobiLink servers in.
   *
   * @default - one that lets nobody in until a farm is connected
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * How long CloudWatch keeps the error and slow query log.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Why this database may be deleted by a deployment.
   *
   * @default - none: deletion protection is on
   */
  readonly deletableReason?: string;

  /**
   * What becomes of the database when it is removed from the stack.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}
