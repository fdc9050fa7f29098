import type { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IConstruct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { ExistingOdbc } from './existing-odbc';
import type { ExistingOdbcProps } from './existing-odbc-props';
import { ExistingRds, productOf, validateCluster, validateInstance } from './existing-rds';
import type { ExistingRdsClusterProps, ExistingRdsInstanceProps } from './existing-rds-props';
import { ExistingSqlAnywhere } from './existing-sql-anywhere';
import type { ExistingSqlAnywhereProps } from './existing-sql-anywhere-props';
import { MobiLinkEngine } from './mobilink-engine';
import type { OdbcDataSource } from './odbc-data-source';

/**
 * Alarms that a database has of its own.
 *
 * @internal
 */
export interface DatabaseAlarms {
  /** In which somebody must act at once. */
  readonly urgent: cloudwatch.IAlarm[];
  readonly others: cloudwatch.Alarm[];
}

/**
 * The central database of one MobiLink server farm. A farm has exactly one, and a remote never moves to another one
 * (SAP, "Failover and Load Balancing Considerations for MobiLink Synchronization Server Farms").
 */
export interface IConsolidatedDatabase extends IConstruct, ec2.IConnectable {
  /** Key of the primary record, and the dimension of the tracker's metrics. */
  readonly databaseId: string;

  /** The database product. */
  readonly engine: MobiLinkEngine;

  /** The TCP port of the database. */
  readonly port: number;

  /** How the MobiLink servers reach the primary. */
  readonly odbc: OdbcDataSource;

  /** The one login that MobiLink uses and that owns the `ml_*` objects: JSON with at least `username` and `password`. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /** How many connections the database accepts, or undefined when nobody said so: then the farm cannot check its budget. */
  readonly maximumConnections?: number;

  /** How many of them are not for MobiLink: operators, backup, monitoring. */
  readonly reservedConnections: number;

  /** Where the primary tracker learns which member is primary. */
  readonly primarySource: PrimarySource;

  /** Whether it goes on without a person when the host or the zone of its primary is lost. */
  readonly isHighlyAvailable: boolean;

  /** How long its backups are kept: remotes must keep their logs for as long. Undefined when nobody said so. */
  readonly backupRetention?: Duration;

  /** @internal */
  _alarms?(): DatabaseAlarms;
}

/** Consolidated databases that exist already: used, tracked where that can be done, and not owned. */
export class ConsolidatedDatabase {
  /**
   * A database on an RDS instance of MySQL, SQL Server or Oracle. Nothing of it is changed: that it is Multi-AZ, requires TLS and has what
   * MobiLink needs (MySQL: `log_bin_trust_function_creators=1`; SQL Server: snapshot isolation; Oracle: the option SSL) is up to whoever owns it.
   */
  public static fromRdsInstance(scope: Construct, id: string, props: ExistingRdsInstanceProps): IConsolidatedDatabase {
    const { instance, multiAz = true } = props;
    return new ExistingRds(
      scope,
      id,
      props,
      (problems, database) => validateInstance(problems, database, props),
      () => ({
        host: instance.dbInstanceEndpointAddress,
        connectable: instance,
        source: PrimarySource.rdsInstance(instance),
        isHighlyAvailable: multiAz,
        engine: productOf(props),
      }),
    );
  }

  /**
   * A MySQL database on a Multi-AZ DB cluster. Nothing of it is changed: that it requires TLS and has
   * `log_bin_trust_function_creators=1` is up to whoever owns it, and so is an alarm on the lag of its readers.
   */
  public static fromRdsCluster(scope: Construct, id: string, props: ExistingRdsClusterProps): IConsolidatedDatabase {
    const { cluster } = props;
    return new ExistingRds(
      scope,
      id,
      props,
      (problems, database) => validateCluster(problems, database, cluster),
      () => ({
        host: cluster.clusterEndpoint.hostname,
        connectable: cluster,
        source: PrimarySource.rdsCluster({
          clusterArn: cluster.clusterArn,
          clusterIdentifier: cluster.clusterIdentifier,
        }),
        isHighlyAvailable: true,
        engine: MobiLinkEngine.MYSQL,
      }),
    );
  }

  /** A database on SQL Anywhere servers of yours, mirrored or not. Nothing of it is changed but the alias, which the tracker leads to the primary. */
  public static fromSqlAnywhere(scope: Construct, id: string, props: ExistingSqlAnywhereProps): IConsolidatedDatabase {
    return new ExistingSqlAnywhere(scope, id, props);
  }

  /**
   * A database that is known by its ODBC data source only: on premises, on EC2, on RDS of another account. Nobody can be asked which of
   * its members is primary, so it is not tracked: no sync is held back while it fails over, and the next round makes good what failed.
   */
  public static fromOdbc(scope: Construct, id: string, props: ExistingOdbcProps): IConsolidatedDatabase {
    return new ExistingOdbc(scope, id, props);
  }

  private constructor() {}
}
