import type { Primary, PrimaryRecord } from '../records/primary-record';
import { meaningOf } from './instance-status';

/**
 * The decision of the primary tracker, pure: (record, observation, hint, now) -> record.
 *
 * What moves during a Multi-AZ failover of an RDS instance, each at its own time: the status (`rebooting`, or `available` all
 * along), the address behind the endpoint's name, and the Availability Zone that the API names, which lags completion (RDS
 * User Guide, "Failing over a Multi-AZ DB instance"). Events tell of it on a best-effort basis, in any order.
 *
 * - A new **epoch** begins when the API names another member, and for no other reason. So one failover is one epoch.
 * - Everything else that speaks of a failover is **evidence**: it makes the state `failing-over`. Without new evidence the state
 *   settles back to `stable` in the same epoch after a time that covers the lag of the API's zone.
 * - What cannot be observed changes nothing.
 */

/** What one look at the source brought. Times are milliseconds since 1970. */
export type Observation =
  | {
      readonly kind: 'seen';
      readonly at: number;
      readonly status: string;
      readonly member?: Member;
      readonly addresses?: string[];
    }
  | { readonly kind: 'absent'; readonly at: number }
  | { readonly kind: 'unknown'; readonly at: number; readonly reason: string };

/** The member that the source calls primary. */
export type Member = Omit<Primary, 'addresses'>;

/** What an event of the source says, as far as it may be believed. */
export interface Hint {
  readonly meaning: 'failover-began' | 'failover-completed' | 'failover-abandoned' | 'look';
  readonly eventId: string;
  /** When the source says that it happened. */
  readonly at: number;
}

export interface Decision {
  readonly record: PrimaryRecord | undefined;
  /** Whether anything but `observedAt` is new. */
  readonly changed: boolean;
}

/** A plain reboot is over when the database has served for this long. UNSOURCED. */
export const REBOOT_SETTLES_AFTER = 60_000;
/** How long after a failover the API may still name the old zone. The console "may take additional time" (RDS User Guide). UNSOURCED. */
export const FAILOVER_SETTLES_AFTER = 5 * 60_000;
/** An event that says that a failover began is not believed when it is older. UNSOURCED. */
export const HINT_IS_OLD_AFTER = 10 * 60_000;

/**
 * Records are about a minute old at most while somebody looks: one is written at the first look, of those 10 s apart, that finds it
 * 50 s old. The rest of this time is for looks without an answer; after a longer pause nobody knows whether the primary served.
 */
export const UNWATCHED_AFTER = 90_000;

export function decide(
  databaseId: string,
  record: PrimaryRecord | undefined,
  observation: Observation,
  hint: Hint | undefined,
  now: number,
): Decision {
  if (observation.kind === 'unknown') return { record, changed: false };
  if (record && isStale(record, observation, now)) return { record, changed: false };

  const observed = record && { ...record, observedAt: iso(observation.at) };
  const next =
    observation.kind === 'absent'
      ? absent(observed, observation.at, now)
      : seen(databaseId, observed && watched(observed, record, now), observation, hint, now);
  return { record: next, changed: next !== undefined && !sameBut(record, next) };
}

/**
 * An observation begun before the one that the record tells of. A record of the future says that a clock is wrong, not that the
 * observation is old; the conditional write keeps the order then, or the tracker would be blind until that time has come.
 */
function isStale(record: PrimaryRecord, observation: Observation, now: number): boolean {
  const recorded = Date.parse(record.observedAt);
  return observation.at < recorded && recorded <= now;
}

/** Whether a database that nobody sees was deleted or renamed: one answer may be stale, so it takes two. */
function absent(record: PrimaryRecord | undefined, at: number, now: number): PrimaryRecord | undefined {
  if (!record) return undefined;
  if (record.absentSince === undefined) return { ...unquiet(record, now), absentSince: iso(at) };
  return enter(record, 'no-primary', 'the source knows no database of this name', now);
}

type Seen = Extract<Observation, { kind: 'seen' }>;

function seen(
  databaseId: string,
  known: PrimaryRecord | undefined,
  it: Seen,
  hint: Hint | undefined,
  now: number,
): PrimaryRecord | undefined {
  const record = known && { ...known, absentSince: undefined };
  const meaning = meaningOf(it.status);
  if (meaning === 'gone') {
    return record ? enter(record, 'no-primary', `the source's status is ${it.status}`, now) : undefined;
  }
  const { member } = it;
  if (member && record?.primary.memberId !== member.memberId) return promote(databaseId, record, it, member, now);
  if (!record) return undefined;

  const weighed = weigh(record, it, hint, now);
  if (weighed.state === 'stable') return weighed;
  return member && meaning === 'serves' ? settle(weighed, it, hint, now) : unquiet(weighed, now);
}

/** Another member is primary, by the word of the source. The first one of all must be seen to serve. */
function promote(
  databaseId: string,
  record: PrimaryRecord | undefined,
  it: Seen,
  member: Member,
  now: number,
): PrimaryRecord | undefined {
  const meaning = meaningOf(it.status);
  if (!record && meaning !== 'serves') return undefined;
  const from = record?.primary;
  const promoted: PrimaryRecord = {
    databaseId,
    epoch: (record?.epoch ?? 0) + 1,
    state: record?.state ?? 'stable',
    primary: { ...member, addresses: lastAddresses(record, it) },
    previousMemberId: from?.memberId,
    previousAddresses: from?.addresses,
    since: iso(now),
    stateSince: record?.stateSince ?? iso(now),
    observedAt: iso(it.at),
    cause: from
      ? `the source names ${member.memberId} instead of ${from.memberId}`
      : `the source names ${member.memberId}`,
    announcedEpoch: record?.announcedEpoch ?? 0,
    failoverSince: record?.failoverSince,
    announcedFailover: record?.announcedFailover,
    watch: record?.watch,
  };
  // Its state begins anew even when it is called the same, so that late events of this failover are known to be late.
  if (meaning === 'serves') return { ...promoted, state: 'stable', stateSince: iso(now) };
  if (meaning === 'out-of-service' || promoted.state === 'failing-over') {
    return evidence(promoted, promoted.cause, REBOOT_SETTLES_AFTER, now);
  }
  return { ...promoted, stateSince: iso(now) };
}

/** Where the host name leads, as far as it was ever looked up: now, during this failover, or before it. */
function lastAddresses(record: PrimaryRecord | undefined, it: Seen): string[] {
  if (it.addresses && it.addresses.length > 0) return it.addresses;
  return record?.movedTo ?? record?.primary.addresses ?? [];
}

/** The same member, or none that is named: is there anything that speaks of a failover? */
function weigh(record: PrimaryRecord, it: Seen, hint: Hint | undefined, now: number): PrimaryRecord {
  const { record: next, moved } = takeAddresses(record, record.primary, it, now);
  if (hint && began(next, hint, now)) {
    const hinted = evidence(next, `${hint.eventId} says that a failover began`, FAILOVER_SETTLES_AFTER, now);
    return { ...hinted, hintedAt: iso(hint.at) };
  }
  if (moved) return evidence(next, 'the endpoint leads to another address', FAILOVER_SETTLES_AFTER, now);
  if (meaningOf(it.status) === 'out-of-service') {
    return evidence(next, `the source's status is ${it.status}`, REBOOT_SETTLES_AFTER, now);
  }
  return next;
}

/**
 * Addresses that have nothing in common with the known ones are evidence, once. While the name still leads to the previous primary, and
 * for a while after the change, when resolvers disagree, they are the late half of that change and simply taken over.
 */
function takeAddresses(
  record: PrimaryRecord,
  primary: Primary,
  it: Seen,
  now: number,
): { record: PrimaryRecord; moved: boolean } {
  const found = it.addresses ?? [];
  if (found.length === 0 || overlap(found, record.movedTo ?? [])) return { record, moved: false };
  const known = primary.addresses;
  if (known.length === 0 || same(found, known)) {
    return { record: same(found, known) ? record : withAddresses(record, primary, found), moved: false };
  }
  const recent = record.epoch > 1 && now - Date.parse(record.since) <= FAILOVER_SETTLES_AFTER;
  const late = recent || overlap(known, record.previousAddresses ?? []);
  if (overlap(found, known) || late) return { record: withAddresses(record, primary, found), moved: false };
  return { record: { ...record, movedTo: found }, moved: true };
}

/**
 * An event counts only for what happened after the present state began: repeated and late ones do not. During a failover it may be
 * older than the sign that the failover was noticed by, though not older than the primary, and it counts once.
 */
function began(record: PrimaryRecord, hint: Hint, now: number): boolean {
  const after = record.state === 'failing-over' ? (record.hintedAt ?? record.since) : record.stateSince;
  return hint.meaning === 'failover-began' && hint.at > Date.parse(after) && now - hint.at <= HINT_IS_OLD_AFTER;
}

function evidence(record: PrimaryRecord, cause: string, settlesAfter: number, now: number): PrimaryRecord {
  const under = record.state === 'failing-over';
  return {
    ...enter(record, 'failing-over', cause, now),
    quietSince: iso(now),
    settlesAfter: Math.max(settlesAfter, under ? (record.settlesAfter ?? 0) : 0),
  };
}

/** Back to stable in the same epoch: the database serves, and nothing has spoken of a failover for long enough. */
function settle(record: PrimaryRecord, it: Seen, hint: Hint | undefined, now: number): PrimaryRecord {
  const quiet = now - Date.parse(record.quietSince ?? record.stateSince);
  const abandoned = isAbandoned(record, it, hint);
  if (record.state === 'failing-over' && !abandoned && quiet < (record.settlesAfter ?? REBOOT_SETTLES_AFTER)) {
    return record;
  }
  const { primary } = record;
  return {
    ...enter(
      record,
      'stable',
      abandoned ? `${hint?.eventId} says that the failover was abandoned` : 'the same primary serves',
      now,
    ),
    primary: it.addresses && it.addresses.length > 0 ? { ...primary, addresses: it.addresses } : primary,
  };
}

/** Believed of the failover that is under way, not of one before, and only while the endpoint leads where it led. */
function isAbandoned(record: PrimaryRecord, it: Seen, hint: Hint | undefined): boolean {
  return (
    hint?.meaning === 'failover-abandoned' &&
    hint.at > Date.parse(record.hintedAt ?? record.stateSince) &&
    record.movedTo === undefined &&
    overlap(it.addresses ?? [], record.primary.addresses)
  );
}

/** Nobody can say that the primary served without a break if nobody looked, or if it was not seen to serve. */
function watched(record: PrimaryRecord, before: PrimaryRecord | undefined, now: number): PrimaryRecord {
  const pause = before ? now - Date.parse(before.observedAt) : 0;
  return pause > UNWATCHED_AFTER ? unquiet(record, now) : record;
}

function unquiet(record: PrimaryRecord, now: number): PrimaryRecord {
  return record.state === 'failing-over' ? { ...record, quietSince: iso(now) } : record;
}

/** What belongs to a failover ends with it; `failoverSince` stays until it is announced. */
function enter(record: PrimaryRecord, state: PrimaryRecord['state'], cause: string, now: number): PrimaryRecord {
  if (record.state === state) return record;
  const entered = { ...record, state, cause, stateSince: iso(now) };
  if (state === 'failing-over') return { ...entered, failoverSince: iso(now) };
  return { ...entered, quietSince: undefined, settlesAfter: undefined, movedTo: undefined, hintedAt: undefined };
}

function withAddresses(record: PrimaryRecord, primary: Primary, addresses: string[]): PrimaryRecord {
  return { ...record, primary: { ...primary, addresses } };
}

function overlap(some: string[], others: string[]): boolean {
  return some.some((address) => others.includes(address));
}

function same(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every((address) => others.includes(address));
}

function sameBut(before: PrimaryRecord | undefined, after: PrimaryRecord): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify({ ...after, observedAt: before.observedAt });
}

function iso(millis: number): string {
  return new Date(millis).toISOString();
}
