import { readQueueMessage } from '../door/queue-event';
import { SDK_LIMITS } from '../door/sdk-limits';
import { collectMessage } from '../records/sync-messages';
import { SyncQueues } from '../records/sync-queues';
import { Announcer } from './announcer';
import { collect } from './collect';
import { readEnvironment } from './environment';
import { CommandInvocations } from './invocations';
import { RunLedger } from './ledger';
import { CollectMetrics } from './metrics';
import type { Ports } from './ports';
import { RemoteOutcomes } from './remote-outcomes';

/*
 * Collect: finds out what became of the commands, and writes it down: in the ledger of the run, in the registry, in metrics, and
 * when a run has ended in an event. It commands no host; who is to be tried once more goes back to dispatch.
 *
 * - A message may come twice, late, or after its function was killed anywhere: look.ts says why each remote has one outcome.
 */

const environment = readEnvironment(process.env);
const ports: Ports = {
  ledger: new RunLedger(environment.runsTable),
  remotes: new RemoteOutcomes(environment.registryTable),
  invocations: new CommandInvocations(),
  queues: new SyncQueues(environment.dispatchQueue, environment.collectQueue, SDK_LIMITS),
  announcer: new Announcer(environment.eventBus),
  metrics: new CollectMetrics(environment.metricNamespace),
  now: () => Date.now(),
};

export async function handler(event: unknown): Promise<void> {
  await collect(ports, readQueueMessage(collectMessage, event));
}
