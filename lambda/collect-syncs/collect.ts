import type { CollectMessage, RunSkippedMessage, ShardEndedMessage } from '../records/sync-messages';
import { expiryOf, runIdOf } from '../records/sync-run';
import { closeShardIfComplete } from './close';
import { NO_COUNTS, wordCounts } from './counts';
import { lookAt } from './look';
import type { Ports } from './ports';

export async function collect(ports: Ports, message: CollectMessage): Promise<void> {
  switch (message.kind) {
    case 'in-flight':
      return lookAt(ports, message);
    case 'shard-ended':
      return endShard(ports, message);
    case 'run-skipped':
      return tellSkipped(ports, message);
  }
}

async function endShard(ports: Ports, { run, group, shard, batches }: ShardEndedMessage): Promise<void> {
  const key = { runId: runIdOf(run), group, shard };
  const progress = await ports.ledger.endShard(key, batches, expiryOf(run));
  await closeShardIfComplete(ports, run, key, progress);
}

async function tellSkipped(ports: Ports, { run, reason }: RunSkippedMessage): Promise<void> {
  const { schedule, scheduledAt } = run;
  await ports.announcer.announce({
    runId: runIdOf(run),
    schedule,
    scheduledAt,
    finishedAt: new Date(ports.now()).toISOString(),
    skipped: reason,
    counts: wordCounts(NO_COUNTS),
  });
}
