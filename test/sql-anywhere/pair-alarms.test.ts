import { readFileSync } from 'node:fs';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { PairAlarms, type PairAlarmThresholds } from '../../lib/sql-anywhere/pair-alarms';

interface Alarm {
  readonly AlarmDescription: string;
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Dimensions: { Name: string; Value: string }[];
  readonly Statistic: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
}

function alarmsOf(
  thresholds: PairAlarmThresholds = {},
  { members = ['first', 'second'], tracked = true } = {},
): Map<string, Alarm> {
  const stack = new Stack(new App(), 'Test');
  const alarms = new PairAlarms(stack, 'Alarms', { databaseId: 'db', members, logRetentionDays: 42, ...thresholds });
  if (!tracked) alarms._withoutTracker();
  const found = Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  return new Map(found.map(([id, { Properties }]) => [id.replace(/^Alarms|[0-9A-F]{8}$/g, ''), Properties as Alarm]));
}

/** Whether samples, one a minute, of one metric lead to ALARM at their end, as CloudWatch would judge them. */
function rings(alarm: Alarm, samples: (number | undefined)[]): boolean {
  const window = samples.slice(-alarm.EvaluationPeriods);
  return window.every((sample) => {
    if (sample === undefined) return alarm.TreatMissingData === 'breaching';
    return alarm.ComparisonOperator === 'LessThanThreshold' ? sample < alarm.Threshold : sample >= alarm.Threshold;
  });
}

const minutes = (count: number, value: number | undefined) => Array.from({ length: count }, () => value);

describe('the alarms of a pair', () => {
  const alarms = alarmsOf();
  const of = (name: string): Alarm => {
    const alarm = alarms.get(name);
    if (!alarm) throw new Error(`no alarm ${name} among ${[...alarms.keys()].join(', ')}`);
    return alarm;
  };

  it('are these, each with a description that says what to do or fear', () => {
    expect([...alarms.keys()].sort()).toEqual([
      'ArbiterLost',
      'ClockSkew',
      'FirstClockOffset',
      'FirstFreeDisk',
      'FirstOldestLog',
      'MirrorNotSynchronized',
      'NoPrimary',
      'PartnerLost',
      'SecondClockOffset',
      'SecondFreeDisk',
      'SecondOldestLog',
      'TwoPrimaries',
    ]);
    for (const alarm of alarms.values())
      expect(alarm.AlarmDescription).toMatch(/^[A-Z].{40,}\(db\) Runbook: https:\S+\.md$/);
  });

  it.each([
    ['NoPrimary', [1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]],
    ['TwoPrimaries', [1, 2, 2, 2], [2, 2, 1]],
    ['MirrorNotSynchronized', minutes(10, 1), [0, ...minutes(9, 1)]],
    ['PartnerLost', minutes(5, 1), [...minutes(4, 1), 0]],
    ['ArbiterLost', minutes(5, 1), [...minutes(4, 1), 0]],
    ['ClockSkew', minutes(5, 3), minutes(5, 2.9)],
    ['FirstClockOffset', minutes(5, 1), minutes(5, 0.2)],
    ['SecondFreeDisk', minutes(5, 19), minutes(5, 20)],
    ['FirstOldestLog', minutes(3, 44), minutes(3, 43)],
  ])('%s rings and is quiet when it should', (name, loud, quiet) => {
    expect(rings(of(name), loud)).toBe(true);
    expect(rings(of(name), quiet)).toBe(false);
  });

  it('a host that has fallen silent rings; a tracker that has is watched elsewhere', () => {
    expect(rings(of('SecondFreeDisk'), minutes(5, undefined))).toBe(true);
    expect(rings(of('NoPrimary'), minutes(5, undefined))).toBe(false);
  });

  it('a minute with one good look in six is no minute of loss, and one bad look is no minute of two primaries', () => {
    expect(of('NoPrimary').Statistic).toBe('Maximum');
    expect(of('TwoPrimaries').Statistic).toBe('Minimum');
    expect(of('PartnerLost').Statistic).toBe('Minimum');
  });

  it('take thresholds, and refuse those that CloudWatch cannot have, all at once', () => {
    const other = alarmsOf({ serverLostFor: Duration.hours(1), freeDiskPercent: 30 });
    expect(other.get('ArbiterLost')?.EvaluationPeriods).toBe(60);
    expect(other.get('FirstFreeDisk')?.Threshold).toBe(30);
    const wrong = {
      mirrorNotSynchronizedFor: Duration.seconds(90),
      primaryUnclearFor: Duration.days(2),
      freeDiskPercent: 0,
      clockOffsetSeconds: 0,
    };
    expect(() => alarmsOf(wrong)).toThrow(
      /mirrorNotSynchronizedFor[\s\S]*primaryUnclearFor[\s\S]*freeDiskPercent[\s\S]*clockOffsetSeconds/,
    );
  });
});

describe('the alarms of a database that no tracker watches', () => {
  /** What the script of the hosts sends of the database itself. */
  const told = [...readFileSync('host/watch-host.sh', 'utf8').matchAll(/of_database ([A-Za-z]+) /g)].map(
    ([, name]) => name,
  );

  it.each([
    ['a pair', ['first', 'second'], ['ArbiterLost', 'MirrorNotSynchronized', 'NoPrimary', 'PartnerLost']],
    ['a single server', ['single'], ['NoPrimary']],
  ])('%s: each has a producer on its hosts', (_, members, expected) => {
    const alarms = alarmsOf({}, { members, tracked: false });
    const ofDatabase = [...alarms].filter(([, { Dimensions }]) => Dimensions.every(({ Name }) => Name !== 'Member'));
    expect(ofDatabase.map(([name]) => name).sort()).toEqual(expected);
    for (const [name, { MetricName }] of ofDatabase) expect(told, name).toContain(MetricName);
    const ofHosts = [...alarms].filter(([, { Dimensions }]) => Dimensions.some(({ Name }) => Name === 'Member'));
    expect(ofHosts).toHaveLength(3 * members.length);
  });

  it('silence of all hosts rings: nobody else notices', () => {
    const alarm = alarmsOf({}, { tracked: false }).get('NoPrimary');
    if (!alarm) throw new Error('no alarm NoPrimary');
    expect(rings(alarm, minutes(3, undefined))).toBe(true);
    expect(rings(alarm, [...minutes(2, 0), 1])).toBe(false);
  });
});
