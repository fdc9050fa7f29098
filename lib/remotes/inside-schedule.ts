import { Duration, type TimeZone } from 'aws-cdk-lib';
import { known, knownSeconds, type Problems } from '../validation/problems';
import { PROFILE_NAME, SHORT_NAME } from './contract';

/** A day of the week, in the time zone of the schedule. */
export enum Weekday {
  /** Every Monday. */
  MONDAY = 'Mon',
  /** Every Tuesday. */
  TUESDAY = 'Tue',
  /** Every Wednesday. */
  WEDNESDAY = 'Wed',
  /** Every Thursday. */
  THURSDAY = 'Thu',
  /** Every Friday. */
  FRIDAY = 'Fri',
  /** Every Saturday. */
  SATURDAY = 'Sat',
  /** Every Sunday. */
  SUNDAY = 'Sun',
}

const WEEK = [
  Weekday.MONDAY,
  Weekday.TUESDAY,
  Weekday.WEDNESDAY,
  Weekday.THURSDAY,
  Weekday.FRIDAY,
  Weekday.SATURDAY,
  Weekday.SUNDAY,
];

/** What every schedule inside a database has. */
export interface InsideScheduleOptions {
  /** Name of the schedule in run ids, metrics and the event of the database: 1 to 64 letters, digits, `_ . -`. */
  readonly name: string;

  /**
   * The synchronization profile.
   *
   * @default - the one that the host is configured with
   */
  readonly profile?: string;

  /**
   * The time zone of the times of day. The host's zone and the database server's do not matter. A time that a change to summer time
   * leaves out comes at the first moment after the gap; one that comes twice in autumn fires the first time.
   *
   * @default TimeZone.ETC_UTC
   */
  readonly timeZone?: TimeZone;

  /**
   * The days on which it fires.
   *
   * @default - each day
   */
  readonly days?: Weekday[];

  /**
   * For how long a sync that failed, or that fell into a failover, is begun again; in whole minutes, at most a day.
   *
   * @default - the interval of `every`; two hours of `daily`. UNSOURCED
   */
  readonly catchUp?: Duration;
}

/** A schedule of syncs again and again. */
export interface IntervalScheduleOptions extends InsideScheduleOptions {
  /** From one sync to the next, in whole minutes; 1 minute to 24 hours. Counted from `from`, each day anew. */
  readonly interval: Duration;

  /**
   * The first sync of a day, `HH:MM`.
   *
   * @default '00:00'
   */
  readonly from?: string;

  /**
   * Until when a sync is begun, `HH:MM`, itself not included.
   *
   * @default '24:00'
   */
  readonly to?: string;
}

/** A schedule of one sync a day. */
export interface DailyScheduleOptions extends InsideScheduleOptions {
  /** The time of day, `HH:MM`. */
  readonly at: string;
}

const DAY_MINUTES = 24 * 60;

/** Offsets of time zones are multiples of this (tz database: the odd ones of today are 30 and 45 minutes). */
const ZONE_STEP_MINUTES = 15;

/**
 * When a remote database starts syncs by itself, with an event that both partners hold and only the primary fires: for hosts that AWS
 * reaches seldom or never. The event fires at every moment that can be a slot in any time zone; `host/sync-due.sh` knows the zone and
 * whether the slot is due, so neither the server's time zone nor summer time changes what is synchronized.
 *
 * A slot that was missed, by a failover or a fault, is made up for at the next firing within `catchUp`. After a failover the
 * latest slot is synchronized once more by the new primary, which cannot know of it.
 */
export class InsideSchedule {
  /** Syncs again and again, each day from one time to another. */
  public static every(options: IntervalScheduleOptions): InsideSchedule {
    const minutes = minutesOf(options.interval);
    return new InsideSchedule(
      options,
      { every: String(minutes), from: options.from ?? '00:00', to: options.to ?? '24:00' },
      minutes,
      options.from ?? '00:00',
      options.interval,
    );
  }

  /** One sync a day. */
  public static daily(options: DailyScheduleOptions): InsideSchedule {
    return new InsideSchedule(options, { at: options.at }, DAY_MINUTES, options.at, undefined);
  }

  /** Name of the schedule. */
  public readonly name: string;

  private constructor(
    private readonly options: InsideScheduleOptions,
    private readonly times: { readonly [key: string]: string },
    private readonly minutes: number,
    private readonly first: string,
    private readonly interval: Duration | undefined,
  ) {
    this.name = options.name;
  }

  /**
   * As the hosts read it, in `schedules.conf`.
   *
   * @internal
   */
  public _line(): string {
    const { name, profile, timeZone, days, catchUp } = this.options;
    const settings = {
      name,
      profile,
      zone: timeZone?.timezoneName ?? 'Etc/UTC',
      ...this.times,
      days: days && WEEK.filter((day) => days.includes(day)).join(','),
      catchUp: String(catchUp?.toSeconds() ?? (this.interval ? this.minutes * 60 : 7200)),
    };
    return Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${value}`)
      .join(';');
  }

  /**
   * The moments at which the event fires: every so many minutes, from a minute of the day on.
   *
   * @internal
   */
  public _firings(): { readonly startTime: string; readonly everyMinutes: number } {
    const every = greatestCommonDivisor(this.minutes, ZONE_STEP_MINUTES);
    const start = minuteOfDay(this.first) % every;
    return { startTime: `00:${String(start).padStart(2, '0')}`, everyMinutes: every };
  }

  /**
   * How far apart two syncs are at most; the hosts skip whole days, and what lies outside of `from` and `to`.
   *
   * @internal
   */
  public get _longestGap(): Duration {
    const { days } = this.options;
    if (days !== undefined) return Duration.days(1 + longestPauseOf(days));
    const wholeDay = this.times.from === '00:00' && this.times.to === '24:00';
    return wholeDay && this.interval ? this.interval : Duration.days(1);
  }

  /**
   * Notes what is wrong with it.
   *
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    this.validateNames(problems, prop);
    this.validateTimes(problems, prop);
  }

  private validateNames(problems: Problems, prop: string): void {
    const { name, profile, timeZone, days } = this.options;
    problems.require(known(name) !== undefined && SHORT_NAME.test(name), {
      id: 'MobiLink:InsideSchedule:Name',
      prop: `${prop}.name`,
      rule: 'must be 1 to 64 letters, digits, _ . - and begin with a letter or digit, known at synth',
      value: known(name),
      fix: 'write it as in stores-hourly',
    });
    problems.require(profile === undefined || (known(profile) !== undefined && PROFILE_NAME.test(profile)), {
      id: 'MobiLink:InsideSchedule:Profile',
      prop: `${prop}.profile`,
      rule: 'must be 1 to 128 letters, digits, _ . - and begin with a letter, a digit or _, known at synth',
      value: known(profile),
      fix: 'name a synchronization profile so, or leave it out for the one of the host',
    });
    const zone = timeZone?.timezoneName ?? 'Etc/UTC';
    problems.require(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(zone), {
      id: 'MobiLink:InsideSchedule:TimeZone',
      prop: `${prop}.timeZone`,
      rule: 'must be a name of the tz database, known at synth',
      value: known(zone),
      fix: 'use TimeZone.EUROPE_BERLIN and its like',
    });
    problems.require(days === undefined || (days.length > 0 && new Set(days).size === days.length), {
      id: 'MobiLink:InsideSchedule:Days',
      prop: `${prop}.days`,
      rule: 'must name at least one day, and each once',
      value: days?.join(', '),
      fix: 'leave it out for each day',
    });
  }

  private validateTimes(problems: Problems, prop: string): void {
    const { at, from, to } = this.times;
    for (const [key, time, pattern] of [
      ['at', at, TIME],
      ['from', from, TIME],
      ['to', to, /^(24:00|([01]\d|2[0-3]):[0-5]\d)$/],
    ] as const) {
      problems.require(time === undefined || pattern.test(time), {
        id: 'MobiLink:InsideSchedule:Time',
        prop: `${prop}.${key}`,
        rule: 'must be a time of day, HH:MM',
        value: time,
        fix: "write it with two digits each, as in '03:00'",
      });
    }
    problems.require(from === undefined || to === undefined || from < to, {
      id: 'MobiLink:InsideSchedule:FromTo',
      prop: `${prop}.to`,
      rule: `must be later than from ('${from}'); a night needs two schedules`,
      value: to,
      fix: "leave it out for '24:00'",
    });
    problems.require(this.interval === undefined || isWholeMinutes(this.interval, 1, DAY_MINUTES), {
      id: 'MobiLink:InsideSchedule:Interval',
      prop: `${prop}.interval`,
      rule: 'must be 1 to 1440 whole minutes, known at synth',
      value: knownSeconds(this.interval),
      fix: 'give Duration.minutes(15) or its like',
    });
    const { catchUp } = this.options;
    problems.require(catchUp === undefined || isWholeMinutes(catchUp, 1, DAY_MINUTES), {
      id: 'MobiLink:InsideSchedule:CatchUp',
      prop: `${prop}.catchUp`,
      rule: 'must be 1 to 1440 whole minutes, known at synth',
      value: knownSeconds(catchUp),
      fix: 'leave it out',
    });
  }
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** A schedule and the prop that holds it. */
export interface GivenSchedule {
  /** The prop, as an error names it. */
  readonly prop: string;
  /** What the prop holds. */
  readonly schedule: InsideSchedule;
}

/** Notes what is wrong with the schedules of one database. */
export function validateInsideSchedules(problems: Problems, given: GivenSchedule[]): void {
  const keys = given.map(({ schedule }) => eventKey(schedule.name));
  given.forEach(({ prop, schedule }, index) => {
    schedule._validate(problems, prop);
    problems.require(keys.indexOf(keys[index] ?? '') === index && keys[index] !== 'catch_up', {
      id: 'MobiLink:InsideSchedule:NameTwice',
      prop: `${prop}.name`,
      rule: 'must differ from the other schedules and from catch_up by more than . - _ and case: it names an event of the database',
      value: schedule.name,
      fix: 'give each schedule a name of its own',
    });
  });
}

/** What a schedule's name becomes in the name of its event. */
export function eventKey(name: string): string {
  return name.replace(/[.-]/g, '_').toLowerCase();
}

function isWholeMinutes(duration: Duration, lowest: number, highest: number): boolean {
  const seconds = knownSeconds(duration);
  if (seconds === undefined) return false;
  const minutes = seconds / 60;
  return Number.isInteger(minutes) && minutes >= lowest && minutes <= highest;
}

/** Whole minutes, or a value that the validation refuses. */
function minutesOf(interval: Duration): number {
  const seconds = knownSeconds(interval);
  return seconds === undefined ? 0 : Math.floor(seconds / 60);
}

function minuteOfDay(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The most days in a row on which nothing fires. */
function longestPauseOf(days: Weekday[]): number {
  const fires = [...WEEK, ...WEEK].map((day) => days.includes(day));
  let longest = 0;
  let pause = 0;
  for (const it of fires) {
    pause = it ? 0 : pause + 1;
    longest = Math.max(longest, pause);
  }
  return Math.min(longest, 6);
}
