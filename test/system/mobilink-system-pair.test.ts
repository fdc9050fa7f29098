import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMES, PAIR_METRIC_NAMES } from '../../lambda/track-primary/metrics';
import { FarmExposure, MobiLinkImage, MobiLinkStream, MobiLinkSystem, type MobiLinkSystemProps } from '../../lib';
import { mirrored } from '../primary/pair-fixture';

function system(stacks: number, props: Partial<MobiLinkSystemProps> = {}) {
  const app = new App();
  const land = mirrored({ maximumConnections: 500 }, app);
  const stack = stacks === 1 ? land.stack : new Stack(app, 'Stateless', { env: { region: 'eu-central-1' } });
  const repository = ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink');
  const system = new MobiLinkSystem(stack, 'System', {
    vpc: land.vpc,
    database: land.database,
    image: MobiLinkImage.fromEcrRepository(repository, { tag: '17' }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
    ...props,
  });
  return { ...land, app, stack, stateful: land.stack, system };
}

function rules(template: Template, port: number): unknown[] {
  return ['Ingress', 'Egress']
    .flatMap((way) => Object.values(template.findResources(`AWS::EC2::SecurityGroup${way}`)))
    .filter(({ Properties: it }) => it.FromPort === port && it.ToPort === port);
}

describe.each([1, 2])('a system over a mirrored pair, in %d stacks', (stacks) => {
  const { app, stateful, stack, system: it_, pair } = system(stacks);
  app.synth();
  const template = Template.fromStack(stack);

  it('its servers list both hosts and the name that only the primary has', () => {
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    const [container] = task?.Properties.ContainerDefinitions ?? [];
    const variables = new Map(
      container.Environment.map((one: { Name: string; Value: unknown }) => [one.Name, one.Value] as const),
    );
    expect(JSON.parse(variables.get('MOBILINK_DATABASE') as string)).toEqual({
      engine: 'sql-anywhere',
      dsn: {
        SERVER: 'consolidated_primary',
        DBN: 'consolidated',
        HOST: 'first.mobilink-ha.internal:2638,second.mobilink-ha.internal:2638',
        RetryConnTO: '60',
        LTO: '30',
      },
    });
    expect(variables.get('MOBILINK_LOGIN_SECRET_ARN')).toEqual(stack.resolve(pair.mobiLinkLogin.secretArn));
  });

  it('its servers reach the database and its tracker the role services, opened from this side', () => {
    const own = (rule: unknown) => JSON.stringify(rule).includes('System');
    expect(rules(template, 2638).filter(own)).toHaveLength(2);
    expect(rules(template, 8090)).toHaveLength(2);
    if (stacks === 2) {
      expect(stateful.dependencies).toEqual([]);
      expect(JSON.stringify(Template.fromStack(stateful))).not.toContain('Stateless');
    }
  });

  it('its tracker runs in the VPC and knows the pair under the id under which the pair measures itself', () => {
    expect(it_.tracker.databaseId).toBe(pair.databaseId);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ MOBILINK_DATABASE_ID: pair.databaseId }) },
      VpcConfig: Match.objectLike({ SubnetIds: Match.anyValue() }),
    });
    expect(JSON.stringify(Template.fromStack(stateful).findResources('AWS::EC2::LaunchTemplate'))).toContain(
      `SYSTEM=${pair.databaseId}`,
    );
  });
});

it('the tracker may run in subnets of its own', () => {
  const land = mirrored();
  const [only] = land.vpc.privateSubnets;
  const { stack } = system(1, {
    trackerSubnets: { subnetFilters: [], availabilityZones: [only?.availabilityZone ?? ''] },
  });
  const [tracker] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function')).filter(
    (it) => it.Properties.VpcConfig,
  );
  expect(tracker?.Properties.VpcConfig.SubnetIds).toHaveLength(1);
});

it('every metric of a pair that the tracker offers has a producer, and every one that is alarmed', () => {
  const { system: it, stack, pair } = system(1);
  const { tracker } = it;
  const offered = [
    tracker.metricPrimariesClaimed(),
    tracker.metricMirrorNotSynchronized(),
    tracker.metricPartnerLost(),
    tracker.metricArbiterLost(),
    tracker.metricClockSkewSeconds(),
    tracker.metricFailedAliasUpdates(),
  ];
  const sent = Object.values(PAIR_METRIC_NAMES);
  expect(offered.map(({ metricName }) => metricName).sort()).toEqual([...sent].sort());
  for (const metric of offered) {
    expect(metric).toMatchObject({ namespace: 'MobiLinkHA', dimensions: { DatabaseId: pair.databaseId } });
  }
  const known = new Set<string>([...sent, ...Object.values(METRIC_NAMES)]);
  const alarms = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  const ofTracker = alarms.filter(
    ({ Properties }) => Properties.Dimensions?.[0].Name === 'DatabaseId' && Properties.Dimensions.length === 1,
  );
  expect(ofTracker.length).toBeGreaterThan(0);
  for (const { Properties } of ofTracker) {
    expect(known).toContain(Properties.MetricName);
    expect(Properties.Dimensions).toEqual([{ Name: 'DatabaseId', Value: pair.databaseId }]);
  }
});
