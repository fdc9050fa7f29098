import { readFileSync } from 'node:fs';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedDatabase,
  type ExistingSqlAnywhereProps,
  MobiLinkEngine,
  OdbcDataSource,
  PrimaryTracker,
} from '../../lib';
import { databaseSql } from '../../lib/sql-anywhere/mirror-sql';
import { messageOf } from '../farm/farm-fixture';
import { mirrored } from '../primary/pair-fixture';

describe('a consolidated database on a mirrored pair', () => {
  const { stack, pair, database } = mirrored();

  it('is reached by the name that only the primary has, at both hosts', () => {
    expect(database.engine).toBe(MobiLinkEngine.SQL_ANYWHERE);
    expect(database.odbc.engine).toBe(MobiLinkEngine.SQL_ANYWHERE);
    expect(stack.resolve(database.odbc.render())).toEqual({
      SERVER: 'consolidated_primary',
      DBN: 'consolidated',
      HOST: 'first.mobilink-ha.internal:2638,second.mobilink-ha.internal:2638',
      RetryConnTO: '60',
      LTO: '30',
    });
  });

  it('is the pair’s own: id, port, login, network', () => {
    expect(database.databaseId).toBe(pair.databaseId);
    expect(database.port).toBe(2638);
    expect(database.mobiLinkLogin).toBe(pair.mobiLinkLogin);
    expect(database.connections.securityGroups).toEqual(pair.connections.securityGroups);
    expect([database.maximumConnections, database.reservedConnections]).toEqual([undefined, 20]);
  });

  it('tells the tracker whom to ask and which name to lead', () => {
    expect(database.primarySource.asksMembers).toBe(true);
    expect(stack.resolve(database.primarySource.render())).toEqual({
      kind: 'sql-anywhere',
      databaseId: pair.databaseId,
      members: [
        { server: 'consolidated_first', host: 'first.mobilink-ha.internal', availabilityZone: 'eu-central-1a' },
        { server: 'consolidated_second', host: 'second.mobilink-ha.internal', availabilityZone: 'eu-central-1b' },
      ],
      databasePort: 2638,
      rolePort: 8090,
      alias: { zoneId: stack.resolve(pair.zone.hostedZoneId), name: 'primary.mobilink-ha.internal' },
    });
    expect(database.primarySource.eventPattern).toEqual({
      source: ['mobilink-ha'],
      detailType: ['MobiLink Mirror Failover'],
      detail: { databaseId: [pair.databaseId] },
    });
  });

  it('takes time-outs and connections', () => {
    const given = mirrored({
      maximumConnections: 400,
      reservedConnections: 10,
      retryTimeout: Duration.minutes(2),
      livenessTimeout: Duration.seconds(15),
    });
    expect(given.database).toMatchObject({ maximumConnections: 400, reservedConnections: 10 });
    expect(given.database.odbc.render()).toMatchObject({ RetryConnTO: '120', LTO: '15' });
  });

  it('takes time-outs that only CloudFormation knows', () => {
    const land = new Stack(new App(), 'Land');
    const parameter = new CfnParameter(land, 'Seconds', { type: 'Number' });
    const odbc = OdbcDataSource.sqlAnywhere({
      serverName: 'erp_primary',
      hosts: ['a.example.com', 'b.example.com'],
      port: 2639,
      databaseName: 'erp',
      livenessTimeout: Duration.seconds(parameter.valueAsNumber),
    });
    expect(land.resolve(odbc.render())).toMatchObject({
      HOST: 'a.example.com:2639,b.example.com:2639',
      LTO: { Ref: 'Seconds' },
    });
  });

  it('refuses what cannot be, all at once', () => {
    const message = messageOf(() =>
      mirrored({
        maximumConnections: 20,
        reservedConnections: -1,
        retryTimeout: Duration.hours(1),
        livenessTimeout: Duration.seconds(9),
      }),
    );
    for (const id of ['ReservedConnections', 'RetryTimeout', 'LivenessTimeout']) {
      expect(message).toContain(`MobiLink:Consolidated:${id}`);
    }
    expect(messageOf(() => mirrored({ maximumConnections: 20 }))).toContain('MobiLink:Consolidated:MaximumConnections');
  });
});

describe('SQL Anywhere servers that exist already', () => {
  const existing = (more: Partial<ExistingSqlAnywhereProps> = {}) => {
    const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const database = ConsolidatedDatabase.fromSqlAnywhere(stack, 'Erp', {
      servers: [
        { server: 'erp1', host: 'erp1.example.internal', availabilityZone: 'eu-central-1a' },
        { server: 'erp2', host: 'erp2.example.internal', availabilityZone: 'eu-central-1b' },
      ],
      primaryServer: 'erp_primary',
      databaseName: 'erp',
      zone: new route53.PrivateHostedZone(stack, 'Zone', { vpc, zoneName: 'example.internal' }),
      aliasName: 'erp.example.internal',
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678')],
      mobiLinkLogin: new secretsmanager.Secret(stack, 'Login'),
      ...more,
    });
    return { stack, vpc, database };
  };

  it('are used by the name that only the primary has, tracked, and not owned', () => {
    const { stack, vpc, database } = existing({ port: 49152, rolePort: 8091 });
    expect(stack.resolve(database.odbc.render())).toMatchObject({
      SERVER: 'erp_primary',
      HOST: 'erp1.example.internal:49152,erp2.example.internal:49152',
    });
    expect(database.isHighlyAvailable).toBe(true);
    new PrimaryTracker(stack, 'Tracker', { database, vpc });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::Instance', 0);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-12345678', FromPort: 8091 });
    expect(stack.resolve(database.primarySource.render())).toMatchObject({
      members: [{ server: 'erp1' }, { server: 'erp2' }],
      rolePort: 8091,
      alias: { name: 'erp.example.internal' },
    });
  });

  it('are as available as they are many', () => {
    const alone = { server: 'erp1', host: 'erp1.example.internal', availabilityZone: 'eu-central-1a' };
    expect(existing({ servers: [alone] }).database.isHighlyAvailable).toBe(false);
  });

  it('need the role service that the guide has, which is that of our own pairs', () => {
    const guide = readFileSync('docs/pair.md', 'utf8');
    for (const statement of databaseSql('mobilink').slice(-2)) expect(guide).toContain(`${statement};`);
  });

  const named = (server: string, host: string) => ({ server, host, availabilityZone: 'eu-central-1a' });
  it.each<[Partial<ExistingSqlAnywhereProps>, string]>([
    [{ servers: [] }, 'MobiLink:Consolidated:Servers'],
    [{ servers: [named('a', 'a'), named('b', 'b'), named('c', 'c')] }, 'MobiLink:Consolidated:Servers'],
    [{ servers: [named('a', 'x'), named('A', 'y')] }, 'MobiLink:Consolidated:ServerTwice'],
    [{ servers: [named('a', 'x'), named('b', 'x')] }, 'MobiLink:Consolidated:ServerTwice'],
    [{ securityGroups: [] }, 'MobiLink:Consolidated:SecurityGroups'],
    [{ port: 0 }, 'MobiLink:Consolidated:Port'],
    [{ rolePort: 70000 }, 'MobiLink:Consolidated:Port'],
    [{ maximumConnections: 20 }, 'MobiLink:Consolidated:MaximumConnections'],
  ])('are refused with %o', (more, id) => {
    expect(messageOf(() => existing(more))).toContain(id);
  });
});
