import { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import type { ISqlAnywhereDatabase } from '../sql-anywhere/sql-anywhere-database';
import { requireSeconds, requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import type { DatabaseAlarms, IConsolidatedDatabase } from './consolidated-database';
import { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

/** Properties of a consolidated database on SQL Anywhere. */
export interface ConsolidatedSqlAnywhereProps {
  /** The database, of this stack or another one: a `SqlAnywherePair`, or a `SqlAnywhereServer` that is away while its host is replaced. */
  readonly database: ISqlAnywhereDatabase;

  /**
   * How many connections the database accepts: what the licence, the memory and the option `-gm` of `dbsrv17` leave.
   *
   * @default - unknown; the farm then cannot check that the database has a connection for every worker, and says so
   */
  readonly maximumConnections?: number;

  /**
   * Connections that are not for MobiLink: operators, backup, monitoring, the role service.
   *
   * @default 20
   */
  readonly reservedConnections?: number;

  /**
   * For how long a MobiLink server tries a connection again while neither partner is primary; 0 to 600 whole seconds.
   *
   * @default Duration.seconds(60): a failover takes the pair's liveness time-out of 30 s and a few seconds more. UNSOURCED
   */
  readonly retryTimeout?: Duration;

  /**
   * After how much silence a MobiLink server counts a connection as broken; 10 to 3600 whole seconds.
   *
   * @default Duration.seconds(30). SQL Anywhere's own is two minutes. UNSOURCED
   */
  readonly livenessTimeout?: Duration;
}

/**
 * A consolidated database on SQL Anywhere. Over a mirrored pair, MobiLink servers list both hosts and the name that only the primary
 * answers to: they find a new primary without DNS, load balancer or tracker.
 */
export class ConsolidatedSqlAnywhere extends Construct implements IConsolidatedDatabase {
  public readonly databaseId: string;
  public readonly engine: MobiLinkEngine = MobiLinkEngine.SQL_ANYWHERE;
  public readonly port: number;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly primarySource: PrimarySource;
  public readonly connections: ec2.Connections;

  public readonly isHighlyAvailable: boolean;
  public readonly backupRetention?: Duration;

  /** The database. */
  public readonly database: ISqlAnywhereDatabase;

  constructor(scope: Construct, id: string, props: ConsolidatedSqlAnywhereProps) {
    super(scope, id);
    validate(this, props);
    const { database } = props;
    this.database = database;
    this.isHighlyAvailable = database.isMirrored;
    this.backupRetention = Duration.days(database.backupDays);
    this.databaseId = database.databaseId;
    this.port = database.port;
    this.connections = database.connections;
    this.mobiLinkLogin = database.mobiLinkLogin;
    this.maximumConnections = props.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.odbc = OdbcDataSource.sqlAnywhere({
      serverName: database.primaryServer,
      hosts: database.members.map(({ host }) => host),
      port: database.port,
      databaseName: database.databaseName,
      retryTimeout: props.retryTimeout,
      livenessTimeout: props.livenessTimeout,
    });
    this.primarySource = PrimarySource.sqlAnywhere({
      databaseId: database.databaseId,
      partners: database.members,
      members: database,
      port: database.port,
      rolePort: database.rolePort,
      zone: database.zone,
      aliasName: database.aliasName,
    });
  }

  /** @internal */
  public _alarms(): DatabaseAlarms {
    return this.database.alarms._urgent();
  }
}

function validate(scope: Construct, props: ConsolidatedSqlAnywhereProps): void {
  const problems = new Problems(scope);
  const reserved = known(props.reservedConnections) ?? DEFAULT_RESERVED_CONNECTIONS;
  requireWhole(problems, props.reservedConnections, {
    id: 'MobiLink:Consolidated:ReservedConnections',
    prop: 'reservedConnections',
    lowest: 0,
    fix: `leave it out for ${DEFAULT_RESERVED_CONNECTIONS}`,
  });
  requireWhole(problems, props.maximumConnections, {
    id: 'MobiLink:Consolidated:MaximumConnections',
    prop: 'maximumConnections',
    lowest: reserved + 1,
    why: `${reserved} are reserved`,
    fix: 'give what the database server accepts, or leave it out if it is not known',
  });
  requireSeconds(problems, props.retryTimeout, {
    id: 'MobiLink:Consolidated:RetryTimeout',
    prop: 'retryTimeout',
    lowest: 0,
    highest: 600,
    fix: 'leave it out for 60 s',
  });
  requireSeconds(problems, props.livenessTimeout, {
    id: 'MobiLink:Consolidated:LivenessTimeout',
    prop: 'livenessTimeout',
    lowest: 10,
    highest: 3_600,
    fix: 'leave it out for 30 s',
  });
  problems.throwIfAny();
}
