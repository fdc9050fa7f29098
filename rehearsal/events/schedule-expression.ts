import { Cron } from 'croner';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const UNITS: Readonly<Record<string, number>> = { minute: MINUTE, hour: 60 * MINUTE, day: DAY };

/** A schedule expression that the service would refuse. */
export class ScheduleExpressionError extends Error {
  override readonly name = 'ScheduleExpressionError';
}

export interface ScheduleOptions {
  /** Whose grammar: rules of EventBridge know no `at(...)`, no time zone, and want `1 minute` but `2 minutes`. */
  readonly service: 'scheduler' | 'rule';
  /**
   * IANA name, as in `Europe/Berlin`.
   * @default - UTC
   */
  readonly timeZone?: string;
  /** When the schedule was created or starts, in milliseconds since 1970: a rate counts from here. */
  readonly startMillis: number;
}

/** When a schedule fires. */
export interface Schedule {
  /** The first time after the given one, both in milliseconds since 1970; undefined where it never fires again. */
  next(afterMillis: number): number | undefined;
}

/** The next `count` times after `afterMillis`, in milliseconds since 1970; fewer where the schedule ends. */
export function nextFirings(schedule: Schedule, afterMillis: number, count: number): number[] {
  const firings: number[] = [];
  for (let at = schedule.next(afterMillis); at !== undefined && firings.length < count; at = schedule.next(at)) {
    firings.push(at);
  }
  return firings;
}

export function readSchedule(expression: string, options: ScheduleOptions): Schedule {
  const [, kind, body = ''] = /^(rate|cron|at)\((.*)\)$/s.exec(expression.trim()) ?? [];
  const refuse = (why: string) => new ScheduleExpressionError(`${expression}: ${why}`);
  const timeZone = options.timeZone ?? 'UTC';
  if (!isTimeZone(timeZone)) throw refuse(`there is no time zone ${timeZone}`);
  if (options.service === 'rule' && (kind === 'at' || options.timeZone !== undefined)) {
    throw refuse('a rule of EventBridge takes rate(...) or cron(...), in UTC only');
  }
  try {
    if (kind === 'rate') return rate(body, options);
    if (kind === 'cron') return cron(body, timeZone);
    if (kind === 'at') return once(body, timeZone);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  throw refuse('a schedule is rate(...), cron(...) or at(...)');
}

function rate(body: string, { service, startMillis }: ScheduleOptions): Schedule {
  const [, number = '', unit = '', plural] = /^\s*(\d+)\s+(minute|hour|day)(s)?\s*$/.exec(body) ?? [];
  const every = Number(number) * (UNITS[unit] ?? 0);
  if (every <= 0) throw new Error('a rate is a number above zero of minutes, hours or days');
  if (service === 'rule' && (Number(number) === 1) !== (plural === undefined)) {
    throw new Error('a rule wants the singular for 1 and the plural for more');
  }
  // Scheduler fires at once where no start date holds it back; a rule waits for its first interval to pass
  // [EventBridge Scheduler User Guide, "Rate-based schedules"; EventBridge User Guide, "Rate expressions"].
  const first = service === 'scheduler' ? startMillis : startMillis + every;
  return {
    next: (after) => (after < first ? first : first + (Math.floor((after - first) / every) + 1) * every),
  };
}

function once(body: string, timeZone: string): Schedule {
  const time = body.trim();
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(time) || Number.isNaN(Date.parse(`${time}Z`))) {
    throw new Error('a single time is written yyyy-mm-ddThh:mm:ss');
  }
  // No zone is two days away from UTC.
  const before = new Date(Date.parse(`${time}Z`) - 2 * DAY);
  const at = new Cron(time, { timezone: timeZone, paused: true }).nextRun(before);
  return { next: (after) => (at && after < at.getTime() ? at.getTime() : undefined) };
}

function cron(body: string, timeZone: string): Schedule {
  const fields = body.trim().split(/\s+/);
  const [minutes = '', hours = '', days = '', months = '', weekdays = '', years = ''] = fields;
  if (fields.length !== 6) throw new Error('cron takes six fields: minutes hours day-of-month month day-of-week year');
  if ((days === '?') === (weekdays === '?')) throw new Error('one of day-of-month and day-of-week is ?, and only one');
  const pattern = [
    '0',
    steps(minutes, 59),
    steps(hours, 23),
    days === '?' ? '*' : steps(days, 31),
    steps(months, 12),
    weekdays === '?' ? '*' : steps(weekdaysFromZero(weekdays), 6),
    steps(years, 2199),
  ].join(' ');
  const job = new Cron(pattern, { timezone: timeZone, paused: true, mode: '7-part' });
  return {
    next: (after) => {
      let at = job.nextRun(new Date(after));
      // croner moves a time that daylight saving removes to the hour after it; EventBridge Scheduler skips it.
      while (at && !job.match(at)) at = job.nextRun(at);
      return at?.getTime();
    },
  };
}

/** `0/15` of AWS is `0-59/15` of croner. */
function steps(field: string, last: number): string {
  return field.replace(/(^|,)(\d+)\/(\d+)/g, `$1$2-${last}/$3`);
}

/** AWS counts days of the week from 1, Sunday; croner from 0. What follows # or / is no day. */
function weekdaysFromZero(field: string): string {
  return field
    .split(',')
    .map((entry) => {
      const [, day = '', rest = ''] = /^([^#/]*)(.*)$/.exec(entry) ?? [];
      // A lone L is the last day of the week.
      return (day === 'L' ? '6' : day.replace(/\d+/g, weekdayFromZero)) + rest;
    })
    .join(',');
}

function weekdayFromZero(day: string): string {
  const number = Number(day);
  if (number < 1 || number > 7) throw new Error(`days of the week are 1 (Sunday) to 7, not ${day}`);
  return String(number - 1);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
