import { firstLookSeconds } from '../records/next-look';
import { type Batch, commentOf } from '../records/sync-batch';
import type { OrderMessage, RetryMessage } from '../records/sync-messages';
import { afterSuccess, afterThrottle, INITIAL_RATE, pauseMillis } from './pace';
import type { Ports } from './ports';
import { type Sent, sendCommands } from './send-commands';

/** A call that was under way when its function ended can take effect a little later. */
const AFTER_THE_END = 15_000;
/** Clocks differ, and Systems Manager lists a command a little later than it takes it. UNSOURCED. */
const AROUND = 60_000;

export type Ordered =
  /** Its commands are sent and collect knows; the order may go on. */
  | { readonly kind: 'done'; readonly batch: Batch; readonly ratePerMinute: number }
  /** The message is in the queue again, with what is known so far. */
  | { readonly kind: 'later' };

/**
 * Sends the commands of one batch, once, whoever else tries: the batch is written before anything is sent, and who finds it
 * written waits until its writer can no longer be at work, then asks Systems Manager what was sent.
 */
export async function orderBatch(
  ports: Ports,
  message: OrderMessage | RetryMessage,
  draft: Omit<Batch, 'claims' | 'firstClaimedAt' | 'leaseUntil'>,
): Promise<Ordered> {
  const claimed = await claim(ports, message, draft);
  if (claimed.kind !== 'mine') return claimed;
  const { batch, before } = claimed;
  const { run, group, shard, ratePerMinute = INITIAL_RATE } = message;

  const sending = await sendCommands(ports, run, batch, before);
  switch (sending.kind) {
    case 'complete':
      await ports.queues.collect(
        {
          kind: 'in-flight',
          run,
          group,
          shard,
          batch: batch.batch,
          commands: sending.sent,
          refused: sending.refused,
          look: 0,
        },
        sending.sent.length === 0 ? 0 : firstLookSeconds,
      );
      return { kind: 'done', batch, ratePerMinute: afterSuccess(ratePerMinute) };
    case 'throttled':
    case 'out-of-time': {
      const throttled = sending.kind === 'throttled';
      if (throttled) ports.metrics.throttled(run);
      const rate = throttled ? afterThrottle(ratePerMinute) : ratePerMinute;
      const { sent, refused } = sending;
      const resume = { claims: batch.claims, sent, refused };
      return later(ports, { ...message, ratePerMinute: rate, resume }, throttled ? pauseMillis(rate) : 0);
    }
    case 'unknown':
      ports.metrics.told('whether a command was sent is not known', { batch: batch.item, reason: sending.reason });
      return later(ports, { ...message, resume: undefined }, untilFree(ports, batch));
  }
}

type Claimed = { readonly kind: 'mine'; readonly batch: Batch; readonly before: Sent } | Ordered;

const NOTHING: Sent = { sent: [], refused: {} };

async function claim(
  ports: Ports,
  message: OrderMessage | RetryMessage,
  draft: Omit<Batch, 'claims' | 'firstClaimedAt' | 'leaseUntil'>,
): Promise<Claimed> {
  const { resume } = message;
  const now = ports.now();
  const leaseUntil = now + ports.remaining() + AFTER_THE_END;
  if (!resume) {
    const times = { firstClaimedAt: new Date(now).toISOString(), leaseUntil: new Date(leaseUntil).toISOString() };
    const batch = { ...draft, ...times, claims: 1 };
    if (await ports.runs.create(batch)) {
      // Remotes whose commands were too many are ordered once more without having had an attempt, and are counted already.
      const first = message.kind === 'order';
      ports.metrics.ordered(message.run, first ? batch.members.filter(({ targets }) => targets.length > 0).length : 0);
      return { kind: 'mine', batch, before: NOTHING };
    }
  }
  const stored = await ports.runs.read(draft);
  if (!stored) throw new Error(`The batch ${draft.item} of the run ${draft.runId} is neither new nor there`);
  if (resume && stored.claims === resume.claims && (await ports.runs.claimAgain(stored, stored.claims, leaseUntil))) {
    return { kind: 'mine', batch: { ...stored, claims: stored.claims + 1 }, before: resume };
  }
  return takeOver(ports, { ...message, resume: undefined }, stored, leaseUntil);
}

async function takeOver(
  ports: Ports,
  message: OrderMessage | RetryMessage,
  stored: Batch,
  leaseUntil: number,
): Promise<Claimed> {
  const { ratePerMinute = INITIAL_RATE } = message;
  // Collect has it, so every command was sent.
  if (stored.version > 0) return { kind: 'done', batch: stored, ratePerMinute };
  const free = untilFree(ports, stored);
  if (free > 0) return later(ports, message, free);
  const sent = await ports.commands.find(
    commentOf(stored),
    Date.parse(stored.firstClaimedAt) - AROUND,
    Date.parse(stored.leaseUntil) + AROUND,
  );
  if (!sent) {
    const rate = afterThrottle(ratePerMinute);
    return later(ports, { ...message, ratePerMinute: rate }, pauseMillis(rate));
  }
  if (!(await ports.runs.claimAgain(stored, stored.claims, leaseUntil))) return later(ports, message, AFTER_THE_END);
  return { kind: 'mine', batch: { ...stored, claims: stored.claims + 1 }, before: { sent, refused: {} } };
}

/** Milliseconds until nobody else can be sending commands of the batch. */
function untilFree(ports: Ports, batch: Batch): number {
  return Math.max(0, Date.parse(batch.leaseUntil) - ports.now());
}

async function later(ports: Ports, message: OrderMessage | RetryMessage, millis: number): Promise<Ordered> {
  await ports.queues.dispatch([message], Math.ceil(millis / 1000));
  return { kind: 'later' };
}
