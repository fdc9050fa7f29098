import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  type IConsolidatedDatabase,
  MobiLinkEngine,
  MobiLinkImage,
  MobiLinkServerFarm,
  type MobiLinkServerFarmProps,
  MobiLinkStream,
  OdbcDataSource,
  type PrimarySource,
} from '../../lib';

export interface PlainDatabaseProps {
  readonly vpc: ec2.IVpc;
  readonly loginKey?: kms.IKey;
  readonly mobiLinkLogin?: secretsmanager.ISecret;
  readonly maximumConnections?: number;
  readonly reservedConnections?: number;
}

/** A consolidated database of somebody else's: the farm knows the interface and nothing more. */
export class PlainDatabase extends Construct implements IConsolidatedDatabase {
  public readonly isHighlyAvailable = true;
  public readonly databaseId = 'plain';
  public readonly engine = MobiLinkEngine.MYSQL;
  public readonly port = 3307;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: PlainDatabaseProps) {
    super(scope, id);
    this.maximumConnections = props.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? 0;
    this.odbc = OdbcDataSource.mysql({ host: 'db.example.com', port: this.port, databaseName: 'sync' });
    this.mobiLinkLogin =
      props.mobiLinkLogin ?? new secretsmanager.Secret(this, 'Login', { encryptionKey: props.loginKey });
    const group = new ec2.SecurityGroup(this, 'Group', { vpc: props.vpc, allowAllOutbound: false });
    this.connections = new ec2.Connections({ securityGroups: [group] });
  }

  public get primarySource(): PrimarySource {
    throw new Error('the farm does not depend on the primary tracker');
  }
}

export interface Farmland {
  readonly app: App;
  readonly stack: Stack;
  readonly vpc: ec2.Vpc;
  readonly database: IConsolidatedDatabase;
}

/** A stack with a network and a database, and nothing of a farm yet. */
export function farmland(
  database: Partial<PlainDatabaseProps> = {},
  stackProps?: StackProps,
  app = new App(),
): Farmland {
  const stack = new Stack(app, 'Test', stackProps);
  const vpc = new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false });
  return {
    app,
    stack,
    vpc,
    database: new PlainDatabase(stack, 'Database', { vpc, maximumConnections: 500, ...database }),
  };
}

export function image(scope: Construct): MobiLinkImage {
  const repository =
    scope.node.tryFindChild('Repository') ?? ecr.Repository.fromRepositoryName(scope, 'Repository', 'mobilink');
  if (!(repository instanceof ecr.RepositoryBase)) throw new Error('Repository is something else');
  return MobiLinkImage.fromEcrRepository(repository, { tag: '17.0.1' });
}

export function identity(scope: Construct, id = 'Identity', encryptionKey?: kms.IKey): secretsmanager.Secret {
  return new secretsmanager.Secret(scope, id, { encryptionKey });
}

export function addFarm(
  land: Farmland,
  props: Partial<MobiLinkServerFarmProps> = {},
  id = 'Farm',
  stack = land.stack,
): MobiLinkServerFarm {
  return new MobiLinkServerFarm(stack, id, { vpc: land.vpc, database: land.database, image: image(stack), ...props });
}

/** A farm by itself in a stack, with its template. */
export function build(
  props: Partial<MobiLinkServerFarmProps> | ((land: Farmland) => Partial<MobiLinkServerFarmProps>) = {},
  land = farmland(),
) {
  const farm = addFarm(land, typeof props === 'function' ? props(land) : props);
  return { ...land, farm, template: Template.fromStack(land.stack) };
}

export function repository(stack: Stack): ecr.IRepository {
  return ecr.Repository.fromRepositoryName(stack, 'Given', 'given');
}

export const tls = ({ stack }: Farmland) => [MobiLinkStream.tls({ identity: identity(stack) })];
export const zone = (stack: Stack) => route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', zoneOf('example.com'));
export const zoneOf = (zoneName: string) => ({ hostedZoneId: 'Z0', zoneName });

/** The message of the error that the action throws. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was refused');
}
