import { describe, expect, test } from 'vitest';
import { nextFirings, readSchedule, ScheduleExpressionError } from '../../../rehearsal/events/schedule-expression';

const START = Date.parse('2026-01-01T00:00:00Z');

function firings(expression: string, after: string, count: number, timeZone?: string): string[] {
  const schedule = readSchedule(expression, { service: 'scheduler', timeZone, startMillis: START });
  return nextFirings(schedule, Date.parse(after), count).map((it) =>
    new Date(it).toISOString().replace(':00.000Z', 'Z'),
  );
}

describe('cron', () => {
  // 2026-01-01 is a Thursday.
  test.each<[expression: string, expected: string[]]>([
    ['cron(* * * * ? *)', ['2026-01-01T00:01Z', '2026-01-01T00:02Z']],
    ['cron(0/15 * * * ? *)', ['2026-01-01T00:15Z', '2026-01-01T00:30Z', '2026-01-01T00:45Z', '2026-01-01T01:00Z']],
    ['cron(5/20 3 * * ? *)', ['2026-01-01T03:05Z', '2026-01-01T03:25Z', '2026-01-01T03:45Z', '2026-01-02T03:05Z']],
    ['cron(0 8 1 * ? *)', ['2026-01-01T08:00Z', '2026-02-01T08:00Z']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-01T18:00Z', '2026-01-02T18:00Z', '2026-01-05T18:00Z']],
    ['cron(0 18 ? * 2-6 *)', ['2026-01-01T18:00Z', '2026-01-02T18:00Z', '2026-01-05T18:00Z']],
    ['cron(0 9 ? * 1 *)', ['2026-01-04T09:00Z', '2026-01-11T09:00Z']],
    ['cron(0 9 ? * 7 *)', ['2026-01-03T09:00Z', '2026-01-10T09:00Z']],
    ['cron(0 9 ? * L *)', ['2026-01-03T09:00Z', '2026-01-10T09:00Z']],
    ['cron(0 9 ? * 2#1 *)', ['2026-01-05T09:00Z', '2026-02-02T09:00Z']],
    ['cron(0 9 ? * 6L *)', ['2026-01-30T09:00Z', '2026-02-27T09:00Z']],
    ['cron(0 9 L * ? *)', ['2026-01-31T09:00Z', '2026-02-28T09:00Z']],
    ['cron(0 9 3W * ? *)', ['2026-01-02T09:00Z', '2026-02-03T09:00Z']],
    ['cron(0 9 1 1/6 ? *)', ['2026-01-01T09:00Z', '2026-07-01T09:00Z', '2027-01-01T09:00Z']],
    ['cron(0 9 1 MAR,JUN ? *)', ['2026-03-01T09:00Z', '2026-06-01T09:00Z']],
    ['cron(0 9 1 1 ? 2027/2)', ['2027-01-01T09:00Z', '2029-01-01T09:00Z']],
    ['cron(0 9 1 1 ? 2026)', ['2026-01-01T09:00Z']],
    ['cron(0 9 29 2 ? *)', ['2028-02-29T09:00Z']],
    ['cron(0 9 1 1 ? 2025)', []],
  ])('%s', (expression, expected) => {
    expect(firings(expression, '2026-01-01T00:00:00Z', Math.max(expected.length, 1))).toEqual(expected);
  });

  test('in a time zone, through both changes of the clock', () => {
    expect(firings('cron(0 8 * * ? *)', '2026-03-28T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-28T07:00Z',
      '2026-03-29T06:00Z',
      '2026-03-30T06:00Z',
    ]);
  });

  test('skips a time that daylight saving removes', () => {
    expect(firings('cron(30 2 * * ? *)', '2026-03-28T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-30T00:30Z',
      '2026-03-31T00:30Z',
    ]);
  });

  test('fires once at a time that daylight saving repeats', () => {
    expect(firings('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ]);
  });
});

describe('rate', () => {
  test('Scheduler fires at its start and at every interval after it', () => {
    const schedule = readSchedule('rate(5 minutes)', { service: 'scheduler', startMillis: START });
    expect(nextFirings(schedule, START - 1, 3)).toEqual([START, START + 300_000, START + 600_000]);
    expect(schedule.next(START)).toBe(START + 300_000);
    expect(schedule.next(START + 299_999)).toBe(START + 300_000);
  });

  test('a rule fires only after its first interval', () => {
    const schedule = readSchedule('rate(1 hour)', { service: 'rule', startMillis: START });
    expect(schedule.next(START - 1)).toBe(START + 3_600_000);
    expect(schedule.next(START + 3_600_000)).toBe(START + 7_200_000);
  });

  test('a day has 24 hours, whatever the clock on the wall does', () => {
    expect(firings('rate(1 day)', '2026-03-28T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-29T00:00Z',
      '2026-03-30T00:00Z',
    ]);
  });
});

describe('at', () => {
  test('fires once, in its time zone', () => {
    expect(firings('at(2026-11-20T13:00:00)', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-11-20T13:00Z']);
    expect(firings('at(2026-11-20T13:00:00)', '2026-01-01T00:00:00Z', 2, 'America/New_York')).toEqual([
      '2026-11-20T18:00Z',
    ]);
    expect(firings('at(2026-11-20T13:00:00)', '2026-11-20T13:00:00Z', 1)).toEqual([]);
  });
});

describe('what the services refuse', () => {
  test.each<[expression: string, service: 'scheduler' | 'rule', why: string]>([
    ['every minute', 'scheduler', 'a schedule is'],
    ['rate(0 minutes)', 'scheduler', 'above zero'],
    ['rate(5 seconds)', 'scheduler', 'minutes, hours or days'],
    ['rate(1.5 hours)', 'scheduler', 'minutes, hours or days'],
    ['rate(1 minutes)', 'rule', 'singular'],
    ['rate(5 minute)', 'rule', 'singular'],
    ['at(2026-11-20T13:00:00)', 'rule', 'rate(...) or cron(...)'],
    ['at(2026-11-20)', 'scheduler', 'yyyy-mm-ddThh:mm:ss'],
    ['at(2026-13-20T13:00:00)', 'scheduler', 'yyyy-mm-ddThh:mm:ss'],
    ['cron(* * * * *)', 'scheduler', 'six fields'],
    ['cron(* * * * * *)', 'scheduler', 'only one'],
    ['cron(* * ? * ? *)', 'scheduler', 'only one'],
    ['cron(0 9 ? * 0 *)', 'scheduler', 'days of the week'],
    ['cron(0 9 ? * 8 *)', 'scheduler', 'days of the week'],
    ['cron(61 9 * * ? *)', 'scheduler', 'cron(61'],
  ])('%s of a %s', (expression, service, why) => {
    const read = () => readSchedule(expression, { service, startMillis: START });
    expect(read).toThrow(ScheduleExpressionError);
    expect(read).toThrow(why);
  });

  test('an unknown time zone', () => {
    expect(() =>
      readSchedule('rate(1 day)', { service: 'scheduler', timeZone: 'Europe/Atlantis', startMillis: START }),
    ).toThrow('no time zone Europe/Atlantis');
  });

  test('Scheduler takes a rate in the singular and the plural', () => {
    expect(firings('rate(1 minutes)', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T00:01Z']);
  });
});
