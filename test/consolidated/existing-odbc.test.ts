import { App, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedDatabase,
  type ExistingOdbcProps,
  FarmExposure,
  MobiLinkEngine,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  OdbcDataSource,
  PrimaryTracker,
  RemoteRegistry,
} from '../../lib';

const odbc = OdbcDataSource.mysql({ host: 'erp.example.internal', port: 3307, databaseName: 'erp' });
const loginArn = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:erp/mobilink-AbCdEf';

function existing(stack: Stack, props: Partial<ExistingOdbcProps> = {}) {
  return ConsolidatedDatabase.fromOdbc(stack, 'Erp', {
    odbc,
    port: 3307,
    mobiLinkLogin: secretsmanager.Secret.fromSecretCompleteArn(stack, 'Login', loginArn),
    peer: ec2.Peer.ipv4('10.20.0.0/16'),
    ...props,
  });
}

function system(data: Stack, stack: Stack, props: Partial<ExistingOdbcProps> = {}) {
  const registry = new RemoteRegistry(data, 'Registry');
  const it = new MobiLinkSystem(stack, 'System', {
    vpc: new ec2.Vpc(data, 'Vpc'),
    database: existing(data, props),
    registry,
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
  });
  it.addSyncSchedule('Hourly', { schedule: ScheduleExpression.cron({ minute: '0' }), groups: ['stores'] });
  return it;
}

/** Egress rules to port 3307, whether they stand in their group or beside it. */
function waysOut(template: Template): unknown[] {
  const inside = Object.values(template.findResources('AWS::EC2::SecurityGroup')).flatMap(
    ({ Properties }) => (Properties.SecurityGroupEgress ?? []) as { FromPort?: number }[],
  );
  const beside = Object.values(template.findResources('AWS::EC2::SecurityGroupEgress')).map(
    ({ Properties }) => Properties as { FromPort?: number },
  );
  return [...inside, ...beside].filter(({ FromPort }) => FromPort === 3307);
}

describe('a database that is known by its data source only', () => {
  it.each([1, 2])('is used in %s stacks: servers are let out to it, and nothing tracks it', (count) => {
    const app = new App();
    const data = new Stack(app, 'Data');
    const stack = count === 1 ? data : new Stack(app, 'Servers');
    const it_ = system(data, stack);
    const template = Template.fromStack(stack);
    expect(waysOut(template)).toEqual([expect.objectContaining({ CidrIp: '10.20.0.0/16', ToPort: 3307 })]);
    expect(it_.isTracked).toBe(false);
    const variables = Object.values(template.findResources('AWS::Lambda::Function')).map(
      (it) => it.Properties.Environment?.Variables ?? {},
    );
    expect(variables.filter((it) => 'MOBILINK_PRIMARY_SOURCE' in it)).toEqual([]);
    // Dispatch holds nothing back: it knows no record that could tell it to.
    expect(variables.filter((it) => 'MOBILINK_PRIMARY_TABLE' in it)).toEqual([]);
    expect(Object.values(template.findResources('AWS::ECS::TaskDefinition')).length).toBeGreaterThan(0);
    expect(data.dependencies).toEqual([]);
  });

  it('is let in by the groups of its hosts, too', () => {
    const stack = new Stack(new App(), 'All');
    const group = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Hosts', 'sg-12345678');
    system(stack, stack, { peer: undefined, securityGroups: [group] });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-12345678', FromPort: 3307 });
    expect(waysOut(template)).toEqual([expect.objectContaining({ DestinationSecurityGroupId: 'sg-12345678' })]);
  });

  it('of another account’s VPC has groups that nobody here changes', () => {
    const stack = new Stack(new App(), 'All');
    const group = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Hosts', '222222222222/sg-12345678', { mutable: false });
    system(stack, stack, { peer: undefined, securityGroups: [group] });
    const template = Template.fromStack(stack);
    template.resourcePropertiesCountIs('AWS::EC2::SecurityGroupIngress', { FromPort: 3307 }, 0);
    expect(waysOut(template)).toHaveLength(1);
  });

  it('has the engine of its data source, and is highly available if somebody says so', () => {
    const stack = new Stack(new App(), 'All');
    const database = existing(stack, { highlyAvailable: true });
    expect(database.engine).toBe(MobiLinkEngine.MYSQL);
    expect(database.isHighlyAvailable).toBe(true);
    expect(existing(new Stack(new App(), 'Other')).isHighlyAvailable).toBe(false);
    expect(database.odbc.render()).toMatchObject({ SERVER: 'erp.example.internal', PORT: '3307' });
  });

  it('has no tracker, and whatever would need one says so', () => {
    const stack = new Stack(new App(), 'All');
    const it_ = system(stack, stack);
    for (const call of [() => it_.tracker, () => it_.onPrimaryChanged('Tell')]) {
      expect(call).toThrow(/'All\/System'.*MobiLink:System:Untracked.*Fix: leave the call out/);
    }
    const other = new Stack(new App(), 'Other');
    expect(() => new PrimaryTracker(other, 'Tracker', { database: existing(other) })).toThrow(
      /\[MobiLink:Tracker:Untracked\] database: .*Fix: make no tracker over it/,
    );
  });

  it.each<[Partial<ExistingOdbcProps>, string]>([
    [{ peer: undefined }, 'MobiLink:Consolidated:Whereabouts'],
    [{ peer: undefined, securityGroups: [] }, 'MobiLink:Consolidated:Whereabouts'],
    [{ port: 3306 }, 'MobiLink:Consolidated:OdbcPort'],
    [{ port: Token.asNumber({ Ref: 'Port' }) }, 'MobiLink:Consolidated:PortUnknown'],
    [{ port: 0 }, 'MobiLink:Consolidated:Port'],
    [{ maximumConnections: 20 }, 'MobiLink:Consolidated:MaximumConnections'],
  ])('refuses %o', (props, id) => {
    expect(() => existing(new Stack(new App(), 'All'), props)).toThrow(id);
  });

  it('of SQL Anywhere names its port in HOST', () => {
    const stack = new Stack(new App(), 'All');
    const source = OdbcDataSource.sqlAnywhere({
      serverName: 'erp',
      hosts: ['a', 'b'],
      port: 2638,
      databaseName: 'erp',
    });
    expect(existing(stack, { odbc: source, port: 2638 }).engine).toBe(MobiLinkEngine.SQL_ANYWHERE);
  });
});
