import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { readEnvironment } from './environment';
import { EventBus } from './event-bus';
import { PollMetrics } from './metrics';
import { type Hint, type Observation, silenceOf, silentPartners } from './observation';
import { type PollInput, type PollOutcome, poll } from './poll';
import type { Ports } from './ports';
import { PrimaryRecords } from './primary-records';
import { trackedBy } from './tracked';
import { POLL_EVERY, watch } from './watch';

/*
 * The primary tracker. Two signals lead here and run the same poll: an event of the database, fast and best effort, and a
 * tick each minute whose invocation goes on polling until the next tick takes over (watch.ts).
 *
 * - Invoked asynchronously, without retries: what is late is worthless, the next poll looks again.
 * - Any number of invocations may run at once; the conditional write lets one of them win (poll.ts).
 * - Gotcha: time is never read but through Date and timers, and no call outlives its poll. A rehearsal replaces both.
 */

/** One poll with all its calls ends before the next one is due. */
const POLL_DEADLINE = 9_000;

const environment = readEnvironment(process.env);
const logger = new Logger({ serviceName: 'track-primary', persistentKeys: { databaseId: environment.databaseId } });
const metrics = new PollMetrics(environment.metricNamespace, environment.databaseId);
const tracked = trackedBy(environment.source, () => Date.now());
const records = new PrimaryRecords(environment.table, environment.databaseId);
const ports: Ports = {
  records,
  source: tracked.source,
  alias: tracked.alias && { zone: tracked.alias, notes: records },
  announcer: new EventBus(environment.eventBus),
  now: () => Date.now(),
};

export async function handler(payload: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const trigger = tracked.readTrigger(payload);
  if (trigger.kind === 'foreign') {
    logger.warn('an event of another database was left aside', { resources: trigger.resources });
    return;
  }
  const input = { databaseId: environment.databaseId };
  if (trigger.kind === 'event') {
    logger.info('an event of the database', { eventId: trigger.hint.eventId, message: trigger.message });
    const outcome = await look({ ...input, hint: trigger.hint });
    if (outcome && isAwaited(trigger.hint, outcome)) {
      await sleep(POLL_EVERY);
      await look(input);
    }
    return;
  }
  await watch(
    {
      now: () => Date.now(),
      remaining: () => context.getRemainingTimeInMillis(),
      sleep,
    },
    async () => {
      const outcome = await look({ ...input, watch: trigger.scheduledAt });
      const { observation } = outcome ?? {};
      const throttled = observation?.kind === 'unknown' && observation.throttled === true;
      return { handedOver: outcome?.handedOver ?? false, throttled };
    },
  );
}

/** One poll that never throws: what failed is logged and counted, and the next poll looks again. */
async function look(input: PollInput): Promise<PollOutcome | undefined> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), POLL_DEADLINE);
  let outcome: PollOutcome | undefined;
  try {
    outcome = await poll(ports, input, deadline.signal);
    report(outcome);
  } catch (error) {
    logger.error('a poll failed', { error: asError(error) });
  } finally {
    clearTimeout(timer);
  }
  if (!outcome?.handedOver) metrics.publish(outcome, Date.now());
  return outcome;
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

/** One line a change and one a failure. */
function report({ observation, newEpoch, newState, unannounced, unaliased, record }: PollOutcome): void {
  const silence = observation && silenceOf(observation);
  if (silence !== undefined) logger.warn('the source gave no answer', { reason: silence });
  if (newEpoch !== undefined) {
    logger.info('a new primary', { epoch: newEpoch, primary: record?.primary, cause: record?.cause });
  }
  if (newState) {
    const { state, epoch, cause } = record ?? {};
    logger.info('a new state', { state, epoch, cause, ...silent(observation) });
  }
  if (unannounced !== undefined) {
    logger.error('what the record tells could not be announced', { error: asError(unannounced) });
  }
  if (unaliased !== undefined) logger.error('the alias could not be written', { error: asError(unaliased) });
}

/** Of a pair, whose answer was missing; a mirror that serves no HTTP would fill the log if each look told of it. */
function silent(observation: Observation | undefined): { unanswered?: string[] } {
  return observation?.kind === 'pair' ? { unanswered: silentPartners(observation) } : {};
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
