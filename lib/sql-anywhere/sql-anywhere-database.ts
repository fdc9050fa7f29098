import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';
import type { PairAlarms } from './pair-alarms';
import type { SqlAnywhereHost } from './sql-anywhere-host';

/** A database server that holds data, as the primary tracker asks for it. */
export interface DatabaseMember {
  /** Name of the database server. */
  readonly server: string;
  /** Name of the host. */
  readonly host: string;
  /** Zone of the host. */
  readonly availabilityZone: string;
}

/** A SQL Anywhere database on EC2: a mirrored pair, or a single server. Either can be a consolidated or a remote database. */
export interface ISqlAnywhereDatabase extends IConstruct, ec2.IConnectable {
  /** Key of everything that is recorded or measured about the database. */
  readonly databaseId: string;

  /** Name of the database. */
  readonly databaseName: string;

  /** Name of the server by which clients find the primary, whichever host it is on. */
  readonly primaryServer: string;

  /** TCP port of the database servers. */
  readonly port: number;

  /** TCP port of the role service. */
  readonly rolePort: number;

  /** The servers that hold data: two, or one. */
  readonly members: DatabaseMember[];

  /** The zone of the hosts' names. */
  readonly zone: route53.IPrivateHostedZone;

  /** A name that follows the primary, kept by the primary tracker, for clients that cannot list two hosts. */
  readonly aliasName: string;

  /** The login of MobiLink: of a consolidated database that of the servers, of a remote that of dbmlsync. JSON with `username` and `password`. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /** The administrator of the database: JSON with `username` and `password`. */
  readonly administrator: secretsmanager.ISecret;

  /** The hosts that hold data. */
  readonly hosts: SqlAnywhereHost[];

  /** What rings when the database is not what it should be. */
  readonly alarms: PairAlarms;

  /** Whether a second server takes over when the first one is lost. */
  readonly isMirrored: boolean;

  /** Whether nothing that was committed is lost then. A database without a mirror loses nothing to one. */
  readonly isSynchronous: boolean;

  /** How long a backup is kept, in days. */
  readonly backupDays: number;

  /** How long offline transaction logs are kept on the hosts, in days. */
  readonly logDays: number;

  /**
   * The database is a remote: its offline logs are deleted by itself, after they were synchronized; and no tracker watches it, so that its
   * hosts tell who is primary.
   *
   * @internal
   */
  _holdsRemote(): void;
}
