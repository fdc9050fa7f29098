import { LONGEST_DELAY_SECONDS } from '../records/next-look';
import type { Batch } from '../records/sync-batch';
import { type BatchKey, batchItem } from '../records/sync-batch';
import type { OrderMessage, RetryMessage } from '../records/sync-messages';
import { deadlineOf, expiryOf, runIdOf } from '../records/sync-run';
import { holdBack, LOOK_AGAIN_SECONDS } from './hold-back';
import { orderBatch } from './order-batch';
import { afterHold, afterThrottle, INITIAL_RATE, pauseMillis } from './pace';
import { candidates, type PlannedBatch, planBatch, type ShardEntry } from './plan-batch';
import type { Ports } from './ports';
import { ENOUGH_FOR_ONE_COMMAND } from './send-commands';
import { targetsOf } from './targets';

/**
 * Orders the batches of a shard that are due, and leaves the rest to a message that comes back when they are.
 *
 * Whether its group is paused is asked anew with each message, so a pause takes hold of what has not been ordered by then; a batch that was
 * written, and further attempts for its remotes, go on as they do for a remote that is paused meanwhile. Cost: one strongly consistent query of
 * the partition of pauses, one read unit for each 4 KB in it (some forty pauses): 13 cents for a million orders (list price of DynamoDB on
 * demand, UNSOURCED), beside about half a read unit a remote for the shard itself.
 */
export async function orderShard(ports: Ports, first: OrderMessage): Promise<void> {
  const { run, group, shard } = first;
  const groupPaused = await ports.registry.isGroupPaused(group);
  const entries = await ports.registry.readShard(group, shard);
  if (first.batch === 0 && !first.resume && !groupPaused) tellOldestSuccess(ports, first, entries);
  let message = first;
  for (;;) {
    const now = ports.now();
    const key = draft(message, String(message.batch));
    const plan =
      planBatch(candidates(entries, run, now, { groupPaused }), message.after, run) ?? (await left(ports, key));
    if (!plan) {
      await ports.queues.collect({ kind: 'shard-ended', run, group, shard, batches: message.batch }, 0);
      return;
    }
    if (plan.dueAt > now) return comeBack(ports, message, plan.dueAt - now);
    const { members, upTo } = plan;
    const commands = members.some(({ targets }) => targets.length > 0);
    const allowed = commands ? await whenPrimaryServes(ports, message) : message;
    if (!allowed) return;

    const paced = commands ? await slowedDown(ports, allowed) : allowed;
    const ordered = await orderBatch(ports, paced, { ...key, attempt: 1, members, upTo });
    if (ordered.kind === 'later') return;
    message = following(paced, ordered, upTo);
    const pause = commands ? pauseMillis(ordered.ratePerMinute) : 0;
    if (ports.remaining() - pause < 2 * ENOUGH_FOR_ONE_COMMAND) return comeBack(ports, message, pause);
    await ports.sleep(pause);
  }
}

/** A batch that was written before its remotes left the registry. */
async function left(ports: Ports, key: BatchKey): Promise<PlannedBatch | undefined> {
  const stored = await ports.runs.read(key);
  return stored?.upTo === undefined ? undefined : { members: stored.members, upTo: stored.upTo, dueAt: 0 };
}

/** What another invocation wrote may end elsewhere than the plan of this one. */
function following(
  { kind, run, group, shard, batch, heldSince, slowedFor }: OrderMessage,
  { batch: written, ratePerMinute }: { batch: Batch; ratePerMinute: number },
  upTo: string,
): OrderMessage {
  const after = written.upTo ?? upTo;
  return { kind, run, group, shard, batch: batch + 1, after, ratePerMinute, heldSince, slowedFor };
}

/** Orders some remotes once more: those whose hosts were no primary, or not reached. */
export async function orderAgain(ports: Ports, message: RetryMessage): Promise<void> {
  const allowed = await whenPrimaryServes(ports, message);
  if (!allowed) return;
  const missed = ports.now() >= deadlineOf(message.run);
  const members = message.remotes.map((remote) =>
    missed
      ? { ...remote, targets: [], outcome: 'deadline-missed' as const }
      : { ...remote, targets: targetsOf(remote) },
  );
  await orderBatch(ports, allowed, { ...draft(message, message.batch), attempt: message.attempt, members });
}

function draft({ run, group, shard }: OrderMessage | RetryMessage, batch: string) {
  const key = { runId: runIdOf(run), group, shard, batch };
  return { ...key, item: batchItem(key), expiresAt: expiryOf(run), ...UNTOUCHED };
}

const UNTOUCHED = { version: 0, settled: {}, children: [], closed: false } satisfies Partial<Batch>;

/** The message to go on with, or undefined when it waits in the queue for the failover to end. */
async function whenPrimaryServes<M extends OrderMessage | RetryMessage>(
  ports: Ports,
  message: M,
): Promise<M | undefined> {
  const now = ports.now();
  const heldSince = message.heldSince === undefined ? undefined : Date.parse(message.heldSince);
  const decision = holdBack(await ports.primary.read(), heldSince, now);
  switch (decision.kind) {
    case 'go':
      return message;
    case 'released':
      return { ...message, heldSince: undefined, ratePerMinute: afterHold(message.ratePerMinute ?? INITIAL_RATE) };
    case 'overrun':
      ports.metrics.holdBackOverrun(message.run);
      return message;
    case 'hold': {
      const held = { ...message, heldSince: new Date(decision.since).toISOString() };
      await ports.queues.dispatch([held], LOOK_AGAIN_SECONDS);
      return undefined;
    }
  }
}

/** Half the rate once for each time that too many commands were waiting. */
async function slowedDown(ports: Ports, message: OrderMessage): Promise<OrderMessage> {
  const slowedFor = await ports.runs.lastRateExceeded();
  if (slowedFor === undefined || (message.slowedFor ?? message.run.scheduledAt) >= slowedFor) return message;
  return { ...message, slowedFor, ratePerMinute: afterThrottle(message.ratePerMinute ?? INITIAL_RATE) };
}

async function comeBack(ports: Ports, message: OrderMessage, millis: number): Promise<void> {
  await ports.queues.dispatch([message], Math.min(LONGEST_DELAY_SECONDS, Math.ceil(millis / 1000)));
}

function tellOldestSuccess(ports: Ports, { run }: OrderMessage, entries: readonly ShardEntry[]): void {
  const ages = entries.flatMap((entry) =>
    entry.kind === 'remote' && !entry.remote.paused && entry.remote.lastSuccessAt !== undefined
      ? [(ports.now() - Date.parse(entry.remote.lastSuccessAt)) / 1000]
      : [],
  );
  if (ages.length > 0) ports.metrics.oldestSuccess(run, Math.max(0, ...ages));
}
