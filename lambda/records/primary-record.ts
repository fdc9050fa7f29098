import * as v from 'valibot';

/**
 * The primary record: one item per consolidated database, key `databaseId`, in the table of the primary tracker. All times
 * are ISO 8601 in UTC. Every reader parses it with this schema; a reader that holds a higher epoch ignores it.
 */
export const primarySchema = v.object({
  /** What the source calls the member: for an RDS instance its resource id and Availability Zone, for a pair its server name. */
  memberId: v.string(),
  availabilityZone: v.optional(v.string()),
  host: v.string(),
  port: v.number(),
  /** IPv4 addresses that the host name resolved to when it was last looked up. */
  addresses: v.array(v.string()),
});

export const primaryRecordSchema = v.object({
  databaseId: v.string(),
  /** Grows by one with each change of primary; the first one seen is epoch 1. */
  epoch: v.pipe(v.number(), v.integer(), v.minValue(1)),
  state: v.picklist(['stable', 'failing-over', 'no-primary', 'two-primaries']),
  /** The primary of this epoch; in every state but `stable` it is the last one known. */
  primary: primarySchema,
  /** The member that was primary in the epoch before. */
  previousMemberId: v.optional(v.string()),
  /** Where the host name led in the epoch before; while it still leads there, the name service lags the change. */
  previousAddresses: v.optional(v.array(v.string())),
  /** When the primary of this epoch was first seen to be primary. */
  since: v.pipe(v.string(), v.isoTimestamp()),
  /** When the present state began. */
  stateSince: v.pipe(v.string(), v.isoTimestamp()),
  observedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** Why the record last changed, in words. */
  cause: v.string(),
  /** The last epoch that `MobiLink Primary Changed` was sent for. */
  announcedEpoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** When the state last became `failing-over`; stays when the failover is over, so that it can still be announced. */
  failoverSince: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** `failoverSince` of the last failover that `MobiLink Failover Started` was sent for. */
  announcedFailover: v.optional(v.string()),
  /** The scheduled time of the youngest tick: an older watch that reads it hands over. */
  watch: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** Since when the primary has served and nothing has spoken of a failover; only while the state is `failing-over`. */
  quietSince: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** When, by the source's own clock, the last believed event said that a failover began; only while `failing-over`. */
  hintedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** Milliseconds after `quietSince` at which the state is `stable` again if the primary stayed the same. */
  settlesAfter: v.optional(v.number()),
  /** Addresses that the host name leads to while the source still names the old primary. */
  movedTo: v.optional(v.array(v.string())),
  /** When the host name was last resolved, while it is not; in an epoch in which it never was, `since`. */
  unresolvedSince: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** When the source was first heard to know no such database. */
  absentSince: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** Of a pair: who claimed to be primary with nobody to confirm it, and when that was first seen; a second look decides. */
  candidate: v.optional(v.object({ memberId: v.string(), seenAt: v.pipe(v.string(), v.isoTimestamp()) })),
  /** Of a pair: the last epoch whose primary the DNS alias was led to. */
  aliasEpoch: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Of a pair: when the DNS alias was last led there. */
  aliasedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});

export type Primary = v.InferOutput<typeof primarySchema>;
export type PrimaryRecord = v.InferOutput<typeof primaryRecordSchema>;
