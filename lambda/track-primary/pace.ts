import { POLL_EVERY } from './watch';

/*
 * How often the tracker may ask the RDS API, pure. All callers of an account and Region share 12 requests a second
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-api-throttling.html); the tracker takes a tenth of that unless it is told
 * otherwise, looks after events included.
 */
export const CALLS_PER_SECOND = 1.2;

/** The share of the watch; the rest is for events. */
const OF_THE_WATCH = 0.9;

const MINUTE = 60_000;

/** While the account is throttled looks are up to this far apart: the tracker must not be what throttles it. */
export const POLL_AT_LEAST_EVERY = 30_000;

/**
 * How far apart looks of so many calls must be. Each minute a new watch looks at once, while the one before may just have looked: one
 * look more.
 */
export function lookEvery(calls: number, perSecond: number): number {
  const looks = (60 * perSecond * OF_THE_WATCH) / calls - 1;
  return looks <= 1 ? MINUTE : Math.max(POLL_EVERY, Math.ceil(MINUTE / looks));
}

/** How many looks at one database a minute has room for, beside those of the watch. */
export function eventLooksAMinute(calls: number, perSecond: number): number {
  const ofTheWatch = calls * (MINUTE / lookEvery(calls, perSecond) + 1);
  return Math.max(0, Math.floor(60 * perSecond - ofTheWatch));
}

/**
 * The pause after so many throttled looks in a row: twice as long each time, and somewhere in its second half, so that trackers which
 * were refused together do not come back together.
 */
export function backOff(refusals: number, every: number, random: number): number {
  const longest = Math.max(every, Math.min(POLL_AT_LEAST_EVERY, every * 2 ** refusals));
  return Math.max(every, Math.round(longest / 2 + (random * longest) / 2));
}
