import { backOff, CALLS_PER_SECOND, eventLooksAMinute, lookEvery } from '../../lambda/track-primary/pace';
import { groupsOf, type Listed } from '../../lambda/track-primary/rds-group';
import { watch } from '../../lambda/track-primary/watch';
import { Chance } from '../../rehearsal/cloud/chance';

/*
 * What watches over so many instances ask of the RDS API in an hour, in simulated time: each minute's watch begins anywhere within its
 * minute and ends the one before at that one's next look.
 *   node --import tsx test/track-primary/calls-an-hour.ts
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** RDS User Guide, "API throttling": sustained, over all callers of an account and Region. */
const OF_THE_ACCOUNT = 12 * 3_600;
/** The first look of a watch has written its name into the record by then. */
const WRITTEN_AFTER = 500;

export interface Hour {
  readonly databases: number;
  /** How many calls a look takes. */
  readonly questions: number;
  /** Of the watch. */
  readonly calls: number;
  /** The most that events may cause. */
  readonly eventCalls: number;
  /** The share of all that the account may call, events included. */
  readonly share: number;
  /** Seconds between two looks, at most. */
  readonly furthest: number;
}

/** One hour of one tracker over so many instances. */
export async function hourOf(databases: number, seed = 'calls', perSecond = CALLS_PER_SECOND): Promise<Hour> {
  const listed = Array.from({ length: databases }, (_, index) => ({
    listed: { kind: 'rds-instance', identifier: `db-${index}` } satisfies Listed,
  }));
  const questions = groupsOf(listed).length;
  const every = lookEvery(questions, perSecond);
  const chance = new Chance(seed);
  // Two hours, of which the second is counted.
  const ticks = Array.from({ length: 120 }, (_, minute) => minute * MINUTE + chance.between(0, MINUTE - 1_000));
  const looks: number[] = [];
  for (const [index, tick] of ticks.entries()) {
    const younger = ticks[index + 1] ?? Number.POSITIVE_INFINITY;
    let now = tick;
    const clock = {
      now: () => now,
      remaining: () => tick + 150_000 - now,
      sleep: async (millis: number) => {
        now += millis;
      },
    };
    await watch(clock, { every, backOff: (refusals) => backOff(refusals, every, 0.5) }, async () => {
      const handedOver = now > younger + WRITTEN_AFTER;
      if (!handedOver) looks.push(now);
      return { handedOver, throttled: false };
    });
  }
  const counted = looks.sort((one, other) => one - other).filter((at) => at >= HOUR && at < 2 * HOUR);
  const calls = counted.length * questions;
  const eventCalls = 60 * eventLooksAMinute(questions, perSecond);
  return {
    databases,
    questions,
    calls,
    eventCalls,
    share: (calls + eventCalls) / OF_THE_ACCOUNT,
    furthest: Math.max(...counted.slice(1).map((at, index) => at - (counted[index] ?? at))) / 1000,
  };
}

async function main(): Promise<void> {
  const hours = await Promise.all([1, 10, 100, 1_000, 3_000].map((databases) => hourOf(databases)));
  console.table(
    hours.map(({ databases, questions, calls, eventCalls, share, furthest }) => ({
      databases,
      'calls a look': questions,
      'calls an hour': calls,
      'of one database': (calls / databases).toFixed(2),
      'share of the rate': `${((100 * calls) / OF_THE_ACCOUNT).toFixed(1)} %`,
      'looks for events at most': databases === 1 ? 'all' : eventCalls,
      'with all of them': databases === 1 ? '' : `${(100 * share).toFixed(1)} %`,
      'looks apart at most': `${furthest.toFixed(1)} s`,
      'a tracker each': `${((databases * 100 * (hours[0]?.calls ?? 0)) / OF_THE_ACCOUNT).toFixed(0)} %`,
    })),
  );
}

if (require.main === module) void main();
