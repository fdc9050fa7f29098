import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { requireSeconds, requireWhole } from '../validation/bounds';
import { known, knownSeconds, Problems } from '../validation/problems';
import { PROFILE_NAME, SHORT_NAME } from './contract';
import type { SyncScheduleOptions } from './sync-schedule-props';

const DAY = 86_400;
const UNITS: { readonly [unit: string]: number } = { minute: 60, hour: 3600, day: DAY };

/** The times of a schedule, defaults filled in. */
export interface SyncTimes {
  readonly window: Duration;
  readonly deadline: Duration;
  readonly startWithin: Duration;
  readonly timeLimit: Duration;
}

/** Seconds between two firings, if the schedule is a rate that is known at synth. */
export function periodOf({ schedule }: SyncScheduleOptions): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(known(schedule.expressionString) ?? '') ?? [];
  return count === undefined || unit === undefined ? undefined : Number(count) * (UNITS[unit] ?? 0);
}

/** How far apart two runs are at most, as far as the expression says so in so many words. */
export function longestGapOf(options: SyncScheduleOptions): Duration {
  if (options.longestGap) return options.longestGap;
  const period = periodOf(options);
  if (period !== undefined) return Duration.seconds(period);
  const [, minute, hour, dayOfMonth, month, dayOfWeek] =
    /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \S+\)$/.exec(known(options.schedule.expressionString) ?? '') ?? [];
  const daily = [dayOfMonth, month, dayOfWeek].every((field) => field === '*' || field === '?');
  return daily && hour === '*' && minute !== undefined ? Duration.hours(1) : Duration.days(1);
}

export function timesOf(props: SyncScheduleOptions): SyncTimes {
  const period = periodOf(props);
  const window = props.window ?? Duration.seconds(Math.min(600, Math.floor((period ?? DAY) / 2)));
  const windowSeconds = knownSeconds(window);
  const deadline =
    props.deadline ??
    // CloudFormation cannot add; a rule asks for a deadline then.
    Duration.seconds(windowSeconds === undefined ? 3600 : windowSeconds + 3000);
  return {
    window,
    deadline,
    startWithin: props.startWithin ?? Duration.seconds(Math.min(900, knownSeconds(deadline) ?? 900)),
    timeLimit: props.timeLimit ?? Duration.hours(24),
  };
}

/** Throws one error with everything that is wrong with the props of a schedule. */
export function validateSchedule(scope: Construct, props: SyncScheduleOptions, times: SyncTimes, name: string): void {
  const problems = new Problems(scope);
  validateExpression(problems, props);
  validateNames(problems, props, name);
  validateTimes(problems, props, times);
  requireWhole(problems, props.attempts, {
    id: 'MobiLink:Schedule:Attempts',
    prop: 'attempts',
    lowest: 1,
    highest: 5,
    fix: 'leave it out for 3: the known primary, its partner, all hosts',
  });
  problems.throwIfAny();
}

function validateExpression(problems: Problems, { schedule }: SyncScheduleOptions): void {
  const expression = known(schedule.expressionString);
  problems.require(expression === undefined || /^(rate|cron|at)\(.+\)$/.test(expression), {
    id: 'MobiLink:Schedule:Expression',
    prop: 'schedule',
    rule: 'must be rate(...), cron(...) or at(...)',
    value: expression,
    fix: 'use ScheduleExpression.rate or ScheduleExpression.cron',
  });
}

function validateNames(problems: Problems, { groups, profile }: SyncScheduleOptions, name: string): void {
  const rule = 'must be 1 to 64 letters, digits, _ . - and begin with a letter or digit';
  problems.require(known(name) === undefined || SHORT_NAME.test(name), {
    id: 'MobiLink:Schedule:Name',
    prop: 'scheduleName',
    rule,
    value: name,
    fix: 'leave it out, or write it as in stores-hourly',
  });
  const list = known(groups);
  problems.require(list === undefined || (list.length >= 1 && list.length <= 100), {
    id: 'MobiLink:Schedule:Groups',
    prop: 'groups',
    rule: 'must be 1 to 100',
    value: list?.length,
    fix: 'name the groups whose remotes are synchronized',
  });
  for (const [index, group] of (list ?? []).entries()) {
    problems.require(known(group) === undefined || SHORT_NAME.test(group), {
      id: 'MobiLink:Schedule:GroupName',
      prop: `groups[${index}]`,
      rule,
      value: group,
      fix: 'name it as in the registry, before the #',
    });
    problems.require(list?.indexOf(group) === index, {
      id: 'MobiLink:Schedule:GroupTwice',
      prop: `groups[${index}]`,
      rule: 'must be named once',
      value: group,
      fix: 'leave it out',
    });
  }
  const profileName = known(profile);
  problems.require(profileName === undefined || PROFILE_NAME.test(profileName), {
    id: 'MobiLink:Schedule:Profile',
    prop: 'profile',
    rule: 'must be 1 to 128 letters, digits, _ . - and begin with a letter, a digit or _',
    value: profileName,
    fix: 'name a synchronization profile so, or leave it out for the one of the host',
  });
}

function validateTimes(problems: Problems, props: SyncScheduleOptions, times: SyncTimes): void {
  const gap = props.longestGap;
  problems.require(gap === undefined || (knownSeconds(gap) ?? 0) >= 60, {
    id: 'MobiLink:Schedule:LongestGap',
    prop: 'longestGap',
    rule: 'must be at least a minute, and known at synth: an alarm counts hours',
    value: gap?.isUnresolved() ? 'a token' : gap?.toHumanString(),
    fix: 'give the time between two runs, for example Duration.days(3) over a weekend',
  });
  requireSeconds(problems, times.window, {
    id: 'MobiLink:Schedule:Window',
    prop: 'window',
    lowest: 0,
    highest: DAY,
    fix: 'leave it out for 10 minutes, or give Duration.seconds(0) to start all at once',
  });
  requireSeconds(problems, times.deadline, {
    id: 'MobiLink:Schedule:Deadline',
    prop: 'deadline',
    lowest: 60,
    highest: 13 * DAY,
    why: 'a queue keeps a message for 14 days',
    fix: 'leave it out for 50 minutes after the window',
  });
  requireSeconds(problems, times.startWithin, {
    id: 'MobiLink:Schedule:StartWithin',
    prop: 'startWithin',
    lowest: 60,
    highest: DAY,
    why: 'EventBridge Scheduler tries to deliver for that long at least and at most',
    fix: 'leave it out for 15 minutes',
  });
  requireSeconds(problems, times.timeLimit, {
    id: 'MobiLink:Schedule:TimeLimit',
    prop: 'timeLimit',
    lowest: 60,
    highest: 2 * DAY,
    why: '172800 is the longest of Systems Manager',
    fix: 'leave it out for 24 hours',
  });
  problems.require(props.deadline !== undefined || knownSeconds(times.window) !== undefined, {
    id: 'MobiLink:Schedule:DeadlineNeeded',
    prop: 'deadline',
    rule: 'must be given if window is a token; CloudFormation cannot add',
    value: undefined,
    fix: 'give a deadline longer than any window that you deploy',
  });
  const [window, deadline, startWithin] = [times.window, times.deadline, times.startWithin].map(knownSeconds);
  problems.require(window === undefined || deadline === undefined || deadline > window, {
    id: 'MobiLink:Schedule:DeadlineInWindow',
    prop: 'deadline',
    rule: `must be longer than the window (${window} s), or remotes at its end are missed before they start`,
    value: deadline,
    fix: 'raise deadline or shorten window',
  });
  problems.require(startWithin === undefined || deadline === undefined || startWithin <= deadline, {
    id: 'MobiLink:Schedule:StartAfterDeadline',
    prop: 'startWithin',
    rule: `must not be longer than the deadline (${deadline} s), or a run begins whose remotes are all missed`,
    value: startWithin,
    fix: 'shorten startWithin or raise deadline',
  });
  const period = periodOf(props);
  problems.require(window === undefined || period === undefined || window < period, {
    id: 'MobiLink:Schedule:WindowOverPeriod',
    prop: 'window',
    rule: `must be shorter than the period of the schedule (${period} s), or a run begins before the last one is ordered`,
    value: window,
    fix: 'shorten window, or run less often',
  });
}
