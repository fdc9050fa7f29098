import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { readEnvironment } from './environment';
import { EventBus } from './event-bus';
import { PollMetrics } from './metrics';
import { type PollInput, type PollOutcome, poll } from './poll';
import type { Ports } from './ports';
import { PrimaryRecords } from './primary-records';
import { RdsInstance } from './rds-instance';
import { readTrigger } from './trigger';
import { watch } from './watch';

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
const ports: Ports = {
  records: new PrimaryRecords(environment.table, environment.databaseId),
  source: new RdsInstance(environment.source.instanceIdentifier, () => Date.now()),
  announcer: new EventBus(environment.eventBus),
  now: () => Date.now(),
};

export async function handler(payload: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const trigger = readTrigger(payload, environment.source.instanceArn);
  if (trigger.kind === 'foreign') {
    logger.warn('an event of another database was left aside', { resources: trigger.resources });
    return;
  }
  const input = { databaseId: environment.databaseId };
  if (trigger.kind === 'event') {
    logger.info('an event of the database', { eventId: trigger.hint.eventId, message: trigger.message });
    await look({ ...input, hint: trigger.hint });
    return;
  }
  await watch(
    {
      now: () => Date.now(),
      remaining: () => context.getRemainingTimeInMillis(),
      sleep: (millis) => new Promise((done) => setTimeout(done, millis)),
    },
    async () => (await look({ ...input, watch: trigger.scheduledAt }))?.handedOver ?? false,
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
    logger.error('a poll failed', { error: error instanceof Error ? error : new Error(String(error)) });
  } finally {
    clearTimeout(timer);
  }
  if (!outcome?.handedOver) metrics.publish(outcome, Date.now());
  return outcome;
}

function report({ observation, newEpoch, record }: PollOutcome): void {
  if (observation?.kind === 'unknown') logger.warn('the source gave no answer', { reason: observation.reason });
  if (newEpoch !== undefined) {
    logger.info('a new primary', { epoch: newEpoch, primary: record?.primary, cause: record?.cause });
  } else if (record && record.state !== 'stable') {
    logger.warn('no stable primary', { state: record.state, since: record.stateSince, cause: record.cause });
  }
}
