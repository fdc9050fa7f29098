import type { Batch } from '../records/sync-batch';
import { type Run, runIdOf } from '../records/sync-run';
import { countsOf, wordCounts } from './counts';
import type { Ports, RunProgress, ShardProgress } from './ports';

type Shard = { readonly runId: string; readonly group: string; readonly shard: number };

/** A batch has ended: with the last one the shard, with the last shard the run. Repeating it changes nothing. */
export async function closeBatch(ports: Ports, run: Run, batch: Batch): Promise<void> {
  const progress = await ports.ledger.closeBatch(batch, countsOf(batch, batch.settled));
  await closeShardIfComplete(ports, run, batch, progress);
}

export async function closeShardIfComplete(
  ports: Ports,
  run: Run,
  shard: Shard,
  progress: ShardProgress,
): Promise<void> {
  if (!isComplete(progress)) return;
  const runProgress = await ports.ledger.closeShard(shard, progress.counts);
  if (runProgress.closedShards.length < runProgress.shards || runProgress.announced) return;
  await announce(ports, run, runProgress);
}

/** A batch tells of its further attempts when it closes, so all of them are known once all that are known have closed. */
export function isComplete({ batches, closed, children }: ShardProgress): boolean {
  if (batches === undefined) return false;
  const done = new Set(closed);
  const first = Array.from({ length: batches }, (_, index) => String(index));
  return [...first, ...children].every((batch) => done.has(batch));
}

/** At least once: noted after it was sent. */
async function announce(ports: Ports, run: Run, { startedAt, counts }: RunProgress): Promise<void> {
  const now = ports.now();
  const { schedule, scheduledAt } = run;
  const runId = runIdOf(run);
  const finishedAt = new Date(now).toISOString();
  const worded = wordCounts(counts);
  await ports.announcer.announce({ runId, schedule, scheduledAt, startedAt, finishedAt, counts: worded });
  await ports.ledger.noteAnnounced(runId, now);
  ports.metrics.finished(run, counts);
  ports.metrics.told('a run has finished', { runId, counts: worded });
}
