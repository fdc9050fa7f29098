import { readFileSync } from 'node:fs';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { daysLeft } from '../../image/supervisor/certificates';
import { KNOWN_NAMES } from '../../image/supervisor/metric-settings';
import { SYNC_DIMENSION, SYNC_METRICS } from '../../lambda/records/sync-metrics';
import { DIMENSION, METRIC_NAMES, PAIR_METRIC_NAMES } from '../../lambda/track-primary/metrics';
import {
  ConsolidatedRdsCluster,
  InsideSchedule,
  type MonitoringThresholds,
  RemoteRegistry,
  SyncSchedule,
  Weekday,
} from '../../lib';
import { HOST_METRICS } from '../../lib/sql-anywhere/pair-metrics';
import { mirrored } from '../primary/pair-fixture';
import { type Alarm, metricsOf, rings, type Sample } from './cloudwatch';
import { alarmsOf, encrypted, hourly, monitored, over, topic } from './monitored';

const times = (count: number, sample: Sample): Sample[] => Array.from({ length: count }, () => sample);

function overPair(stacks: 1 | 2) {
  const app = new App();
  const land = mirrored({ maximumConnections: 500 }, app);
  const stack = stacks === 1 ? land.stack : new Stack(app, 'Stateless', { env: { region: 'eu-central-1' } });
  return { ...land, app, stack };
}

describe('the alarms of a system', () => {
  const it_ = monitored();
  it_.system.monitoring?.watchInside(InsideSchedule.every({ name: 'inside', interval: Duration.minutes(15) }));
  const alarms = alarmsOf(it_.stack);
  const of = (name: string): Alarm => {
    const alarm = alarms.get(name);
    if (!alarm) throw new Error(`no alarm ${name} among ${[...alarms.keys()].join(', ')}`);
    return alarm;
  };

  it.each<[string, Sample[], Sample[]]>([
    ['FailoverTooLong', [180], [179]],
    ['FailoverUnderWay', [{ unstable: 1 }], [{ unstable: 180 }]],
    ['FailoverUnderWay', [{ unstable: 179 }], [{ unstable: 0 }]],
    ['TrackerSilent', times(5, undefined), [...times(4, undefined), 1]],
    [
      'TrackerBlind',
      times(5, { polls: 6, failed: 6 }),
      [...times(4, { polls: 6, failed: 6 }), { polls: 6, failed: 5 }],
    ],
    ['FarmBelowMinimum', times(5, 1), [...times(4, 1), 2]],
    ['FarmBelowMinimum', times(5, undefined), times(5, 2)],
    ['WorkersSaturated', times(3, 30), [30, 30, 29]],
    ['ServerDisk', times(3, 2 ** 31 - 1), times(3, 2 ** 31)],
    ['ConnectionBudget', times(10, { connections: 425 }), [...times(9, { connections: 500 }), { connections: 424 }]],
    ['DatabaseStorage', times(10, 10 * 2 ** 30 - 1), times(10, 10 * 2 ** 30)],
    ['OldestSuccess', [4 * 3600], [4 * 3600 - 1]],
    ['DeadLetterAlarm', [1], [undefined]],
    ['HoldBackAlarm', [1], [undefined]],
    ['ConnectionsMissing', times(3, { servers: 2, spoken: 0 }), times(3, { servers: 2, spoken: 1 })],
  ])('%s rings and is quiet when it should', (name, loud, quiet) => {
    expect(rings(of(name), loud)).toBe(true);
    expect(rings(of(name), quiet)).toBe(false);
  });

  const scheduled = (name: string) => {
    const found = Object.entries(Template.fromStack(it_.stack).findResources('AWS::CloudWatch::Alarm'));
    const [, alarm] = found.find(([id]) => id.includes(name)) ?? [];
    return alarm?.Properties as Alarm;
  };

  it('a run counts if enough of it failed, and by its last word until the next one', () => {
    const rate = scheduled('SchedulehourlySuccessRate');
    expect(rings(rate, [{ failures: 3, percent: 89 }])).toBe(true);
    expect(rings(rate, [{ failures: 3, percent: 90 }])).toBe(false);
    expect(rings(rate, [{ failures: 2, percent: 0 }])).toBe(false);
    expect(rings(rate, [undefined], true)).toBe(true);
    expect(rings(rate, [{ failures: 0, percent: undefined }], true)).toBe(true);
  });

  it('a failover that nobody sees the end of is not over', () => {
    expect(rings(of('FailoverTooLong'), [undefined], true)).toBe(true);
    expect(rings(of('FailoverTooLong'), [undefined], false)).toBe(false);
    expect(rings(of('FailoverUnderWay'), [undefined], true)).toBe(false);
  });

  it('syncs of an hour count where databases start them', () => {
    const rate = scheduled('InsideinsideSuccessRate');
    expect(rings(rate, [{ done: 26, failed: 3 }])).toBe(true);
    expect(rings(rate, [{ done: 27, failed: 3 }])).toBe(false);
    expect(rings(rate, [{ done: undefined, failed: 3 }])).toBe(true);
    expect(rings(rate, [{ done: 5, failed: undefined }])).toBe(false);
  });

  it('silence of a schedule rings after its longest gap and two hours', () => {
    const silent = scheduled('SchedulehourlyNothingSynchronized');
    expect(rings(silent, times(3, undefined))).toBe(true);
    expect(rings(silent, [undefined, undefined, 1])).toBe(false);
    expect(rings(silent, [1, undefined, undefined])).toBe(false);
    expect(rings(scheduled('InsideinsideNothingSynchronized'), times(3, undefined))).toBe(true);
  });

  it('a certificate is watched where there is one', () => {
    expect(alarms.has('CertificateExpires')).toBe(false);
    const tls = monitored((stack) => ({ streams: [encrypted(stack)] }));
    const alarm = alarmsOf(tls.stack).get('CertificateExpires');
    if (!alarm) throw new Error('no alarm of the certificate');
    expect(rings(alarm, [20.9])).toBe(true);
    expect(rings(alarm, [21])).toBe(false);
    expect(rings(alarm, [undefined], true)).toBe(true);
  });

  it('what rings in silence does not ring before there can be a sound', () => {
    const found = Object.entries(Template.fromStack(it_.stack).findResources('AWS::CloudWatch::Alarm'));
    const silent = found.filter(
      ([id, { Properties }]) => Properties.TreatMissingData === 'breaching' && !/Missing/.test(id),
    );
    expect(
      silent.map(([, { Properties }]) => Properties.WarmUpConfiguration.WarmUpPeriodDurationInMinutes).sort(),
    ).toEqual([10, 180, 180, 30]);
  });
});

describe('each alarm of the package', () => {
  const stacks = [monitored((stack) => ({ streams: [encrypted(stack)] })).stack];
  const pair = overPair(1);
  over(pair.stack, pair.vpc, pair.database, {});
  stacks.push(pair.stack);
  const clustered = new Stack(new App(), 'Test');
  const vpc = new ec2.Vpc(clustered, 'Vpc', { availabilityZones: ['a', 'b', 'c'] });
  over(clustered, vpc, new ConsolidatedRdsCluster(clustered, 'Consolidated', { vpc }), {});
  stacks.push(clustered);
  const all = stacks.flatMap((stack) => [...alarmsOf(stack)]);

  const supervisor = readFileSync('image/supervisor/log/measures.ts', 'utf8');
  const counters = /COUNTERS = \[(.+)\]/.exec(supervisor)?.[1]?.match(/\w+/g) ?? [];
  const producers: Readonly<Record<string, readonly string[]>> = {
    [DIMENSION]: [...Object.values(METRIC_NAMES), ...Object.values(PAIR_METRIC_NAMES)],
    [SYNC_DIMENSION]: Object.values(SYNC_METRICS),
    Farm: [...KNOWN_NAMES, ...counters, ...Object.keys(daysLeft(0, 0))],
    'DatabaseId,Member': Object.values(HOST_METRICS),
  };
  const ofAws: Readonly<Record<string, string>> = {
    'AWS/RDS DatabaseConnections': 'DBInstanceIdentifier',
    'AWS/RDS FreeStorageSpace': 'DBInstanceIdentifier',
    'AWS/RDS ReplicaLag': 'DBInstanceIdentifier',
    'AWS/NetworkELB HealthyHostCount': 'LoadBalancer,TargetGroup',
    'AWS/SQS ApproximateNumberOfMessagesVisible': 'QueueName',
  };

  it('has a producer: a name and dimensions that our code sends, or a metric of AWS', () => {
    expect(all.length).toBeGreaterThan(40);
    for (const [name, alarm] of all) {
      const metrics = metricsOf(alarm);
      expect(metrics.length, name).toBeGreaterThan(0);
      for (const { Namespace, MetricName, Dimensions = [] } of metrics) {
        const dimensions = Dimensions.map(({ Name }) => Name)
          .sort()
          .join(',');
        if (Namespace === 'MobiLinkHA') expect(producers[dimensions], `${name} ${dimensions}`).toContain(MetricName);
        else expect(ofAws[`${Namespace} ${MetricName}`], `${name} ${Namespace} ${MetricName}`).toBe(dimensions);
      }
    }
  });

  it('says what missing data means', () => {
    for (const [name, { TreatMissingData }] of all) expect(TreatMissingData, name).toBeDefined();
  });
});

describe('who is told', () => {
  function told(props: Parameters<typeof monitored>[0] = {}) {
    const built = monitored(props);
    return { ...built, template: Template.fromStack(built.stack), alarms: alarmsOf(built.stack) };
  }

  it('one alarm wakes people and tells when it is over, held back by a failover of the usual length', () => {
    const { template } = told((stack) => ({
      alarmTopic: topic(stack),
      monitoring: { officeTopic: topic(stack, 'Office') },
    }));
    const [wake, ...more] = Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm'));
    expect(more).toEqual([]);
    expect(wake?.Properties).toMatchObject({
      AlarmActions: [{ Ref: expect.stringContaining('Topic') }],
      OKActions: [{ Ref: expect.stringContaining('Topic') }],
      ActionsSuppressorWaitPeriod: 120,
      ActionsSuppressorExtensionPeriod: 120,
    });
    const rule = JSON.stringify(wake?.Properties.AlarmRule);
    for (const name of [
      'FailoverTooLong',
      'TrackerSilent',
      'TrackerBlind',
      'FarmBelowMinimum',
      'SchedulehourlySuccessRate',
      'SchedulehourlyNothingSynchronized',
    ]) {
      expect(rule, name).toContain(name);
    }
    expect(rule).not.toContain('FailoverUnderWay');
    expect(JSON.stringify(wake?.Properties.ActionsSuppressor)).toContain('FailoverUnderWay');
  });

  it('what can wait tells by itself, and what wakes people does not tell twice', () => {
    const { alarms, system } = told((stack) => ({ alarmTopic: topic(stack) }));
    const quiet = [...alarms].filter(([, { AlarmActions }]) => AlarmActions === undefined).map(([name]) => name);
    expect(quiet.sort()).toEqual([
      'FailoverTooLong',
      'FailoverUnderWay',
      'FarmBelowMinimum',
      'NothingSynchronized',
      'SuccessRate',
      'TrackerBlind',
      'TrackerSilent',
    ]);
    for (const [name, { AlarmActions }] of alarms) expect(AlarmActions?.length ?? 1, name).toBe(1);
    expect(system.monitoring?.otherAlarms).toHaveLength(10);
    expect(system.monitoring?.urgentAlarms).toHaveLength(6);
  });

  it('nobody where there is no topic; without monitoring the farm tells as it did', () => {
    for (const [name, { AlarmActions }] of told().alarms) expect(AlarmActions, name).toBeUndefined();
    const { alarms, system } = told((stack) => ({ monitored: false, alarmTopic: topic(stack) }));
    expect(system.monitoring).toBeUndefined();
    expect(
      [...alarms]
        .filter(([, it]) => it.AlarmActions)
        .map(([name]) => name)
        .sort(),
    ).toEqual(['ConnectionsMissing', 'SyncQueueMissing']);
  });

  it('also of what the user adds', () => {
    const { stack, system } = monitored((its) => ({
      alarmTopic: sns.Topic.fromTopicArn(its, 'Given', 'arn:aws:sns:eu-central-1:111122223333:duty'),
    }));
    const rotation = new lambda.Function(stack, 'Rotate', {
      runtime: lambda.Runtime.NODEJS_LATEST,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = () => {}'),
    });
    system.monitoring?.watchRotation('LoginRotation', rotation);
    const alarm = alarmsOf(stack).get('LoginRotation');
    expect(alarm).toMatchObject({
      MetricName: 'Errors',
      Namespace: 'AWS/Lambda',
      AlarmActions: ['arn:aws:sns:eu-central-1:111122223333:duty'],
    });
    expect(alarm?.AlarmDescription).toContain('rotation-failed.md');
  });
});

describe('schedules', () => {
  const silence = (options: Partial<typeof hourly>) => {
    const { stack } = monitored({}, { ...hourly, ...options });
    return alarmsOf(stack).get('NothingSynchronized')?.EvaluationPeriods;
  };

  it.each([
    [ScheduleExpression.cron({ minute: '0' }), 3],
    [ScheduleExpression.cron({ minute: '0/15' }), 3],
    [ScheduleExpression.cron({ minute: '0', hour: '2' }), 26],
    [ScheduleExpression.cron({ minute: '0', weekDay: 'MON-FRI' }), 26],
    [ScheduleExpression.rate(Duration.minutes(5)), 3],
    [ScheduleExpression.rate(Duration.hours(6)), 8],
    [ScheduleExpression.rate(Duration.days(6)), 146],
    [ScheduleExpression.rate(Duration.days(7)), undefined],
  ])('%# are missed after their longest gap', (schedule, hours) => {
    expect(silence({ schedule })).toBe(hours);
  });

  it('say so themselves where an expression does not, and are not missed while they are off', () => {
    expect(silence({ longestGap: Duration.days(3) })).toBe(74);
    expect(silence({ enabled: false })).toBeUndefined();
    expect(() => silence({ longestGap: Duration.seconds(10) })).toThrow(/MobiLink:Schedule:LongestGap/);
  });

  it('of a later stack are watched and told, and no two stacks need each other', () => {
    const { stack, system } = monitored((its) => ({ alarmTopic: topic(its) }));
    const later = new Stack(stack.node.root, 'Later');
    const { dispatcher } = system;
    if (!dispatcher) throw new Error('no dispatcher');
    new SyncSchedule(later, 'Nightly', { ...hourly, scheduleName: 'nightly', dispatcher });
    expect(alarmsOf(later).get('HoldBackAlarm')?.AlarmActions).toHaveLength(1);
    expect([...Object.keys(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'))].join()).toContain(
      'SchedulenightlyOldestSuccess',
    );
    expect(stack.dependencies).toEqual([]);
  });

  it.each([
    [InsideSchedule.daily({ name: 'a', at: '03:00' }), 24],
    [InsideSchedule.every({ name: 'a', interval: Duration.minutes(30) }), 0.5],
    [InsideSchedule.every({ name: 'a', interval: Duration.minutes(30), from: '08:00', to: '20:00' }), 24],
    [InsideSchedule.daily({ name: 'a', at: '03:00', days: [Weekday.MONDAY, Weekday.FRIDAY] }), 96],
    [InsideSchedule.daily({ name: 'a', at: '03:00', days: [Weekday.SUNDAY] }), 168],
  ])('%# inside databases have a longest gap', (schedule, hours) => {
    expect(schedule._longestGap.toHours({ integral: false })).toBe(hours);
  });
});

describe('over a mirrored pair', () => {
  it('what is urgent of the pair wakes people by one alarm of its stack, the rest tells by itself', () => {
    const { app, stack, vpc, database, stack: stateless } = overPair(2);
    const stateful = Stack.of(database);
    over(stack, vpc, database, { alarmTopic: topic(stateful), registry: new RemoteRegistry(stateful, 'Registry') });
    app.synth();
    const danger = Object.values(Template.fromStack(stateful).findResources('AWS::CloudWatch::CompositeAlarm'));
    expect(danger).toHaveLength(1);
    for (const name of ['NoPrimary', 'TwoPrimaries', 'MirrorNotSynchronized', 'PartnerLost', 'ArbiterLost']) {
      expect(JSON.stringify(danger[0]?.Properties.AlarmRule)).toContain(name);
    }
    const exported = Object.values(stateful.resolve(Template.fromStack(stateful).toJSON().Outputs)).map((it) =>
      JSON.stringify(it),
    );
    expect(exported.filter((it) => it.includes('Alarm') || it.includes('Danger'))).toHaveLength(1);
    expect(stateful.dependencies).toEqual([]);
    const of = alarmsOf(stateful);
    expect(of.get('FirstFreeDisk')?.AlarmActions).toHaveLength(1);
    expect(of.get('NoPrimary')?.AlarmActions).toBeUndefined();
    expect(JSON.stringify(Template.fromStack(stateless).findResources('AWS::CloudWatch::CompositeAlarm'))).toContain(
      'Danger',
    );
  });

  it('a topic that the stack of the pair cannot know is refused', () => {
    const { stack, vpc, database } = overPair(2);
    over(stack, vpc, database, { alarmTopic: topic(stack) });
    expect(() => Template.fromStack(stack)).toThrow(
      /MobiLink:Monitoring:TopicStack.*FirstClockOffset.*Fix: make the topic/,
    );
  });

  it('connections are counted by the farm, since AWS does not know them', () => {
    const { stack, vpc, database } = overPair(1);
    over(stack, vpc, database, {});
    const alarm = alarmsOf(stack).get('ConnectionBudget');
    if (!alarm) throw new Error('no alarm');
    expect(rings(alarm, times(10, { connections: 100, servers: 4 }))).toBe(false);
    expect(rings(alarm, times(10, { connections: 102, servers: 4 }))).toBe(true);
    expect(alarmsOf(stack).has('DatabaseStorage')).toBe(false);
  });
});

it('thresholds are the user’s, and those that CloudWatch cannot have are refused, all at once', () => {
  const thresholds: MonitoringThresholds = {
    failoverLongerThan: Duration.minutes(10),
    trackerSilentFor: Duration.minutes(15),
    connectionsPercent: 50,
    farmBelowMinimumFor: Duration.hours(1),
    syncQueueLength: 7,
    successPercent: 50,
    failedAtLeast: 9,
    certificateDays: 60,
    freeStorageGiB: 100,
  };
  const alarms = alarmsOf(monitored((stack) => ({ monitoring: { thresholds }, streams: [encrypted(stack)] })).stack);
  const told = (name: string) => [alarms.get(name)?.Threshold, alarms.get(name)?.EvaluationPeriods];
  expect(told('FailoverTooLong')).toEqual([600, 1]);
  expect(told('TrackerSilent')).toEqual([1, 15]);
  expect(told('TrackerBlind')).toEqual([90, 15]);
  expect(told('ConnectionBudget')).toEqual([50, 10]);
  expect(told('FarmBelowMinimum')).toEqual([2, 60]);
  expect(told('WorkersSaturated')).toEqual([7, 3]);
  expect(told('SuccessRate')).toEqual([50, 1]);
  expect(told('CertificateExpires')).toEqual([60, 1]);
  expect(told('DatabaseStorage')).toEqual([100 * 2 ** 30, 10]);
  const wrong = { failoverLongerThan: Duration.seconds(90), trackerSilentFor: Duration.hours(2), successPercent: 0 };
  expect(() => monitored({ monitoring: { thresholds: wrong } })).toThrow(
    /failoverLongerThan[\s\S]*trackerSilentFor[\s\S]*successPercent/,
  );
});
