import type { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { known, Problems } from '../validation/problems';
import { databaseIdOf } from './database-id';
import type { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

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
}

/** A consolidated database on an RDS instance that exists already. */
export interface ExistingRdsInstanceProps {
  /** The instance, of this stack, another one, or imported with `DatabaseInstance.fromDatabaseInstanceAttributes`. */
  readonly instance: rds.IDatabaseInstance;

  /** The schema that holds the tables and MobiLink's `ml_*` objects. */
  readonly databaseName: string;

  /** The login that mlsrv uses: JSON with at least `username` and `password`. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /**
   * The TCP port. Must be a number that is known at synth: security group rules of another stack are made from it.
   *
   * @default 3306
   */
  readonly port?: number;

  /**
   * `max_connections` of the instance's parameter group.
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
   * Whether the instance is in Multi-AZ mode; nothing here can look.
   *
   * @default true
   */
  readonly multiAz?: boolean;

  /**
   * How long backups of the instance are kept.
   *
   * @default - unknown; then nobody checks that remotes keep their logs for as long
   */
  readonly backupRetention?: Duration;
}

/** Consolidated databases that exist already: tracked and used, not owned. */
export class ConsolidatedDatabase {
  /**
   * A MySQL database on an RDS instance. Nothing of it is changed: that it is Multi-AZ, requires TLS and has
   * `log_bin_trust_function_creators=1` is up to whoever owns it.
   */
  public static fromRdsInstance(scope: Construct, id: string, props: ExistingRdsInstanceProps): IConsolidatedDatabase {
    return new ExistingRdsInstance(scope, id, props);
  }

  private constructor() {}
}

class ExistingRdsInstance extends Construct implements IConsolidatedDatabase {
  public readonly databaseId: string;
  public readonly engine: MobiLinkEngine;
  public readonly port: number;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly primarySource: PrimarySource;
  public readonly isHighlyAvailable: boolean;
  public readonly backupRetention?: Duration;
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ExistingRdsInstanceProps) {
    super(scope, id);
    validate(this, props);

    this.databaseId = databaseIdOf(this);
    this.port = props.port ?? 3306;
    this.odbc = OdbcDataSource.mysql({
      host: props.instance.dbInstanceEndpointAddress,
      port: this.port,
      databaseName: props.databaseName,
    });
    this.engine = this.odbc.engine;
    this.mobiLinkLogin = props.mobiLinkLogin;
    this.maximumConnections = props.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.primarySource = PrimarySource.rdsInstance(props.instance);
    this.isHighlyAvailable = props.multiAz ?? true;
    this.backupRetention = props.backupRetention;
    this.connections = new ec2.Connections({
      securityGroups: props.instance.connections.securityGroups,
      defaultPort: ec2.Port.tcp(this.port),
    });
  }
}

function validate(scope: Construct, props: ExistingRdsInstanceProps): void {
  const problems = new Problems(scope);
  problems.require(props.port === undefined || known(props.port) !== undefined, {
    id: 'MobiLink:Consolidated:PortUnknown',
    prop: 'port',
    rule: 'must be a number that is known at synth',
    value: 'a token',
    fix: 'write the port as a number; a security group rule in another stack cannot be made from a token',
  });
  const port = known(props.port);
  problems.require(port === undefined || (Number.isInteger(port) && port >= 1 && port <= 65535), {
    id: 'MobiLink:Consolidated:Port',
    prop: 'port',
    rule: 'must be a whole number from 1 to 65535',
    value: port,
    fix: "take the port of the instance's endpoint",
  });
  const maximum = known(props.maximumConnections);
  const reserved = known(props.reservedConnections) ?? DEFAULT_RESERVED_CONNECTIONS;
  problems.require(maximum === undefined || (Number.isInteger(maximum) && maximum > reserved), {
    id: 'MobiLink:Consolidated:MaximumConnections',
    prop: 'maximumConnections',
    rule: `must be a whole number above reservedConnections (${reserved})`,
    value: maximum,
    fix: "give max_connections of the instance's parameter group, or leave it out if it is not known",
  });
  const identifier = known(props.instance.instanceIdentifier);
  problems.require(identifier === undefined || identifier === identifier.toLowerCase(), {
    id: 'MobiLink:Consolidated:InstanceIdentifier',
    prop: 'instance.instanceIdentifier',
    rule: 'must be in lower case as RDS stores it; neither events nor permissions match its ARN otherwise',
    value: identifier,
    fix: 'copy DBInstanceIdentifier from aws rds describe-db-instances',
  });
  const name = known(props.databaseName);
  problems.require(name === undefined || name.trim() !== '', {
    id: 'MobiLink:Consolidated:DatabaseName',
    prop: 'databaseName',
    rule: 'must not be empty',
    value: name,
    fix: 'name the schema that holds the tables to synchronize',
  });
  problems.throwIfAny();
}
