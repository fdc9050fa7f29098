import { CfnParameter, Duration, TimeZone } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { dispatchMessage } from '../../lambda/records/sync-messages';
import type { SyncScheduleOptions } from '../../lib';
import { inputOf, schedule, syncs, templateOf } from './syncs-fixture';

const SLOT = '2026-01-05T09:00:00Z';

/** The firing as the function takes it: the schema is the function's own. */
function received(input: Record<string, unknown>) {
  const text = JSON.stringify(input).replace('<aws.scheduler.scheduled-time>', SLOT);
  return v.parse(dispatchMessage, JSON.parse(text));
}

describe('a sync schedule', () => {
  it('sends a firing that the function understands, with every default', () => {
    const it = syncs();
    const { scheduleName } = schedule(it);
    const input = inputOf(templateOf(it));
    expect(input).toEqual({
      kind: 'run',
      schedule: scheduleName,
      scheduledAt: '<aws.scheduler.scheduled-time>',
      groups: ['stores'],
      windowSeconds: 600,
      startWithinSeconds: 900,
      deadlineSeconds: 3600,
      attempts: 3,
      timeLimitSeconds: 86_400,
    });
    expect(received(input)).toMatchObject({ kind: 'run', scheduledAt: '2026-01-05T09:00:00.000Z' });
  });

  it('sends what was asked for', () => {
    const it = syncs();
    schedule(it, {
      groups: ['ships', 'vans'],
      window: Duration.hours(2),
      deadline: Duration.days(13),
      startWithin: Duration.hours(24),
      attempts: 5,
      profile: 'nightly',
      timeLimit: Duration.hours(48),
      scheduleName: 'night',
    });
    expect(received(inputOf(templateOf(it)))).toEqual({
      kind: 'run',
      schedule: 'night',
      scheduledAt: '2026-01-05T09:00:00.000Z',
      groups: ['ships', 'vans'],
      windowSeconds: 7200,
      startWithinSeconds: 86_400,
      deadlineSeconds: 1_123_200,
      attempts: 5,
      profile: 'nightly',
      timeLimitSeconds: 172_800,
    });
  });

  it('fires on the clock of its time zone, into the queue, for as long as a run may begin', () => {
    const it = syncs();
    schedule(it, {
      schedule: ScheduleExpression.cron({ minute: '0', hour: '2', timeZone: TimeZone.EUROPE_BERLIN }),
      startWithin: Duration.minutes(5),
    });
    templateOf(it).hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: Match.absent(),
      ScheduleExpression: 'cron(0 2 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: Match.absent(),
      Target: Match.objectLike({
        Arn: it.stack.resolve(it.dispatcher.dispatchQueue.queueArn),
        RoleArn: it.stack.resolve(it.dispatcher.scheduleRole.roleArn),
        RetryPolicy: { MaximumEventAgeInSeconds: 300 },
        DeadLetterConfig: { Arn: it.stack.resolve(it.dispatcher.dispatchDeadLetterQueue.queueArn) },
      }),
    });
  });

  it('alarms when syncs go on during a failover', () => {
    const it = syncs();
    const { scheduleName } = schedule(it);
    templateOf(it).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'MobiLinkHA',
      MetricName: 'HoldBackOverruns',
      Dimensions: [{ Name: 'Schedule', Value: scheduleName }],
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it('can be switched off', () => {
    const it = syncs();
    schedule(it, { enabled: false });
    templateOf(it).hasResourceProperties('AWS::Scheduler::Schedule', { State: 'DISABLED' });
  });

  it.each([
    ['rate(1 minute)', 30, 3030],
    ['rate(15 minutes)', 450, 3450],
    ['rate(1 hour)', 600, 3600],
    ['rate(1 day)', 600, 3600],
  ])('that fires at %s spreads over %s s and ends after %s s', (expression, windowSeconds, deadlineSeconds) => {
    const it = syncs();
    schedule(it, { schedule: ScheduleExpression.expression(expression) });
    expect(inputOf(templateOf(it))).toMatchObject({ windowSeconds, deadlineSeconds });
  });

  it('has a name that is the same in every synth, known at synth and the id of no other', () => {
    const names = () => {
      const it = syncs();
      return ['One', 'Two'].map((id) => schedule(it, {}, id).scheduleName);
    };
    const [one, two] = names();
    expect(names()).toEqual([one, two]);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
  });

  it('tells a target when its run has finished', () => {
    const it = syncs();
    const one = schedule(it);
    one.onRunFinished('Tell', { target: new targets.SqsQueue(new sqs.Queue(it.stack, 'Other')) });
    templateOf(it).hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['mobilink-ha'],
        'detail-type': ['MobiLink Sync Run Finished'],
        detail: { schedule: [one.scheduleName] },
      },
    });
  });
});

describe('a wrong schedule is refused', () => {
  const wrong: [id: string, options: Partial<SyncScheduleOptions>][] = [
    ['Expression', { schedule: ScheduleExpression.expression('every monday') }],
    ['Groups', { groups: [] }],
    ['Groups', { groups: Array.from({ length: 101 }, (_, index) => `g${index}`) }],
    ['GroupName', { groups: ['a#b'] }],
    ['GroupTwice', { groups: ['a', 'a'] }],
    ['Profile', { profile: '$(reboot)' }],
    ['Profile', { profile: '' }],
    ['Name', { scheduleName: 'a@b' }],
    ['Name', { scheduleName: 'n'.repeat(65) }],
    ['Window', { window: Duration.hours(25), deadline: Duration.days(2) }],
    ['Deadline', { deadline: Duration.days(14) }],
    ['DeadlineInWindow', { window: Duration.minutes(20), deadline: Duration.minutes(20) }],
    ['StartWithin', { startWithin: Duration.seconds(30) }],
    ['StartAfterDeadline', { deadline: Duration.minutes(30), startWithin: Duration.minutes(31) }],
    ['WindowOverPeriod', { schedule: ScheduleExpression.rate(Duration.minutes(15)), window: Duration.minutes(15) }],
    ['TimeLimit', { timeLimit: Duration.seconds(59) }],
    ['TimeLimit', { timeLimit: Duration.hours(49) }],
    ['Attempts', { attempts: 0 }],
    ['Attempts', { attempts: 6 }],
  ];

  it.each(wrong)('%s', (id, options) => {
    expect(() => schedule(syncs(), options)).toThrow(
      new RegExp(`has a problem:\\n  - \\[MobiLink:Schedule:${id}\\] .*, got .*\\. Fix: `),
    );
  });

  it('with everything that is wrong at once', () => {
    expect(() =>
      schedule(syncs(), { groups: ['a b'], attempts: 9, timeLimit: Duration.seconds(1), window: Duration.days(2) }),
    ).toThrow(/4 problems:\n.*GroupName[\s\S]*Window\][\s\S]*TimeLimit[\s\S]*Attempts/);
  });

  it('and two of one name, when the whole is put together', () => {
    const it = syncs();
    for (const id of ['One', 'Two']) schedule(it, { scheduleName: 'hourly' }, id);
    expect(() => templateOf(it)).toThrow(/MobiLink:Dispatcher:ScheduleNameTwice/);
  });
});

describe('what only CloudFormation knows is not judged', () => {
  it('times in seconds, names, groups and the expression', () => {
    const it = syncs();
    const number = (id: string) => new CfnParameter(it.stack, id, { type: 'Number' }).valueAsNumber;
    const text = (id: string) => new CfnParameter(it.stack, id).valueAsString;
    schedule(it, {
      schedule: ScheduleExpression.expression(text('Expression')),
      scheduleName: text('Name'),
      groups: [text('Group'), text('Another')],
      window: Duration.seconds(number('Window')),
      deadline: Duration.seconds(number('Deadline')),
      startWithin: Duration.seconds(number('StartWithin')),
      timeLimit: Duration.seconds(number('TimeLimit')),
      attempts: number('Attempts'),
      profile: text('Profile'),
    });
    templateOf(it).hasResourceProperties('AWS::Scheduler::Schedule', {
      Target: Match.objectLike({
        RetryPolicy: { MaximumEventAgeInSeconds: { Ref: 'StartWithin' } },
        Input: {
          'Fn::Join': [
            '',
            [
              '{"kind":"run","schedule":"',
              { Ref: 'Name' },
              '","scheduledAt":"<aws.scheduler.scheduled-time>","groups":["',
              { Ref: 'Group' },
              '","',
              { Ref: 'Another' },
              '"],"windowSeconds":',
              { Ref: 'Window' },
              ',"startWithinSeconds":',
              { Ref: 'StartWithin' },
              ',"deadlineSeconds":',
              { Ref: 'Deadline' },
              ',"attempts":',
              { Ref: 'Attempts' },
              ',"profile":"',
              { Ref: 'Profile' },
              '","timeLimitSeconds":',
              { Ref: 'TimeLimit' },
              '}',
            ],
          ],
        },
      }),
    });
  });

  it('but a window in minutes, which it cannot convert, and one to which it cannot add a deadline, are refused', () => {
    const it = syncs();
    const window = new CfnParameter(it.stack, 'Window', { type: 'Number' }).valueAsNumber;
    expect(() => schedule(it, { window: Duration.minutes(window), deadline: Duration.hours(1) })).toThrow(
      /Schedule:WindowUnit/,
    );
    expect(() => schedule(it, { window: Duration.seconds(window) }, 'Other')).toThrow(/Schedule:DeadlineNeeded/);
  });
});
