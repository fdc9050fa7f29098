import type { OrderMessage } from '../records/sync-messages';
import { type Run, runIdOf } from '../records/sync-run';
import type { Ports } from './ports';

/**
 * Fans a firing out, one order a group and shard. What is repeated here changes nothing: a second firing is the same run, and
 * an order that was given twice finds its batches.
 */
export async function startRun(ports: Ports, run: Run): Promise<void> {
  const now = ports.now();
  const late = now > Date.parse(run.scheduledAt) + run.startWithinSeconds * 1000;
  const advanced = late ? undefined : await ports.runs.advance(run);
  const reason = late ? 'late' : advanced ? undefined : 'superseded';
  // A run that was begun in time is brought to its end, whenever its message comes back.
  if (reason !== undefined && !(await ports.runs.isOpen(run))) return skip(ports, run, reason);
  const groups = [...new Set(run.groups)];
  const orders = groups.flatMap((group) =>
    Array.from({ length: ports.shards }, (_, shard): OrderMessage => ({ kind: 'order', run, group, shard, batch: 0 })),
  );
  await ports.runs.open(run, orders.length, now, advanced?.previousAt);
  await ports.queues.dispatch(orders, 0);
  ports.metrics.told('a run is ordered', { runId: runIdOf(run), orders: orders.length });
}

/** What came back after an outage does not pile up: the youngest slot stands for those before it. */
async function skip(ports: Ports, run: Run, reason: 'late' | 'superseded'): Promise<void> {
  await ports.queues.collect({ kind: 'run-skipped', run, reason }, 0);
  ports.metrics.skipped(run, reason);
}
