import type { PrimaryRecord } from '../records/primary-record';
import { meaningOf } from './instance-status';
import type { Hint, InstanceSeen, Member, Observation } from './observation';
import { enter, iso, nextEpoch, UNWATCHED_AFTER } from './record-states';

/**
 * Who is primary of an RDS instance, or of a Multi-AZ DB cluster, where a member takes the place of the Availability Zone.
 *
 * What moves during a Multi-AZ failover, each at its own time: the status (`rebooting`, or `available` all along), the address
 * behind the endpoint's name, and the Availability Zone that the API names, which lags completion (RDS User Guide, "Failing over a
 * Multi-AZ DB instance"). Events tell of it on a best-effort basis, in any order. The zone is the source's word; the others are
 * **evidence**. Without new evidence the state settles back to `stable` after a time that covers the lag of the API's zone.
 */

/** A plain reboot is over when the database has served for this long. UNSOURCED. */
export const REBOOT_SETTLES_AFTER = 60_000;
/** How long after a failover the API may still name the old zone. The console "may take additional time" (RDS User Guide). UNSOURCED. */
export const FAILOVER_SETTLES_AFTER = 5 * 60_000;
/** An event that says that a failover began is not believed when it is older. UNSOURCED. */
export const HINT_IS_OLD_AFTER = 10 * 60_000;

/** @param lookedBefore when the record was last observed, before this look. */
export function decideInstance(
  databaseId: string,
  record: PrimaryRecord | undefined,
  lookedBefore: string | undefined,
  it: Extract<Observation, { kind: 'seen' | 'absent' }>,
  hint: Hint | undefined,
  now: number,
): PrimaryRecord | undefined {
  if (it.kind === 'absent') return absent(record, it.at, now);
  return seen(databaseId, record && watched(record, lookedBefore, now), lookedBefore, it, hint, now);
}

/** Whether a database that nobody sees was deleted or renamed: one answer may be stale, so it takes two. */
function absent(record: PrimaryRecord | undefined, at: number, now: number): PrimaryRecord | undefined {
  if (!record) return undefined;
  if (record.absentSince === undefined) return { ...unquiet(record, now), absentSince: iso(at) };
  return enter(record, 'no-primary', 'the source knows no database of this name', now);
}

function seen(
  databaseId: string,
  known: PrimaryRecord | undefined,
  lookedBefore: string | undefined,
  it: InstanceSeen,
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

  const weighed = weigh(record, lookedBefore, it, hint, now);
  if (weighed.state === 'stable') return weighed;
  return member && meaning === 'serves' ? settle(weighed, it, hint, now) : unquiet(weighed, now);
}

/** Another member is primary, by the word of the source. The first one of all must be seen to serve. */
function promote(
  databaseId: string,
  record: PrimaryRecord | undefined,
  it: InstanceSeen,
  member: Member,
  now: number,
): PrimaryRecord | undefined {
  const meaning = meaningOf(it.status);
  if (!record && meaning !== 'serves') return undefined;
  const primary = { ...member, addresses: lastAddresses(record, it) };
  const next = nextEpoch(databaseId, record, primary, it.at, now);
  const promoted = resolved(it) ? next : { ...next, unresolvedSince: next.since };
  // Its state begins anew even when it is called the same, so that late events of this failover are known to be late.
  if (meaning === 'serves') return { ...promoted, state: 'stable', stateSince: iso(now) };
  if (meaning === 'out-of-service' || promoted.state === 'failing-over') {
    return evidence(promoted, promoted.cause, REBOOT_SETTLES_AFTER, now);
  }
  return { ...promoted, stateSince: iso(now) };
}

/** Where the host name leads, as far as it was ever looked up: now, during this failover, or before it. */
function lastAddresses(record: PrimaryRecord | undefined, it: InstanceSeen): string[] {
  if (resolved(it)) return it.addresses ?? [];
  return record?.movedTo ?? record?.primary.addresses ?? [];
}

/** The same member, or none that is named: is there anything that speaks of a failover? */
function weigh(
  record: PrimaryRecord,
  lookedBefore: string | undefined,
  it: InstanceSeen,
  hint: Hint | undefined,
  now: number,
): PrimaryRecord {
  const { record: next, moved } = takeAddresses(record, lookedBefore, it);
  if (hint && began(next, hint, now)) {
    const hinted = evidence(next, `${hint.eventId} says that a failover began`, FAILOVER_SETTLES_AFTER, now);
    return { ...hinted, hintedAt: iso(hint.at) };
  }
  if (moved) return evidence(next, 'the endpoint leads to another address', FAILOVER_SETTLES_AFTER, now);
  if (meaningOf(it.status) === 'out-of-service') {
    const settlesAfter = it.status === 'failing-over' ? FAILOVER_SETTLES_AFTER : REBOOT_SETTLES_AFTER;
    return evidence(next, `the source's status is ${it.status}`, settlesAfter, now);
  }
  return next;
}

/**
 * Addresses that have nothing in common with the known ones are evidence, once. While the name still leads to the previous primary, and
 * for a while after the change, when resolvers disagree, they are the late half of that change and simply taken over. A name service
 * that was silent may be telling of that while, however late it speaks.
 */
function takeAddresses(
  record: PrimaryRecord,
  lookedBefore: string | undefined,
  it: InstanceSeen,
): { record: PrimaryRecord; moved: boolean } {
  const lastResolved = record.unresolvedSince ?? lookedBefore ?? record.since;
  if (!resolved(it)) return { record: { ...record, unresolvedSince: lastResolved }, moved: false };
  const heard = { ...record, unresolvedSince: undefined };
  const found = it.addresses ?? [];
  const known = record.primary.addresses;
  if (overlap(found, record.movedTo ?? []) || same(found, known)) return { record: heard, moved: false };
  const recent = record.epoch > 1 && Date.parse(lastResolved) - Date.parse(record.since) <= FAILOVER_SETTLES_AFTER;
  const late = recent || overlap(known, record.previousAddresses ?? []);
  if (known.length === 0 || overlap(found, known) || late) return { record: withAddresses(heard, found), moved: false };
  return { record: { ...heard, movedTo: found }, moved: true };
}

function resolved(it: InstanceSeen): boolean {
  return it.addresses !== undefined && it.addresses.length > 0;
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
function settle(record: PrimaryRecord, it: InstanceSeen, hint: Hint | undefined, now: number): PrimaryRecord {
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
    primary: resolved(it) ? { ...primary, addresses: it.addresses ?? [] } : primary,
  };
}

/** Believed of the failover that is under way, not of one before, and only while the endpoint leads where it led. */
function isAbandoned(record: PrimaryRecord, it: InstanceSeen, hint: Hint | undefined): boolean {
  return (
    hint?.meaning === 'failover-abandoned' &&
    hint.at > Date.parse(record.hintedAt ?? record.stateSince) &&
    record.movedTo === undefined &&
    overlap(it.addresses ?? [], record.primary.addresses)
  );
}

/** Nobody can say that the primary served without a break if nobody looked, or if it was not seen to serve. */
function watched(record: PrimaryRecord, lookedBefore: string | undefined, now: number): PrimaryRecord {
  const pause = lookedBefore === undefined ? 0 : now - Date.parse(lookedBefore);
  return pause > UNWATCHED_AFTER ? unquiet(record, now) : record;
}

function unquiet(record: PrimaryRecord, now: number): PrimaryRecord {
  return record.state === 'failing-over' ? { ...record, quietSince: iso(now) } : record;
}

function withAddresses(record: PrimaryRecord, addresses: string[]): PrimaryRecord {
  return { ...record, primary: { ...record.primary, addresses } };
}

function overlap(some: string[], others: string[]): boolean {
  return some.some((address) => others.includes(address));
}

function same(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every((address) => others.includes(address));
}
