import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RDSClient } from '@aws-sdk/client-rds';
import type { Context } from 'aws-lambda';
import { inTurn } from './calls-at-once';
import { readEnvironment } from './environment';
import { EventAllowance } from './event-allowance';
import { EventBus } from './event-bus';
import { type Looks, lookAtEach, lookAtGroups } from './group-look';
import { type DescribedDatabase, readInvocation } from './invocation';
import { asError, look, withDeadline } from './look';
import { PollMetrics } from './metrics';
import type { Hint } from './observation';
import { backOff, eventLooksAMinute, lookEvery } from './pace';
import type { PollInput, PollOutcome } from './poll';
import { type Group, groupsOf } from './rds-group';
import { SDK_LIMITS } from './sdk-limits';
import { isOfRds, type Tracked, type TrackedOfRds, tracked } from './tracked';
import type { Trigger } from './trigger';
import { POLL_EVERY, watch } from './watch';

/*
 * The primary tracker. Two signals lead here and run the same poll: an event of the database, fast and best effort, and a
 * tick each minute whose invocation goes on polling until the next tick takes over (watch.ts).
 *
 * - Invoked asynchronously, without retries: what is late is worthless, the next poll looks again.
 * - Any number of invocations may run at once; the conditional write lets one of them win (poll.ts).
 * - Any number of databases: the RDS API is asked for up to a hundred at once (rds-group.ts), and not more often than pace.ts allows.
 * - Gotcha: time is never read but through Date and timers, and no call outlives its poll. A rehearsal replaces both.
 */

const environment = readEnvironment(process.env);
const { table, callsPerSecond } = environment;
const dynamoDb = new DynamoDBClient(SDK_LIMITS);
inTurn(dynamoDb.middlewareStack);
const shared = {
  table,
  dynamoDb,
  rds: new RDSClient(SDK_LIMITS),
  announcer: new EventBus(environment.eventBus),
  now: () => Date.now(),
};
const looks: Looks = {
  shared,
  metrics: new PollMetrics(environment.metricNamespace),
  logger: new Logger({ serviceName: 'track-primary' }),
};
const allowance = new EventAllowance(table, dynamoDb);
const own = tracked(environment, shared);
/** Kept from call to call: a pair's source remembers what it saw last. */
const others = new Map<string, Tracked>();

export async function handler(payload: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const invocation = readInvocation(payload);
  switch (invocation.kind) {
    case 'event':
      return follow(own, own.readTrigger(invocation.event), async () => true);
    case 'event-of-others': {
      const read = invocation.others.map(known).map((it) => [it, it.readTrigger(invocation.event)] as const);
      const [database, trigger] = read.find(([, { kind }]) => kind !== 'foreign') ?? read[0] ?? [];
      return database && trigger && follow(database, trigger, isAllowed);
    }
    case 'tick':
      return watchAll([own, ...invocation.others.map(known)], invocation.scheduledAt, context);
  }
}

function known(described: DescribedDatabase): Tracked {
  const key = JSON.stringify(described);
  const database = others.get(key) ?? tracked(described, shared);
  others.set(key, database);
  return database;
}

/** Looks at the one database that the event is of, and once more if its API does not tell yet what the event does. */
async function follow(database: Tracked, trigger: Trigger, allowed: () => Promise<boolean>): Promise<void> {
  const { logger } = database;
  if (trigger.kind === 'foreign') {
    logger.warn('an event of another database was left aside', { resources: trigger.resources });
    return;
  }
  if (trigger.kind === 'tick') return;
  logger.info('an event of the database', { eventId: trigger.hint.eventId, message: trigger.message });
  const lookIfAllowed = async (input: Omit<PollInput, 'databaseId'>) => {
    if (await allowed()) return withDeadline((signal) => look(database, input, looks.metrics, signal));
    logger.warn('too many events at once: this one is left to the next look of the watch');
    return undefined;
  };
  const outcome = await lookIfAllowed({ hint: trigger.hint });
  if (!outcome || !isAwaited(trigger.hint, outcome)) return;
  await sleep(POLL_EVERY);
  await lookIfAllowed({});
}

/** What the table does not answer in time is allowed: it is few calls that an allowance is worth losing an event for. */
function isAllowed(): Promise<boolean> {
  return withDeadline((signal) => allowance.take(Date.now(), signal)).catch((error: unknown) => {
    looks.logger.warn('the allowance for looks at events could not be read', { error: asError(error) });
    return true;
  });
}

/** RDS at the pace that its API allows, and beside it the databases that are asked themselves. */
async function watchAll(
  databases: readonly Tracked[],
  scheduledAt: string,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> {
  const clock = { now: () => Date.now(), remaining: () => context.getRemainingTimeInMillis(), sleep };
  const groups = groupsOf(databases.filter(isOfRds));
  const asked = databases.filter((it) => !isOfRds(it));
  const every = lookEvery(groups.length, callsPerSecond);
  const atPace = (each: number) => ({
    every: each,
    backOff: (refusals: number) => backOff(refusals, each, Math.random()),
  });
  await Promise.all([
    databases.length > 1 && grantEvents(groups),
    groups.length > 0 && watch(clock, atPace(every), () => lookAtGroups(groups, scheduledAt, looks)),
    asked.length > 0 && watch(clock, atPace(POLL_EVERY), () => lookAtEach(asked, scheduledAt, looks)),
  ]);
}

async function grantEvents(groups: readonly Group<TrackedOfRds>[]): Promise<void> {
  const count = eventLooksAMinute(groups.length, callsPerSecond);
  try {
    await withDeadline((signal) => allowance.grant(count, Date.now(), signal));
  } catch (error) {
    looks.logger.warn('no looks could be granted to events', { error: asError(error) });
  }
}

/**
 * The source says that a failover is complete, and its API does not name another primary yet; a partner of a pair took over, and
 * nobody could confirm it yet.
 */
function isAwaited({ meaning, at }: Hint, { record, newEpoch }: PollOutcome): boolean {
  if (meaning === 'partner-took-over') return newEpoch === undefined;
  return meaning === 'failover-completed' && record !== undefined && Date.parse(record.since) < at;
}

function sleep(millis: number): Promise<void> {
  return new Promise((done) => setTimeout(done, millis));
}
