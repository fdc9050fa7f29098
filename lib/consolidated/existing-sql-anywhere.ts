import type { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import type { IConsolidatedDatabase } from './consolidated-database';
import { databaseIdOf } from './database-id';
import type { ExistingSqlAnywhereProps } from './existing-sql-anywhere-props';
import { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';
import { requireKnownPort } from './port-rules';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

/** Tracked and used, not owned. Its servers send no events of ours: the tracker finds a new primary by asking, within ten seconds. */
export class ExistingSqlAnywhere extends Construct implements IConsolidatedDatabase {
  public readonly databaseId: string;
  public readonly engine = MobiLinkEngine.SQL_ANYWHERE;
  public readonly port: number;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly primarySource: PrimarySource;
  public readonly isHighlyAvailable: boolean;
  public readonly backupRetention?: Duration;
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ExistingSqlAnywhereProps) {
    super(scope, id);
    validate(this, props);
    const { servers, port = 2638, rolePort = 8090 } = props;
    this.databaseId = databaseIdOf(this);
    this.port = port;
    this.odbc = OdbcDataSource.sqlAnywhere({
      serverName: props.primaryServer,
      hosts: servers.map(({ host }) => host),
      port,
      databaseName: props.databaseName,
    });
    this.mobiLinkLogin = props.mobiLinkLogin;
    this.maximumConnections = props.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.connections = new ec2.Connections({
      securityGroups: props.securityGroups,
      defaultPort: ec2.Port.tcp(port),
    });
    this.primarySource = PrimarySource.sqlAnywhere({
      databaseId: this.databaseId,
      partners: servers,
      members: this,
      port,
      rolePort,
      zone: props.zone,
      aliasName: props.aliasName,
    });
    this.isHighlyAvailable = servers.length === 2;
    this.backupRetention = props.backupRetention;
  }
}

function validate(scope: Construct, props: ExistingSqlAnywhereProps): void {
  const problems = new Problems(scope);
  const { servers } = props;
  problems.require(servers.length === 1 || servers.length === 2, {
    id: 'MobiLink:Consolidated:Servers',
    prop: 'servers',
    rule: 'must be the two partners of a mirrored database, or one server; an arbiter holds no data',
    value: servers.map(({ server }) => server),
    fix: 'leave the arbiter out',
  });
  for (const key of ['server', 'host'] as const) {
    const [one, other] = servers.map((it) => known(it[key])?.toLowerCase());
    problems.require(one === undefined || one !== other, {
      id: 'MobiLink:Consolidated:ServerTwice',
      prop: `servers.${key}`,
      rule: 'must be another one for each partner',
      value: one,
      fix: 'give the names by which each partner is reached',
    });
  }
  problems.require(props.securityGroups.length > 0, {
    id: 'MobiLink:Consolidated:SecurityGroups',
    prop: 'securityGroups',
    rule: 'must name a group: farm and tracker open their way through it',
    value: [],
    fix: 'give the groups of the hosts',
  });
  for (const [prop, value] of Object.entries({ port: props.port, rolePort: props.rolePort })) {
    requireKnownPort(problems, prop, value, 'take that of the servers');
  }
  const reserved = known(props.reservedConnections) ?? DEFAULT_RESERVED_CONNECTIONS;
  requireWhole(problems, props.maximumConnections, {
    id: 'MobiLink:Consolidated:MaximumConnections',
    prop: 'maximumConnections',
    lowest: reserved + 1,
    why: `${reserved} are reserved`,
    fix: 'give what the database server accepts, or leave it out if it is not known',
  });
  problems.throwIfAny();
}
