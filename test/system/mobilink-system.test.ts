import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as rds from 'aws-cdk-lib/aws-rds';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMES } from '../../lambda/track-primary/metrics';
import {
  ConsolidatedDatabase,
  ConsolidatedRdsInstance,
  FarmExposure,
  type IConsolidatedDatabase,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  type MobiLinkSystemProps,
  RemoteRegistry,
} from '../../lib';

function system(
  stack: Stack,
  id: string,
  vpc: ec2.IVpc,
  database: IConsolidatedDatabase,
  props: Partial<MobiLinkSystemProps> = {},
): MobiLinkSystem {
  return new MobiLinkSystem(stack, id, {
    ...props,
    vpc,
    database,
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, `${id}Image`, 'mobilink'), {
      tag: '17',
    }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
  });
}

/** The rules by which the farm reaches the database, wherever they stand. */
function pathsToDatabase(templates: Template[]): number {
  return templates
    .flatMap((template) => [
      ...Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')),
      ...Object.values(template.findResources('AWS::EC2::SecurityGroupEgress')),
    ])
    .filter(({ Properties: it }) => it.FromPort === 3306 && it.ToPort === 3306).length;
}

describe('a system over its database', () => {
  it('in one stack', () => {
    const stack = new Stack(new App(), 'All');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    system(stack, 'System', vpc, new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }));
    expect(pathsToDatabase([Template.fromStack(stack)])).toBe(2);
  });

  it('in two stacks, where nothing of the database’s stack refers to the other', () => {
    const app = new App();
    const stateful = new Stack(app, 'Stateful');
    const stateless = new Stack(app, 'Stateless');
    const vpc = new ec2.Vpc(stateful, 'Vpc');
    system(stateless, 'System', vpc, new ConsolidatedRdsInstance(stateful, 'Consolidated', { vpc }));
    const templates = [Template.fromStack(stateful), Template.fromStack(stateless)];
    expect(pathsToDatabase(templates)).toBe(2);
    expect(stateful.dependencies).toEqual([]);
    expect(JSON.stringify(templates[0])).not.toContain('Stateless');
  });

  const given = ['subnet-11111111', 'subnet-22222222', 'subnet-33333333'];
  const exported = { 'Fn::Split': [',', { 'Fn::ImportValue': 'Subnets' }] };
  it.each([
    ['the zones', Fn.getAzs(), given, given],
    ['the subnets', ['eu-central-1a'], Fn.split(',', Fn.importValue('Subnets')), exported],
  ])('in a network of which only CloudFormation knows %s', (_what, availabilityZones, privateSubnetIds, expected) => {
    const stack = new Stack(new App(), 'All');
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-12345678',
      availabilityZones,
      privateSubnetIds,
    });
    system(stack, 'System', vpc, new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::RDS::DBSubnetGroup', { SubnetIds: expected });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Subnets: expected });
    template.hasResourceProperties('AWS::ECS::Service', {
      NetworkConfiguration: { AwsvpcConfiguration: { Subnets: expected } },
    });
  });

  it('that exists already', () => {
    const stack = new Stack(new App(), 'All');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const database = ConsolidatedDatabase.fromRdsInstance(stack, 'Erp', {
      instance: rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Instance', {
        instanceIdentifier: 'erp',
        instanceEndpointAddress: 'erp.example.com',
        port: 3306,
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678')],
      }),
      databaseName: 'erp',
      mobiLinkLogin: secretsmanager.Secret.fromSecretNameV2(stack, 'Login', 'erp/mobilink'),
      maximumConnections: 500,
    });
    system(stack, 'System', vpc, database);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::RDS::DBInstance', 0);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-12345678', FromPort: 3306 });
  });

  it('twice in one app, in one stack and in two', () => {
    const app = new App();
    for (const name of ['North', 'South']) {
      const stack = new Stack(app, name);
      const vpc = new ec2.Vpc(stack, 'Vpc');
      for (const id of ['One', 'Two'])
        system(stack, id, vpc, new ConsolidatedRdsInstance(stack, `${id}Database`, { vpc }));
    }
    const ids = app.synth().stacks.flatMap(({ template }) =>
      Object.values(
        template.Resources as Record<string, { Properties?: { Environment?: { Variables?: Record<string, string> } } }>,
      )
        .map((it) => it.Properties?.Environment?.Variables?.MOBILINK_DATABASE_ID)
        .filter((it) => it !== undefined),
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('with more servers than the database has connections is refused, with the arithmetic', () => {
    const stack = new Stack(new App(), 'All');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    new MobiLinkSystem(stack, 'System', {
      vpc,
      database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
      image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
        tag: '17',
      }),
      streams: [MobiLinkStream.tcpip()],
      exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
      maxServers: 40,
      workers: 20,
    });
    expect(() => Template.fromStack(stack)).toThrow(/MobiLink:Farm:ConnectionBudget/);
  });

  it('takes sizes that only CloudFormation knows', () => {
    const stack = new Stack(new App(), 'All');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const servers = new CfnParameter(stack, 'Servers', { type: 'Number', default: 3 });
    new MobiLinkSystem(stack, 'System', {
      vpc,
      database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
      image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
        tag: '17',
      }),
      streams: [MobiLinkStream.tcpip()],
      exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
      maxServers: servers.valueAsNumber,
    });
    Template.fromStack(stack).hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MaxCapacity: { Ref: 'Servers' },
      MinCapacity: Match.anyValue(),
    });
  });
});

describe('a system and its registry of remotes', () => {
  const hourly = { schedule: ScheduleExpression.cron({ minute: '0' }), groups: ['stores'] };

  it.each([1, 2])('in %s stacks: its schedules dispatch, held back by its own tracker', (count) => {
    const app = new App();
    const stateful = new Stack(app, 'Stateful');
    const stack = count === 1 ? stateful : new Stack(app, 'Stateless');
    const vpc = new ec2.Vpc(stateful, 'Vpc');
    const registry = new RemoteRegistry(stateful, 'Registry');
    const it = system(stack, 'System', vpc, new ConsolidatedRdsInstance(stateful, 'Consolidated', { vpc }), {
      registry,
      dispatch: { hostTagValue: 'shop' },
    });
    it.addSyncSchedule('Hourly', hourly);
    it.onSyncRunFinished('Tell', { target: new targets.SnsTopic(new sns.Topic(stack, 'Topic')) });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 2);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          MOBILINK_REGISTRY_TABLE: stack.resolve(registry.table.tableName),
          MOBILINK_PRIMARY_TABLE: stack.resolve(it.tracker.table.tableName),
          MOBILINK_DATABASE_ID: it.tracker.databaseId,
        }),
      },
    });
    expect(it.dispatcher?.hostTagValue).toBe('shop');
    expect(stateful.dependencies).toEqual([]);
  });

  it('is as it was without one, and says what to do when a schedule is added', () => {
    const templates = [true, false].map((registered) => {
      const stack = new Stack(new App(), 'All');
      const vpc = new ec2.Vpc(stack, 'Vpc');
      const registry = registered ? new RemoteRegistry(stack, 'Registry') : undefined;
      const it = system(stack, 'System', vpc, new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }), {
        registry,
      });
      if (!registered) {
        expect(it.dispatcher).toBeUndefined();
        for (const call of [() => it.addSyncSchedule('Hourly', hourly), () => it.onSyncRunFinished('Tell')]) {
          expect(call).toThrow(/'All\/System'.*MobiLink:System:Registry.*Fix: make a RemoteRegistry/);
        }
      }
      return Template.fromStack(stack).toJSON().Resources;
    });
    const [registered, plain] = templates;
    expect(Object.keys(registered)).toEqual(expect.arrayContaining(Object.keys(plain)));
    for (const [id, resource] of Object.entries<{ Type: string }>(plain)) {
      // They show more.
      const shown = ['AWS::CloudWatch::Dashboard', 'AWS::SSM::Parameter'];
      if (!shown.includes(resource.Type)) expect(registered[id]).toEqual(resource);
    }
  });
});

describe('every metric that a construct offers has a producer', () => {
  it('the tracker’s function sends the tracker’s metrics, under the same namespace, names and dimensions', () => {
    const stack = new Stack(new App(), 'All');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const { tracker } = system(stack, 'System', vpc, new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }));
    const offered = [
      tracker.metricPolls(),
      tracker.metricFailedObservations(),
      tracker.metricPrimaryChanges(),
      tracker.metricSecondsUnstable(),
    ];
    expect(offered.map((it) => it.metricName).sort()).toEqual(Object.values(METRIC_NAMES).sort());
    const [variables] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'))
      .map((it) => it.Properties.Environment?.Variables)
      .filter((it) => it?.MOBILINK_METRIC_NAMESPACE);
    for (const metric of offered) {
      expect(metric.namespace).toBe(variables.MOBILINK_METRIC_NAMESPACE);
      expect(metric.dimensions).toEqual({ DatabaseId: variables.MOBILINK_DATABASE_ID });
    }
  });
});
