import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { OdbcDataSource } from './odbc-data-source';

/** A consolidated database of which nothing is known but how to connect to it. */
export interface ExistingOdbcProps {
  /** How MobiLink servers reach it: by a name that always leads to the primary. */
  readonly odbc: OdbcDataSource;

  /** The TCP port, as `odbc` has it. Must be a number that is known at synth: security group rules are made from it. */
  readonly port: number;

  /** The login that mlsrv uses: JSON with at least `username` and `password`. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /**
   * The security groups of its hosts, where it runs in this VPC or in one that is peered with it. Of another account's VPC they are
   * imported with `mutable: false`: whoever owns them lets the MobiLink servers in.
   *
   * @default - none: it has no security groups; then `peer` must be given
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Where it is, as a range of addresses or a prefix list: the MobiLink servers are let out to it. Their way there (VPN, Direct Connect,
   * peering, transit gateway) is yours.
   *
   * @default - none: `securityGroups` say where it is
   */
  readonly peer?: ec2.IPeer;

  /**
   * Whether it goes on without a person when a host or a site of it is lost; nothing here can look.
   *
   * @default false
   */
  readonly highlyAvailable?: boolean;

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
