import type { Primary, PrimaryRecord } from '../records/primary-record';

/** How a record moves from state to state and from epoch to epoch, whatever its source is. */

/**
 * Records are about a minute old at most while somebody looks: one is written at the first look, of those 10 s apart, that finds it
 * 50 s old. The rest of this time is for looks without an answer; after a longer pause nobody knows whether the primary served.
 */
export const UNWATCHED_AFTER = 90_000;

/** A record of the next epoch in the state of the last one; what belonged to the failover that led to it ends. */
export function nextEpoch(
  databaseId: string,
  record: PrimaryRecord | undefined,
  primary: Primary,
  observedAt: number,
  now: number,
): PrimaryRecord {
  const from = record?.primary;
  return {
    databaseId,
    epoch: (record?.epoch ?? 0) + 1,
    state: record?.state ?? 'stable',
    primary,
    previousMemberId: from?.memberId,
    previousAddresses: from?.addresses,
    since: iso(now),
    stateSince: record?.stateSince ?? iso(now),
    observedAt: iso(observedAt),
    cause: from
      ? `the source names ${primary.memberId} instead of ${from.memberId}`
      : `the source names ${primary.memberId}`,
    announcedEpoch: record?.announcedEpoch ?? 0,
    failoverSince: record?.failoverSince,
    announcedFailover: record?.announcedFailover,
    aliasEpoch: record?.aliasEpoch,
    aliasedAt: record?.aliasedAt,
    watch: record?.watch,
  };
}

/** What belongs to a failover ends with it; `failoverSince` stays until it is announced. */
export function enter(record: PrimaryRecord, state: PrimaryRecord['state'], cause: string, now: number): PrimaryRecord {
  if (record.state === state) return record;
  const entered = { ...record, state, cause, stateSince: iso(now) };
  if (state === 'failing-over') return { ...entered, failoverSince: iso(now) };
  return { ...entered, quietSince: undefined, settlesAfter: undefined, movedTo: undefined, hintedAt: undefined };
}

export function iso(millis: number): string {
  return new Date(millis).toISOString();
}
