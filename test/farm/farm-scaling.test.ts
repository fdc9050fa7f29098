import { CfnParameter } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { addFarm, build, farmland } from './farm-fixture';

const SLOW_IN_FAST_OUT = { ScaleInCooldown: 900, ScaleOutCooldown: 60 };

function policiesIn({ template }: ReturnType<typeof build>) {
  return Object.values(template.findResources('AWS::ApplicationAutoScaling::ScalingPolicy')).map(
    ({ Properties }) => Properties.TargetTrackingScalingPolicyConfiguration,
  );
}

describe('the number of servers', () => {
  it('follows connections, queue and CPU, outwards fast and inwards slowly', () => {
    const built = build({ workers: 4, maxWorkers: 8, scriptVersions: 2 });
    const [cpu, queue, connections] = policiesIn(built).sort((a, b) => rank(a) - rank(b));
    expect(cpu).toMatchObject({
      TargetValue: 60,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      ...SLOW_IN_FAST_OUT,
    });
    expect(queue).toMatchObject({
      TargetValue: 10,
      CustomizedMetricSpecification: {
        Namespace: 'MobiLinkHA',
        MetricName: 'CMD_PROCESSOR_STAGE_LEN',
        Dimensions: [{ Name: 'Farm', Value: 'Test-Farm-EACE1162' }],
        Statistic: 'Average',
      },
      ...SLOW_IN_FAST_OUT,
    });
    const [measured, used] = connections.CustomizedMetricSpecification.Metrics;
    expect(connections).toMatchObject({ TargetValue: 70, ...SLOW_IN_FAST_OUT });
    expect(measured).toMatchObject({
      Id: 'connections',
      MetricStat: {
        Metric: {
          Namespace: 'MobiLinkHA',
          MetricName: 'DB_CONNECTIONS',
          Dimensions: [{ Name: 'Farm', Value: 'Test-Farm-EACE1162' }],
        },
        Stat: 'Average',
      },
      ReturnData: false,
    });
    expect(used).toMatchObject({ Expression: '100 * connections / 17', ReturnData: true });
  });

  it('is kept around what the user gives', () => {
    const targets = policiesIn(
      build({ targetConnectionsPercent: 50, targetSyncQueueLength: 25, targetCpuUtilizationPercent: 40 }),
    ).map(({ TargetValue }) => TargetValue);
    expect(targets.sort()).toEqual([25, 40, 50]);
  });

  it('leaves the sum to CloudWatch where a number is known to CloudFormation only', () => {
    const land = farmland();
    const maxWorkers = new CfnParameter(land.stack, 'Most', { type: 'Number' }).valueAsNumber;
    const policies = policiesIn(build({ maxWorkers }, land));
    const connections = policies.find((it) => it.CustomizedMetricSpecification?.Metrics);
    expect(connections.CustomizedMetricSpecification.Metrics[1].Expression).toEqual({
      'Fn::Join': ['', ['100 * connections / (1 * ', { Ref: 'Most' }, ' + 1)']],
    });
  });

  it('is asked for by each of two farms by itself', () => {
    const land = farmland();
    addFarm(land, {}, 'North');
    addFarm(land, {}, 'South');
    const policies = Object.values(
      Template.fromStack(land.stack).findResources('AWS::ApplicationAutoScaling::ScalingPolicy'),
    );
    expect(new Set(policies.map(({ Properties }) => Properties.PolicyName)).size).toBe(6);
    expect(JSON.stringify(policies).match(/"Value":"Test-\w+-\w+"/g)?.length).toBe(4);
    expect(new Set(JSON.stringify(policies).match(/"Value":"Test-\w+-\w+"/g)).size).toBe(2);
  });
});

describe('a metric that the farm is scaled by stays away', () => {
  it('rings while servers run, also if it never came', () => {
    const { template, farm } = build();
    expect(farm.alarms).toHaveLength(2);
    for (const name of ['DB_CONNECTIONS', 'CMD_PROCESSOR_STAGE_LEN']) {
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmDescription: Match.stringLikeRegexp(`No server has said its ${name} for 15 minutes`),
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        EvaluationPeriods: 3,
        TreatMissingData: 'breaching',
        Metrics: Match.arrayWith([
          Match.objectLike({ Expression: 'IF(FILL(servers, 0) > 0, FILL(spoken, 0), 1)' }),
          Match.objectLike({
            Id: 'servers',
            MetricStat: Match.objectLike({
              Metric: Match.objectLike({ Namespace: 'AWS/NetworkELB', MetricName: 'HealthyHostCount' }),
              Stat: 'Minimum',
            }),
          }),
          Match.objectLike({
            Id: 'spoken',
            MetricStat: Match.objectLike({
              Metric: Match.objectLike({ MetricName: name }),
              Stat: 'SampleCount',
              Period: 300,
            }),
            ReturnData: false,
          }),
        ]),
      });
    }
  });

  it('tells a topic, where one is given', () => {
    const land = farmland();
    const { template } = build({ alarmTopic: new sns.Topic(land.stack, 'Topic') }, land);
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Topic') }],
    });
  });
});

function rank(policy: {
  PredefinedMetricSpecification?: unknown;
  CustomizedMetricSpecification?: { Metrics?: unknown };
}) {
  if (policy.PredefinedMetricSpecification) return 0;
  return policy.CustomizedMetricSpecification?.Metrics ? 2 : 1;
}
