import type { Duration } from 'aws-cdk-lib';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { MobiLinkEngine } from './mobilink-engine';

/** A consolidated database on RDS that exists already. */
export interface ExistingRdsProps {
  /** The schema that holds the tables and MobiLink's `ml_*` objects; of SQL Server the database, of Oracle the service. */
  readonly databaseName: string;

  /** The login that mlsrv uses: JSON with at least `username` and `password`. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /**
   * The TCP port. Must be a number that is known at synth: security group rules of another stack are made from it.
   *
   * @default - 3306 for MySQL, 1433 for SQL Server, 2484 for Oracle, which must speak TLS there
   */
  readonly port?: number;

  /**
   * How many connections it accepts: `max_connections` of the parameter group of MySQL, `user connections` of SQL Server, of Oracle
   * `processes` less those of its own.
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

/** A consolidated database on an RDS instance that exists already. */
export interface ExistingRdsInstanceProps extends ExistingRdsProps {
  /** The instance, of this stack, another one, or imported with `DatabaseInstance.fromDatabaseInstanceAttributes`. */
  readonly instance: rds.IDatabaseInstance;

  /**
   * The product.
   *
   * @default - that of the instance if it is known, else MobiLinkEngine.MYSQL
   */
  readonly engine?: MobiLinkEngine;

  /**
   * Whether the instance is in Multi-AZ mode; nothing here can look.
   *
   * @default true
   */
  readonly multiAz?: boolean;
}

/** A consolidated database on a Multi-AZ DB cluster of MySQL that exists already. */
export interface ExistingRdsClusterProps extends ExistingRdsProps {
  /**
   * The cluster, of this stack, another one, or imported with `DatabaseCluster.fromDatabaseClusterAttributes` and the address of its
   * writer, `clusterEndpointAddress`. One of Aurora is refused where its engine is known.
   */
  readonly cluster: rds.IDatabaseCluster;
}
