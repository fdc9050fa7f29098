import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  RemoteDatabase,
  type RemoteDatabaseProps,
  RemoteRegistry,
  SqlAnywherePair,
  type SqlAnywherePairProps,
  SqlAnywhereServer,
  SqlAnywhereSoftware,
} from '../../lib';

export const SQL = 'examples/sql/store-1.sql';
const ENV = { account: '111111111111', region: 'eu-central-1' };

export interface Store {
  readonly stack: Stack;
  readonly vpc: ec2.IVpc;
  readonly registry: RemoteRegistry;
  readonly database: SqlAnywherePair | SqlAnywhereServer;
  readonly props: RemoteDatabaseProps;
}

export function store(
  own: { readonly single?: boolean; readonly pair?: Partial<SqlAnywherePairProps> } = {},
  stack = new Stack(new App(), 'Test', { env: ENV }),
): Store {
  const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'].map((it) => `eu-central-1${it}`) });
  const registry = new RemoteRegistry(stack, 'Registry');
  const props = {
    vpc,
    machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
    software: SqlAnywhereSoftware.inMachineImage(),
    databaseName: 'store',
  };
  const database = own.single
    ? new SqlAnywhereServer(stack, 'Store', props)
    : new SqlAnywherePair(stack, 'Store', { ...props, ...own.pair });
  const mobiLinkUser = new secretsmanager.Secret(stack, 'MobiLinkUser');
  return {
    stack,
    vpc,
    registry,
    database,
    props: {
      database,
      registry,
      group: 'stores',
      remoteName: 'store-0815',
      mobiLinkUser,
      profile: 'sales',
      sqlFiles: [SQL],
    },
  };
}

export function remote(of: Store, props: Partial<RemoteDatabaseProps> = {}, id = 'Remote'): RemoteDatabase {
  return new RemoteDatabase(of.stack, id, { ...of.props, ...props });
}

/** The lines of a parameter of the association, with references in angle brackets. */
export function linesOf(template: Template, parameter: string): string[] {
  const [association] = Object.values(template.findResources('AWS::SSM::Association'));
  const [value] = association?.Properties.Parameters[parameter] ?? [];
  return plain(value?.['Fn::Base64'] ?? '')
    .split('\n')
    .filter(Boolean);
}

export function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[kind, inner] = ['', '']] = Object.entries(value as object);
  if (kind === 'Fn::Join') return (inner as [string, unknown[]])[1].map(plain).join('');
  if (kind === 'Fn::Sub') return String(inner);
  return `<${Array.isArray(inner) ? inner.join('.') : inner}>`;
}

export function templateOf({ stack }: Store): Template {
  return Template.fromStack(stack);
}
