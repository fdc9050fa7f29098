import { describe, expect, it } from 'vitest';
import { Chance } from '../../../rehearsal/cloud/chance';
import type { DeadLetter, RuleDescription } from '../../../rehearsal/cloud/event-bus-targets';
import { Latencies } from '../../../rehearsal/cloud/latencies';
import {
  groupArnOf,
  type ScheduleDescription,
  ScheduledRules,
  Scheduler,
  type SchedulerWorld,
} from '../../../rehearsal/cloud/scheduler';
import { ServiceError } from '../../../rehearsal/cloud/service';
import { ACCOUNT, REGION } from './database';
import { QueueClock, taking } from './queue-clock';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 5, 9, 0, 0);

function schedule(overrides: Partial<ScheduleDescription> = {}): ScheduleDescription {
  return {
    name: 'every-minute',
    arn: `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/every-minute`,
    expression: 'cron(* * * * ? *)',
    timezone: 'UTC',
    enabled: true,
    windowMinutes: 0,
    targetArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:tracker`,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/schedule`,
    input: '{"kind":"tick","scheduledAt":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>"}',
    ...overrides,
  };
}

function stage(schedules: ScheduleDescription[], overrides: Partial<SchedulerWorld> = {}) {
  const clock = new QueueClock(START);
  const fired: { at: number; payload: { scheduledAt: string; attempt: string }; sourceArn: string }[] = [];
  const letters: DeadLetter[] = [];
  const scheduler = new Scheduler(schedules, {
    clock,
    latencies: new Latencies(new Chance('schedules')),
    invoke: (_, payload, sourceArn) => fired.push({ at: clock.now(), payload: JSON.parse(payload), sourceArn }),
    deadLetter: (letter) => letters.push(letter),
    ...overrides,
  });
  return { clock, fired, letters, scheduler };
}

describe('a schedule', () => {
  it('fires once a minute, anywhere within it, and says for which', async () => {
    const { clock, fired, scheduler } = stage([schedule()]);
    scheduler.start();
    await clock.run(HOUR + MINUTE);
    const scheduled = fired.slice(0, 60).map(({ payload }) => Date.parse(payload.scheduledAt));
    expect(scheduled).toEqual(Array.from({ length: 60 }, (_, index) => START + (index + 1) * MINUTE));
    const late = fired.map(({ at, payload }) => at - Date.parse(payload.scheduledAt));
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(MINUTE);
    expect(new Set(late).size).toBeGreaterThan(30);
  });

  it('fires anywhere within its flexible window', async () => {
    const { clock, fired, scheduler } = stage([schedule({ expression: 'cron(0 * * * ? *)', windowMinutes: 15 })]);
    scheduler.start();
    await clock.run(100 * HOUR);
    const late = fired.map(({ at, payload }) => at - Date.parse(payload.scheduledAt));
    expect(Math.max(...late)).toBeLessThan(16 * MINUTE);
    expect(Math.max(...late)).toBeGreaterThan(12 * MINUTE);
    expect(Math.min(...late)).toBeLessThan(3 * MINUTE);
  });

  it.each([
    ['that is disabled never fires', { enabled: false }, 0],
    ['fires from its start', { startsAt: START + 50 * MINUTE }, 10],
    ['fires to its end', { endsAt: START + 20 * MINUTE }, 20],
    ['keeps to its time zone', { expression: 'cron(30 10 * * ? *)', timezone: 'Europe/Berlin' }, 1],
    ['keeps to UTC', { expression: 'cron(30 10 * * ? *)' }, 0],
    ['fires at one time only', { expression: 'at(2026-01-05T09:10:00)' }, 1],
  ])('%s', async (_, overrides, count) => {
    const { clock, fired, scheduler } = stage([schedule(overrides)], { latencies: taking(0) });
    scheduler.start();
    await clock.run(HOUR);
    expect(fired).toHaveLength(count);
  });

  it('gives its group, not itself, when it assumes the role', async () => {
    const { clock, fired, scheduler } = stage([schedule()]);
    scheduler.start();
    await clock.run(3 * MINUTE);
    expect(fired[0]?.sourceArn).toBe(`arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule-group/default`);
    expect(groupArnOf('arn:aws:scheduler:r:1:schedule/night/sync')).toBe('arn:aws:scheduler:r:1:schedule-group/night');
  });

  it('tries again what the target does not take for now, and counts the attempts', async () => {
    const attempts: string[] = [];
    const { clock, scheduler } = stage([schedule({ expression: 'at(2026-01-05T09:10:00)' })], {
      invoke: (_, payload) => {
        attempts.push(JSON.parse(payload).attempt);
        if (attempts.length < 3) throw new ServiceError('TooManyRequestsException', 'Rate exceeded', 429);
      },
    });
    scheduler.start();
    await clock.run(HOUR);
    expect(attempts).toEqual(['1', '2', '3']);
    expect(scheduler.failed).toEqual([]);
  });

  it('gives up what is refused for good, and keeps it in the dead-letter queue', async () => {
    const queue = `arn:aws:sqs:${REGION}:${ACCOUNT}:undelivered`;
    const once = schedule({ expression: 'at(2026-01-05T09:10:00)', deadLetterArn: queue });
    const { clock, scheduler, letters } = stage([once], {
      invoke: () => {
        throw new ServiceError('AccessDeniedException', 'not authorized', 403);
      },
    });
    scheduler.start();
    await clock.run(HOUR);
    expect(scheduler.failed).toMatchObject([{ schedule: 'every-minute', reason: 'not authorized' }]);
    expect(letters).toMatchObject([{ queueArn: queue, errorCode: 'AccessDeniedException', sourceArn: once.arn }]);
  });

  it('with a target that nobody knows is refused by name', () => {
    const targetArn = 'arn:aws:scheduler:::aws-sdk:ec2:stopInstances';
    expect(() => stage([schedule({ targetArn })])).toThrow(
      `schedule every-minute: the rehearsal knows no target such as ${targetArn}`,
    );
  });
});

describe('a rule with a schedule', () => {
  const rule = (overrides: Partial<RuleDescription>): RuleDescription => ({
    name: 'nightly',
    arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/nightly`,
    enabled: true,
    targets: [],
    scheduleExpression: 'rate(5 minutes)',
    ...overrides,
  });

  it.each([
    ['by its rate, the first time after one interval', {}, [5, 10, 15, 20, 25, 30]],
    ['by its times', { scheduleExpression: 'cron(0/20 * * * ? *)' }, [20]],
    ['never when it is disabled', { enabled: false }, []],
    ['never when it only has a pattern', { scheduleExpression: undefined }, []],
  ])('fires %s', async (_, overrides, minutes) => {
    const clock = new QueueClock(START);
    const fired: number[] = [];
    new ScheduledRules([rule(overrides)], { clock }, (_rule, scheduled) =>
      fired.push((scheduled - START) / MINUTE),
    ).start();
    await clock.run(30 * MINUTE);
    expect(fired).toEqual(minutes);
  });
});
