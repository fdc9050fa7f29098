import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { DatabaseMember } from '../sql-anywhere/sql-anywhere-database';

/** A consolidated database on SQL Anywhere that exists already, mirrored or not. */
export interface ExistingSqlAnywhereProps {
  /**
   * The servers that hold data, two partners or one server, by the names of their servers and hosts. Each serves its role over HTTP at
   * `rolePort`, as docs/pair.md describes.
   */
  readonly servers: DatabaseMember[];

  /** The server name that only the primary answers to (`CREATE MIRROR SERVER ... AS PRIMARY`); of one server its own name. */
  readonly primaryServer: string;

  /** Name of the database. */
  readonly databaseName: string;

  /** The private zone of the hosts' names. */
  readonly zone: route53.IPrivateHostedZone;

  /** A name in this zone that the primary tracker leads to the primary; nothing else may write it. */
  readonly aliasName: string;

  /** The security groups of the hosts. */
  readonly securityGroups: ec2.ISecurityGroup[];

  /** The login that mlsrv uses: JSON with at least `username` and `password`. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /**
   * TCP port of the database servers.
   *
   * @default 2638
   */
  readonly port?: number;

  /**
   * TCP port of the role service.
   *
   * @default 8090
   */
  readonly rolePort?: number;

  /**
   * How many connections the database accepts.
   *
   * @default - unknown; the farm then cannot check that the database has a connection for every worker, and says so
   */
  readonly maximumConnections?: number;

  /**
   * Connections that are not for MobiLink.
   *
   * @default 20
   */
  readonly reservedConnections?: number;

  /**
   * How long its backups are kept.
   *
   * @default - unknown; then nobody checks that remotes keep their logs for as long
   */
  readonly backupRetention?: Duration;
}
