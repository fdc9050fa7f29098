import type { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import type { IConsolidatedDatabase } from './consolidated-database';
import { databaseIdOf } from './database-id';
import type { ExistingOdbcProps } from './existing-odbc-props';
import type { MobiLinkEngine } from './mobilink-engine';
import type { OdbcDataSource } from './odbc-data-source';
import { requireKnownPort } from './port-rules';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

/** Used, and neither owned nor tracked. */
export class ExistingOdbc extends Construct implements IConsolidatedDatabase {
  public readonly databaseId: string;
  public readonly engine: MobiLinkEngine;
  public readonly port: number;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly primarySource = PrimarySource.untracked();
  public readonly isHighlyAvailable: boolean;
  public readonly backupRetention?: Duration;
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ExistingOdbcProps) {
    super(scope, id);
    validate(this, props);
    this.databaseId = databaseIdOf(this);
    this.engine = props.odbc.engine;
    this.port = props.port;
    this.odbc = props.odbc;
    this.mobiLinkLogin = props.mobiLinkLogin;
    this.maximumConnections = props.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.isHighlyAvailable = props.highlyAvailable ?? false;
    this.backupRetention = props.backupRetention;
    this.connections = new ec2.Connections({
      securityGroups: props.securityGroups,
      peer: props.peer,
      defaultPort: ec2.Port.tcp(props.port),
    });
  }
}

function validate(scope: Construct, props: ExistingOdbcProps): void {
  const problems = new Problems(scope);
  const { securityGroups = [], peer, port } = props;
  problems.require(securityGroups.length > 0 || peer !== undefined, {
    id: 'MobiLink:Consolidated:Whereabouts',
    prop: 'securityGroups',
    rule: 'or peer must say where the database is: MobiLink servers are let out to nothing else',
    value: undefined,
    fix: "give the groups of its hosts, or its addresses as peer, for example ec2.Peer.ipv4('10.20.0.0/16')",
  });
  requireKnownPort(problems, 'port', port, 'take that of the data source');
  const { PORT: told } = props.odbc.render();
  const toldPort = known(told);
  problems.require(toldPort === undefined || known(port) === undefined || toldPort === `${port}`, {
    id: 'MobiLink:Consolidated:OdbcPort',
    prop: 'port',
    rule: `must be that of the data source (${toldPort})`,
    value: port,
    fix: 'give both the same port',
  });
  const reserved = known(props.reservedConnections) ?? DEFAULT_RESERVED_CONNECTIONS;
  requireWhole(problems, props.maximumConnections, {
    id: 'MobiLink:Consolidated:MaximumConnections',
    prop: 'maximumConnections',
    lowest: reserved + 1,
    why: `${reserved} are reserved`,
    fix: 'give what the database accepts, or leave it out if it is not known',
  });
  problems.throwIfAny();
}
