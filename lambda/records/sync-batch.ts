import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { moment, remoteName, shortName } from './names';
import { outcomeSchema } from './sync-outcome';
import { profileName } from './sync-run';

const givenUp = v.picklist(['not-primary', 'unreachable']);

export const orderedRemoteSchema = v.object({
  remoteName,
  /** All hosts of the remote. */
  hosts: v.array(v.string()),
  profile: v.optional(profileName),
  /** What each host said in earlier attempts of the same run. */
  tried: v.optional(v.record(v.string(), givenUp)),
});

/** A remote that a batch is to be made of. */
export type OrderedRemote = v.InferOutput<typeof orderedRemoteSchema>;

export const memberSchema = v.object({
  ...orderedRemoteSchema.entries,
  /** Whatever stands in the registry: that it is no name is told as the remote's outcome, and keeps nobody else from theirs. */
  remoteName: v.string(),
  /** The hosts that this batch commands; none for a remote whose outcome is known before anything is sent. */
  targets: v.array(v.string()),
  outcome: v.optional(outcomeSchema),
  detail: v.optional(v.string()),
});

/** One remote in a batch. */
export type Member = v.InferOutput<typeof memberSchema>;

export const settlementSchema = v.object({
  outcome: outcomeSchema,
  at: moment,
  /** The host that synchronized. */
  host: v.optional(v.string()),
  detail: v.optional(v.string()),
  /** Whether the primary that the registry knows turned out to be none. */
  forgetPrimary: v.optional(v.boolean()),
});

/** The end of one remote in one run, as it stands in the ledger. */
export type Settlement = v.InferOutput<typeof settlementSchema>;

/** By remote. `v.record` would leave out `constructor`, which is a name that a remote may have. */
const settledSchema = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>((it) => typeof it === 'object' && it !== null, 'must be a map'),
  v.transform((settled) => Object.entries(settled)),
  v.array(v.tuple([v.string(), settlementSchema])),
  v.transform((entries): Record<string, Settlement> => Object.fromEntries(entries)),
);

/** Another attempt for some remotes of a batch, as a batch of its own. */
export const childSchema = v.object({
  batch: v.string(),
  /** The look that ordered it. */
  look: v.number(),
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1)),
  delaySeconds: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(900)),
  remotes: v.array(orderedRemoteSchema),
});

export type Child = v.InferOutput<typeof childSchema>;

/**
 * The ledger of the remotes that are commanded together: at most 50 hosts. Dispatch writes it before it sends anything; from
 * then on it belongs to collect, but for the two fields of the claim.
 */
export const batchSchema = v.object({
  runId: v.string(),
  item: v.string(),
  group: shortName,
  shard: v.number(),
  /** `0`, `1`, ... in the order of the shard; `0.1` is the first further attempt for remotes of batch `0`. */
  batch: v.string(),
  attempt: v.number(),
  members: v.array(memberSchema),
  /** Position of the last remote of the shard that is in this batch or in one before it. */
  upTo: v.optional(v.string()),
  /** How often somebody took it upon himself to send the commands. */
  claims: v.number(),
  firstClaimedAt: moment,
  /** Until then whoever claimed it last may still be sending. */
  leaseUntil: moment,
  /** Grows with each write of collect. */
  version: v.optional(v.number(), 0),
  /** The look that wrote last. */
  look: v.optional(v.number()),
  settled: v.optional(settledSchema, {}),
  children: v.optional(v.array(childSchema), []),
  closed: v.optional(v.boolean(), false),
  expiresAt: v.number(),
});

export type Batch = v.InferOutput<typeof batchSchema>;

export interface BatchKey {
  readonly runId: string;
  readonly group: string;
  readonly shard: number;
  readonly batch: string;
}

export function batchItem({ group, shard, batch }: BatchKey): string {
  return `batch/${group}/${shard}/${batch}`;
}

/** By this comment a batch finds its commands again; SSM takes 100 characters. */
export function commentOf({ runId, group, shard, batch }: BatchKey): string {
  const digest = createHash('sha256').update([runId, group, shard, batch].join('\n')).digest('hex');
  return `mobilink-ha ${digest.slice(0, 32)}`;
}
