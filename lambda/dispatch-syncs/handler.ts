import type { Context } from 'aws-lambda';
import { readQueueMessage } from '../door/queue-event';
import { dispatchMessage } from '../records/sync-messages';
import { SyncQueues } from '../records/sync-queues';
import { readEnvironment } from './environment';
import { DispatchMetrics } from './metrics';
import { orderAgain, orderShard } from './order-shard';
import type { Ports } from './ports';
import { Primary } from './primary';
import { RemoteRegistry } from './registry';
import { RunCommand } from './run-command';
import { RunRecords } from './run-records';
import { SDK_LIMITS } from './sdk-limits';
import { startRun } from './start-run';

/*
 * Dispatch: the only function that commands hosts. A message is a firing of a schedule, the order of a shard, or of remotes
 * that are tried once more. What must wait goes back into the queue as a new, delayed message; only what cannot be understood
 * or done at all fails the receive, and ends in the dead-letter queue.
 *
 * - A message may come twice, late, or after its function was killed anywhere: order-batch.ts says why no host is started twice.
 */

const environment = readEnvironment(process.env);
const world: Omit<Ports, 'remaining'> = {
  registry: new RemoteRegistry(environment.registryTable),
  runs: new RunRecords(environment.runsTable),
  commands: new RunCommand(environment.document, environment.deliveryTimeoutSeconds),
  queues: new SyncQueues(environment.dispatchQueue, environment.collectQueue, SDK_LIMITS),
  primary: new Primary(environment.primary),
  metrics: new DispatchMetrics(environment.metricNamespace),
  shards: environment.shards,
  now: () => Date.now(),
  sleep: (millis) => new Promise((done) => setTimeout(done, millis)),
};

export async function handler(event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const ports = { ...world, remaining: () => context.getRemainingTimeInMillis() };
  const message = readQueueMessage(dispatchMessage, event);
  switch (message.kind) {
    case 'run': {
      const { kind: _, ...run } = message;
      return startRun(ports, run);
    }
    case 'order':
      return orderShard(ports, message);
    case 'retry':
      return orderAgain(ports, message);
  }
}
