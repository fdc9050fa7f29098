import * as v from 'valibot';
import { moment, shortName } from './names';
import { orderedRemoteSchema } from './sync-batch';
import { runMessage, runSchema } from './sync-run';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const commandSchema = v.object({ commandId: v.string(), hosts: v.array(v.string()) });

/** One SSM command and the hosts that it starts. */
export type Command = v.InferOutput<typeof commandSchema>;

/** What its sender knows of a batch whose commands are not all sent yet. */
const resumption = v.object({
  claims: count,
  sent: v.array(commandSchema),
  /** Hosts that Systems Manager does not take a command for, with its reason. */
  refused: v.record(v.string(), v.string()),
});

const order = {
  run: runSchema,
  group: shortName,
  shard: count,
  /** Commands a minute; halved when Systems Manager throttles. */
  ratePerMinute: v.optional(v.number()),
  /** The last cancellation for too many waiting commands that it has slowed down for. */
  slowedFor: v.optional(moment),
  /** Since when the consolidated database's failover has held it back. */
  heldSince: v.optional(moment),
  resume: v.optional(resumption),
} as const;

const orderMessage = v.object({
  kind: v.literal('order'),
  ...order,
  /** The number of the batch that is next. */
  batch: count,
  /** Position of the last remote that has been ordered. */
  after: v.optional(v.string()),
});

const retryMessage = v.object({
  kind: v.literal('retry'),
  ...order,
  batch: v.string(),
  attempt: count,
  remotes: v.array(orderedRemoteSchema),
});

/** What the dispatch queue holds. */
export const dispatchMessage = v.variant('kind', [runMessage, orderMessage, retryMessage]);

const inFlightMessage = v.object({
  kind: v.literal('in-flight'),
  run: runSchema,
  group: shortName,
  shard: count,
  batch: v.string(),
  commands: v.array(commandSchema),
  refused: v.record(v.string(), v.string()),
  /** How often collect has looked at it. */
  look: count,
});

/** Every batch of the shard has been ordered. */
const shardEndedMessage = v.object({
  kind: v.literal('shard-ended'),
  run: runSchema,
  group: shortName,
  shard: count,
  batches: count,
});

/** The firing came too late, or after a younger one. */
const runSkippedMessage = v.object({
  kind: v.literal('run-skipped'),
  run: runSchema,
  reason: v.picklist(['late', 'superseded']),
});

/** What the collect queue holds. */
export const collectMessage = v.variant('kind', [inFlightMessage, shardEndedMessage, runSkippedMessage]);

export type DispatchMessage = v.InferOutput<typeof dispatchMessage>;
export type OrderMessage = v.InferOutput<typeof orderMessage>;
export type RetryMessage = v.InferOutput<typeof retryMessage>;
export type CollectMessage = v.InferOutput<typeof collectMessage>;
export type InFlightMessage = v.InferOutput<typeof inFlightMessage>;
export type ShardEndedMessage = v.InferOutput<typeof shardEndedMessage>;
export type RunSkippedMessage = v.InferOutput<typeof runSkippedMessage>;
