import type { SQSBatchResponse } from 'aws-lambda';
import * as v from 'valibot';
import { parse } from '../door/parse';
import { readEnvironment } from './environment';
import { RecordMetrics } from './metrics';
import type { Ports } from './ports';
import { record } from './record';
import { RegisteredRemotes } from './registry';

/*
 * Record-outcomes: writes what hosts report of syncs that their databases started into the registry. A message is the line of
 * host/sync-remote.sh; a host keeps it until it can reach AWS, so it may come hours late.
 *
 * - Who sent a message is what SQS says, never what stands in it: only a host of a remote can tell of that remote.
 * - A message may come twice, late, or after its function was killed anywhere: outcome-writer.ts says what that changes, which is nothing
 *   but a metric.
 */

const queueEvent = v.object({
  Records: v.pipe(
    v.array(
      v.object({
        messageId: v.string(),
        body: v.string(),
        attributes: v.object({
          SenderId: v.string(),
          SentTimestamp: v.pipe(v.string(), v.regex(/^[0-9]{1,15}$/), v.transform(Number)),
        }),
      }),
    ),
    v.minLength(1, 'must be one message or more'),
  ),
});

const environment = readEnvironment(process.env);
const ports: Ports = {
  registry: new RegisteredRemotes(environment.registryTable, environment.shards),
  metrics: new RecordMetrics(environment.metricNamespace),
};

/** Throws when no message could be recorded, so that none is taken for done where the mapping does not read the answer. */
export async function handler(event: unknown): Promise<SQSBatchResponse> {
  const { Records } = parse(queueEvent, event, 'Not the event of a queue');
  const failed: string[] = [];
  // In their order: what one host reported one after the other mostly comes so.
  for (const { messageId, body, attributes } of Records) {
    const message = { messageId, body, senderId: attributes.SenderId, sentAt: attributes.SentTimestamp };
    if (!(await record(ports, message))) failed.push(messageId);
  }
  if (failed.length === Records.length) throw new Error(`None of ${failed.length} outcomes is recorded: see above`);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
