import { type Duration, type ResourceEnvironment, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { PrimarySource } from '../primary/primary-source';
import { known, Problems } from '../validation/problems';
import type { IConsolidatedDatabase } from './consolidated-database';
import { databaseIdOf } from './database-id';
import type { ExistingRdsInstanceProps, ExistingRdsProps } from './existing-rds-props';
import { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';
import { requireKnownPort } from './port-rules';
import { refusalOf } from './refused-engines';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

/** The products that RDS runs for MobiLink. */
type RdsProduct = Exclude<MobiLinkEngine, MobiLinkEngine.SQL_ANYWHERE>;

const USUAL_PORTS: Readonly<Record<RdsProduct, number>> = {
  [MobiLinkEngine.MYSQL]: 3306,
  [MobiLinkEngine.SQL_SERVER]: 1433,
  [MobiLinkEngine.ORACLE]: 2484,
};

/** What is read of an instance or a cluster. */
interface Existing {
  readonly host: string;
  readonly connectable: ec2.IConnectable;
  readonly source: PrimarySource;
  readonly isHighlyAvailable: boolean;
  readonly engine: RdsProduct;
}

/** Tracked and used, not owned. */
export class ExistingRds extends Construct implements IConsolidatedDatabase {
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

  /** @param existing is asked when the props are found to be right. */
  constructor(
    scope: Construct,
    id: string,
    props: ExistingRdsProps,
    validate: (problems: Problems, scope: Construct) => void,
    existing: () => Existing,
  ) {
    super(scope, id);
    const problems = new Problems(this);
    validate(problems, this);
    validateProps(problems, props);
    problems.throwIfAny();

    const { host, connectable, source, isHighlyAvailable, engine } = existing();
    this.databaseId = databaseIdOf(this);
    this.engine = engine;
    this.port = props.port ?? USUAL_PORTS[engine];
    this.odbc = dataSourceOf(engine, host, this.port, props.databaseName);
    this.mobiLinkLogin = props.mobiLinkLogin;
    this.maximumConnections = props.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.primarySource = source;
    this.isHighlyAvailable = isHighlyAvailable;
    this.backupRetention = props.backupRetention;
    this.connections = new ec2.Connections({
      securityGroups: connectable.connections.securityGroups,
      defaultPort: ec2.Port.tcp(this.port),
    });
  }
}

function dataSourceOf(engine: RdsProduct, host: string, port: number, databaseName: string): OdbcDataSource {
  switch (engine) {
    case MobiLinkEngine.MYSQL:
      return OdbcDataSource.mysql({ host, port, databaseName });
    case MobiLinkEngine.SQL_SERVER:
      return OdbcDataSource.sqlServer({ host, port, databaseName });
    case MobiLinkEngine.ORACLE:
      return OdbcDataSource.oracle({ host, port, serviceName: databaseName });
  }
}

/** The product of an instance: as it was told, or as RDS calls its engine. */
export function productOf({ engine, instance }: ExistingRdsInstanceProps): RdsProduct {
  if (engine !== undefined) return engine as RdsProduct;
  const type = instance.engine?.engineType ?? '';
  if (type.startsWith('sqlserver-')) return MobiLinkEngine.SQL_SERVER;
  return type.startsWith('oracle-') ? MobiLinkEngine.ORACLE : MobiLinkEngine.MYSQL;
}

/** Notes what is wrong with an instance. */
export function validateInstance(problems: Problems, scope: Construct, props: ExistingRdsInstanceProps): void {
  const { instance, engine } = props;
  validateOwner(problems, scope, 'instance', instance.env);
  validateIdentifier(problems, 'instance.instanceIdentifier', instance.instanceIdentifier);
  validateEngine(problems, 'instance.engine', instance.engine?.engineType);
  problems.require(engine !== MobiLinkEngine.SQL_ANYWHERE, {
    id: 'MobiLink:Consolidated:EngineRefused',
    prop: 'engine',
    rule: 'must be a product that RDS runs',
    value: engine,
    fix: 'use ConsolidatedDatabase.fromSqlAnywhere',
  });
  const known = instance.engine && productOf({ ...props, engine: undefined });
  problems.require(engine === undefined || known === undefined || engine === known, {
    id: 'MobiLink:Consolidated:EngineMismatch',
    prop: 'engine',
    rule: `must be that of the instance, ${instance.engine?.engineType}`,
    value: engine,
    fix: 'leave it out',
  });
}

/** Notes that the tracker could not ask for it: RDS answers to its own account and Region, and so do its events. */
function validateOwner(problems: Problems, scope: Construct, prop: string, owner: ResourceEnvironment): void {
  const ours = Stack.of(scope);
  for (const part of ['account', 'region'] as const) {
    const [theirs, here] = [known(owner[part]), known(ours[part])];
    problems.require(theirs === undefined || here === undefined || theirs === here, {
      id: 'MobiLink:Consolidated:OtherOwner',
      prop: `${prop}.env.${part}`,
      rule: `must be that of this stack (${here}); the tracker can ask RDS about no other`,
      value: theirs,
      fix: 'use ConsolidatedDatabase.fromOdbc, which tracks nothing, or deploy the system beside the database',
    });
  }
}

/** Notes what is wrong with the name by which RDS knows it. */
function validateIdentifier(problems: Problems, prop: string, given: string): void {
  const identifier = known(given);
  problems.require(identifier === undefined || identifier === identifier.toLowerCase(), {
    id: 'MobiLink:Consolidated:InstanceIdentifier',
    prop,
    rule: 'must be in lower case as RDS stores it; neither events nor permissions match its ARN otherwise',
    value: identifier,
    fix: 'copy it from aws rds describe-db-instances or describe-db-clusters',
  });
}

/** Notes why the product cannot be used, where it is known. */
function validateEngine(problems: Problems, prop: string, engineType: string | undefined): void {
  const refusal = engineType === undefined ? undefined : refusalOf(engineType);
  if (!refusal) return;
  problems.require(false, {
    id: refusal.id,
    prop,
    rule: `must not be ${refusal.product}: ${refusal.reason}`,
    value: engineType,
    fix: refusal.fix,
  });
}

/** Notes what is wrong with a cluster: it must say where its writer is, and be no cluster of Aurora. */
export function validateCluster(problems: Problems, scope: Construct, cluster: rds.IDatabaseCluster): void {
  validateOwner(problems, scope, 'cluster', cluster.env);
  validateIdentifier(problems, 'cluster.clusterIdentifier', cluster.clusterIdentifier);
  validateEngine(problems, 'cluster.engine', cluster.engine?.engineType);
  problems.require(hasEndpoint(cluster), {
    id: 'MobiLink:Consolidated:ClusterEndpoint',
    prop: 'cluster.clusterEndpoint',
    rule: 'must be known: MobiLink servers connect to the writer by it',
    value: undefined,
    fix: 'give clusterEndpointAddress and port to DatabaseCluster.fromDatabaseClusterAttributes',
  });
}

/** The getter of an imported cluster throws when it was not given. */
function hasEndpoint(cluster: rds.IDatabaseCluster): boolean {
  try {
    return cluster.clusterEndpoint.hostname !== '';
  } catch {
    return false;
  }
}

function validateProps(problems: Problems, props: ExistingRdsProps): void {
  requireKnownPort(problems, 'port', props.port, 'take the port of the endpoint');
  const maximum = known(props.maximumConnections);
  const reserved = known(props.reservedConnections) ?? DEFAULT_RESERVED_CONNECTIONS;
  problems.require(maximum === undefined || (Number.isInteger(maximum) && maximum > reserved), {
    id: 'MobiLink:Consolidated:MaximumConnections',
    prop: 'maximumConnections',
    rule: `must be a whole number above reservedConnections (${reserved})`,
    value: maximum,
    fix: 'give max_connections of the parameter group, or leave it out if it is not known',
  });
  const name = known(props.databaseName);
  problems.require(name === undefined || name.trim() !== '', {
    id: 'MobiLink:Consolidated:DatabaseName',
    prop: 'databaseName',
    rule: 'must not be empty',
    value: name,
    fix: 'name the schema that holds the tables to synchronize',
  });
}
