import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedDatabase,
  FarmExposure,
  type IConsolidatedDatabase,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
} from '../../lib';

const ENV = { account: '111111111111', region: 'eu-central-1' };
const OTHER_ACCOUNT = { account: '222222222222', region: 'eu-central-1' };
const ZONES = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];

const group = (stack: Stack) => ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678');
const login = (stack: Stack) => secretsmanager.Secret.fromSecretNameV2(stack, 'Login', 'erp/mobilink');

const importedInstance = (stack: Stack) =>
  rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Instance', {
    instanceIdentifier: 'erp',
    instanceEndpointAddress: 'erp.abc.eu-central-1.rds.amazonaws.com',
    port: 3306,
    securityGroups: [group(stack)],
  });

const importedCluster = (stack: Stack) =>
  rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Cluster', {
    clusterIdentifier: 'erp',
    clusterEndpointAddress: 'erp.cluster-abc.eu-central-1.rds.amazonaws.com',
    port: 3306,
    securityGroups: [group(stack)],
  });

const KINDS: Record<string, (stack: Stack, vpc: ec2.IVpc) => IConsolidatedDatabase> = {
  'an instance': (stack) =>
    ConsolidatedDatabase.fromRdsInstance(stack, 'Erp', {
      instance: importedInstance(stack),
      databaseName: 'erp',
      mobiLinkLogin: login(stack),
    }),
  'an instance of the stack': (stack, vpc) =>
    ConsolidatedDatabase.fromRdsInstance(stack, 'Erp', {
      instance: new rds.DatabaseInstance(stack, 'Instance', {
        engine: rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.of('8.4.8', '8.4') }),
        vpc,
      }),
      databaseName: 'erp',
      mobiLinkLogin: login(stack),
    }),
  'a cluster': (stack) =>
    ConsolidatedDatabase.fromRdsCluster(stack, 'Erp', {
      cluster: importedCluster(stack),
      databaseName: 'erp',
      mobiLinkLogin: login(stack),
    }),
  'a pair of SQL Anywhere': (stack, vpc) =>
    ConsolidatedDatabase.fromSqlAnywhere(stack, 'Erp', {
      servers: [
        { server: 'erp_a', host: 'a.erp.internal', availabilityZone: 'eu-central-1a' },
        { server: 'erp_b', host: 'b.erp.internal', availabilityZone: 'eu-central-1b' },
      ],
      primaryServer: 'erp',
      databaseName: 'erp',
      zone: new route53.PrivateHostedZone(stack, 'Zone', { vpc, zoneName: 'erp.internal' }),
      aliasName: 'primary.erp.internal',
      securityGroups: [group(stack)],
      mobiLinkLogin: login(stack),
    }),
};

describe.each(Object.entries(KINDS))('%s that exists already', (_kind, database) => {
  it.each([1, 2])('is used and tracked in %s stacks', (count) => {
    const app = new App();
    const data = new Stack(app, 'Data', { env: ENV });
    const stack = count === 1 ? data : new Stack(app, 'Servers', { env: ENV });
    const vpc = new ec2.Vpc(data, 'Vpc', { availabilityZones: ZONES });
    const system = new MobiLinkSystem(stack, 'System', {
      vpc,
      database: database(data, vpc),
      image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
        tag: '17',
      }),
      streams: [MobiLinkStream.tcpip()],
      exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
    });
    const template = Template.fromStack(stack);
    expect(data.dependencies).toEqual([]);
    expect(system.isTracked).toBe(true);
    const sources = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      (it) => it.Properties.Environment?.Variables?.MOBILINK_PRIMARY_SOURCE,
    );
    expect(sources).toHaveLength(1);
    // The whole of what is written about it in its own stack names nothing of the other one.
    if (count === 2) expect(JSON.stringify(Template.fromStack(data))).not.toContain('Servers');
  });
});

describe('a database of RDS in another account', () => {
  it.each(['instance', 'cluster'] as const)('is refused as an %s, with the way that is left', (kind) => {
    const app = new App();
    const theirs = new Stack(app, 'Theirs', { env: OTHER_ACCOUNT });
    const ours = new Stack(app, 'Ours', { env: ENV });
    const common = { databaseName: 'erp', mobiLinkLogin: login(ours) };
    const make = () =>
      kind === 'instance'
        ? ConsolidatedDatabase.fromRdsInstance(ours, 'Erp', { instance: importedInstance(theirs), ...common })
        : ConsolidatedDatabase.fromRdsCluster(ours, 'Erp', { cluster: importedCluster(theirs), ...common });
    expect(make).toThrow(
      `[MobiLink:Consolidated:OtherOwner] ${kind}.env.account: must be that of this stack (111111111111); ` +
        "the tracker can ask RDS about no other, got '222222222222'. Fix: use ConsolidatedDatabase.fromOdbc",
    );
  });
});
