import { App, CfnParameter, Duration, Stack, TimeZone, Token } from 'aws-cdk-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InsideSchedule, Weekday } from '../../lib';
import { validateInsideSchedules } from '../../lib/remotes/inside-schedule';
import { syncEvents } from '../../lib/remotes/sync-events';
import { Problems } from '../../lib/validation/problems';

const every = (options: Partial<Parameters<typeof InsideSchedule.every>[0]> = {}) =>
  InsideSchedule.every({ name: 'store-sales', interval: Duration.minutes(15), ...options });
const daily = (options: Partial<Parameters<typeof InsideSchedule.daily>[0]> = {}) =>
  InsideSchedule.daily({ name: 'store-prices', at: '03:00', ...options });

function problemsOf(...schedules: InsideSchedule[]): string[] {
  const problems = new Problems(new Stack(new App(), 'Test'));
  validateInsideSchedules(
    problems,
    schedules.map((schedule, index) => ({ prop: `schedules[${index}]`, schedule })),
  );
  return problems.messages();
}

describe('a schedule inside a database, as its host reads it', () => {
  it('says everything in one line', () => {
    const days = [Weekday.MONDAY, Weekday.SATURDAY];
    const timeZone = TimeZone.EUROPE_BERLIN;
    expect(every({ profile: 'sales', timeZone, from: '06:00', to: '22:00', days })._line()).toBe(
      'name=store-sales;profile=sales;zone=Europe/Berlin;every=15;from=06:00;to=22:00;days=Mon,Sat;catchUp=900',
    );
    expect(daily({ catchUp: Duration.minutes(30), timeZone })._line()).toBe(
      'name=store-prices;zone=Europe/Berlin;at=03:00;catchUp=1800',
    );
  });

  it('has a default for all but its name and its times', () => {
    expect(every()._line()).toBe('name=store-sales;zone=Etc/UTC;every=15;from=00:00;to=24:00;catchUp=900');
    expect(daily()._line()).toBe('name=store-prices;zone=Etc/UTC;at=03:00;catchUp=7200');
  });
});

describe('the event of a schedule', () => {
  it.each([
    [daily(), '00:00', 15],
    [daily({ at: '03:20' }), '00:05', 15],
    [every(), '00:00', 15],
    [every({ interval: Duration.hours(1), from: '06:10' }), '00:10', 15],
    [every({ interval: Duration.minutes(10) }), '00:00', 5],
    [every({ interval: Duration.minutes(7) }), '00:00', 1],
  ])('fires often enough: %#', (schedule, startTime, everyMinutes) => {
    expect(schedule._firings()).toEqual({ startTime, everyMinutes });
  });

  it('fires at the moment of every slot, whatever the zone of the schedule and that of the server are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1440 }),
        fc.integer({ min: 0, max: 1439 }),
        // Minutes that a zone is ahead of UTC.
        fc.integer({ min: -48, max: 56 }).map((quarters) => quarters * 15),
        fc.integer({ min: -48, max: 56 }).map((quarters) => quarters * 15),
        fc.integer({ min: 0, max: 40 }),
        (interval, first, zone, server, nth) => {
          const from = `${String(Math.floor(first / 60)).padStart(2, '0')}:${String(first % 60).padStart(2, '0')}`;
          const slot = first + nth * interval;
          fc.pre(slot < 1440);
          const { startTime, everyMinutes } = every({ interval: Duration.minutes(interval), from })._firings();
          const onServer = slot - zone + server;
          const start = Number(startTime.slice(3));
          return (((onServer - start) % everyMinutes) + everyMinutes) % everyMinutes === 0;
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('commits before it calls, and there is one more for what a failover left out', () => {
    expect(syncEvents([daily({ name: 'Store.prices-2' })])).toEqual([
      `CREATE OR REPLACE EVENT "mobilink_ha_sync_store_prices_2" SCHEDULE "slots" START TIME '00:00' EVERY 15 MINUTES HANDLER BEGIN COMMIT; ` +
        `CALL xp_cmdshell('/bin/bash /opt/mobilink-ha/sync-due.sh Store.prices-2', 'no_output'); END`,
      `CREATE OR REPLACE EVENT "mobilink_ha_sync_catch_up" TYPE MirrorFailover HANDLER BEGIN COMMIT; ` +
        `CALL xp_cmdshell('/bin/bash /opt/mobilink-ha/sync-due.sh', 'no_output'); END`,
    ]);
  });

  it('is not there without a schedule', () => {
    expect(syncEvents([])).toEqual([]);
  });
});

describe('what a schedule inside refuses', () => {
  it('nothing that is right', () => {
    expect(problemsOf(every(), daily(), every({ name: 'x', to: '23:59', days: [Weekday.SUNDAY] }))).toEqual([]);
  });

  it.each([
    [every({ name: 'a b' }), 'MobiLink:InsideSchedule:Name'],
    [every({ name: "a'; DROP TABLE x" }), 'MobiLink:InsideSchedule:Name'],
    [every({ name: new CfnParameter(new Stack(), 'P').valueAsString }), 'MobiLink:InsideSchedule:Name'],
    [every({ profile: '$(x)' }), 'MobiLink:InsideSchedule:Profile'],
    [every({ timeZone: TimeZone.of('Europe/Ber;lin') }), 'MobiLink:InsideSchedule:TimeZone'],
    [every({ timeZone: TimeZone.of(Token.asString({ Ref: 'Zone' })) }), 'MobiLink:InsideSchedule:TimeZone'],
    [every({ timeZone: TimeZone.of('../../etc/passwd') }), 'MobiLink:InsideSchedule:TimeZone'],
    [every({ days: [] }), 'MobiLink:InsideSchedule:Days'],
    [every({ days: [Weekday.MONDAY, Weekday.MONDAY] }), 'MobiLink:InsideSchedule:Days'],
    [daily({ at: '24:00' }), 'MobiLink:InsideSchedule:Time'],
    [daily({ at: '3:00' }), 'MobiLink:InsideSchedule:Time'],
    [every({ from: '6' }), 'MobiLink:InsideSchedule:Time'],
    [every({ to: '24:01' }), 'MobiLink:InsideSchedule:Time'],
    [every({ from: '22:00', to: '06:00' }), 'MobiLink:InsideSchedule:FromTo'],
    [every({ interval: Duration.seconds(90) }), 'MobiLink:InsideSchedule:Interval'],
    [every({ interval: Duration.minutes(0) }), 'MobiLink:InsideSchedule:Interval'],
    [every({ interval: Duration.hours(25) }), 'MobiLink:InsideSchedule:Interval'],
    [
      every({ interval: Duration.minutes(new CfnParameter(new Stack(), 'P', { type: 'Number' }).valueAsNumber) }),
      'MobiLink:InsideSchedule:Interval',
    ],
    [daily({ catchUp: Duration.seconds(1) }), 'MobiLink:InsideSchedule:CatchUp'],
    [daily({ catchUp: Duration.days(2) }), 'MobiLink:InsideSchedule:CatchUp'],
  ])('%#', (schedule, id) => {
    expect(problemsOf(schedule).join('\n')).toContain(`[${id}] schedules[0].`);
  });

  it('two names that become one event, and the name of the catch-up', () => {
    expect(problemsOf(every({ name: 'a.b' }), daily({ name: 'A-B' }))).toEqual([
      expect.stringContaining('[MobiLink:InsideSchedule:NameTwice] schedules[1].name'),
    ]);
    expect(problemsOf(every({ name: 'catch-up' }))).toEqual([expect.stringContaining('NameTwice')]);
  });
});
