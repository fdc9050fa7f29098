import type { Primary, PrimaryRecord } from '../records/primary-record';

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
  readonly meaning: 'failover-began' | 'failover-abandoned' | 'look';
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

/** Statuses in which the instance serves connections, by the RDS User Guide's "Viewing DB instance status". */
const SERVING = new Set([
  'available',
  'backing-up',
  'configuring-enhanced-monitoring',
  'configuring-iam-database-auth',
  'configuring-log-exports',
  'delete-precheck',
  'modifying',
  'moving-to-vpc',
  'resetting-master-credentials',
  'storage-config-upgrade',
  'storage-full',
  'storage-initialization',
  'storage-optimization',
]);

/** Statuses in which it will serve again without a person. */
const BETWEEN = new Set([
  'converting-to-vpc',
  'maintenance',
  'rebooting',
  'recovering',
  'renaming',
  'starting',
  'upgrading',
]);

/** Statuses in which there is no primary until a person acts. */
const GONE = new Set([
  'deleting',
  'failed',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'incompatible-network',
  'incompatible-option-group',
  'incompatible-parameters',
  'incompatible-restore',
  'insufficient-capacity',
  'restore-error',
  'stopped',
  'stopping',
]);

export function decide(
  databaseId: string,
  record: PrimaryRecord | undefined,
  observation: Observation,
  hint: Hint | undefined,
  now: number,
): Decision {
  if (observation.kind === 'unknown') return { record, changed: false };
  if (record && observation.at < Date.parse(record.observedAt)) return { record, changed: false };

  const observed = record && { ...record, observedAt: iso(observation.at) };
  const next =
    observation.kind === 'absent'
      ? absent(observed, observation.at, now)
      : seen(databaseId, observed, observation, hint, now);
  return { record: next, changed: next !== undefined && !sameBut(record, next) };
}

/** Whether a database that nobody sees was deleted or renamed: one answer may be stale, so it takes two. */
function absent(record: PrimaryRecord | undefined, at: number, now: number): PrimaryRecord | undefined {
  if (!record) return undefined;
  if (record.absentSince === undefined) return { ...record, absentSince: iso(at) };
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
  if (GONE.has(it.status)) {
    return record ? enter(record, 'no-primary', `the source's status is ${it.status}`, now) : undefined;
  }
  if (!it.member) return record;
  if (!record || record.primary.memberId !== it.member.memberId) return promote(databaseId, record, it, it.member, now);

  const withEvidence = weigh(record, record.primary, it, hint, now);
  if (withEvidence.state === 'stable') return withEvidence;
  return SERVING.has(it.status) ? settle(withEvidence, it, hint, now) : withEvidence;
}

/** Another member is primary, by the word of the source. */
function promote(
  databaseId: string,
  record: PrimaryRecord | undefined,
  it: Seen,
  member: Member,
  now: number,
): PrimaryRecord | undefined {
  if (!record && BETWEEN.has(it.status)) return undefined;
  const serves = !BETWEEN.has(it.status);
  const from = record?.primary;
  return {
    databaseId,
    epoch: (record?.epoch ?? 0) + 1,
    state: serves ? 'stable' : 'failing-over',
    primary: { ...member, addresses: it.addresses ?? [] },
    previousMemberId: from?.memberId,
    since: iso(now),
    stateSince: serves || record?.state !== 'failing-over' ? iso(now) : record.stateSince,
    observedAt: iso(it.at),
    evidenceAt: serves ? undefined : iso(now),
    settlesAfter: serves ? undefined : REBOOT_SETTLES_AFTER,
    cause: from
      ? `the source names ${member.memberId} instead of ${from.memberId}`
      : `the source names ${member.memberId}`,
    announcedEpoch: record?.announcedEpoch ?? 0,
    announcedFailover: record?.announcedFailover,
    watch: record?.watch,
  };
}

/** The same member: is there anything that speaks of a failover? */
function weigh(record: PrimaryRecord, primary: Primary, it: Seen, hint: Hint | undefined, now: number): PrimaryRecord {
  const { record: next, moved } = takeAddresses(record, primary, it, now);
  if (began(next, hint, now)) {
    return evidence(next, `${hint?.eventId} says that a failover began`, FAILOVER_SETTLES_AFTER, now);
  }
  if (moved) return evidence(next, 'the endpoint leads to another address', FAILOVER_SETTLES_AFTER, now);
  if (BETWEEN.has(it.status)) return evidence(next, `the source's status is ${it.status}`, REBOOT_SETTLES_AFTER, now);
  return next;
}

/**
 * Addresses that have nothing in common with the known ones are evidence, once. Soon after a change of primary they are its
 * late half, and simply taken over.
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
  const late = now - Date.parse(record.since) <= FAILOVER_SETTLES_AFTER && record.epoch > 1;
  if (overlap(found, known) || late) return { record: withAddresses(record, primary, found), moved: false };
  return { record: { ...record, movedTo: found }, moved: true };
}

/** An event counts only for what happened after the present state began: repeated and late ones do not. */
function began(record: PrimaryRecord, hint: Hint | undefined, now: number): boolean {
  return (
    hint?.meaning === 'failover-began' && hint.at > Date.parse(record.stateSince) && now - hint.at <= HINT_IS_OLD_AFTER
  );
}

function evidence(record: PrimaryRecord, cause: string, settlesAfter: number, now: number): PrimaryRecord {
  const under = record.state === 'failing-over';
  return {
    ...enter(record, 'failing-over', cause, now),
    evidenceAt: iso(now),
    settlesAfter: Math.max(settlesAfter, under ? (record.settlesAfter ?? 0) : 0),
  };
}

/** Back to stable in the same epoch: the database serves, and nothing has spoken of a failover for long enough. */
function settle(record: PrimaryRecord, it: Seen, hint: Hint | undefined, now: number): PrimaryRecord {
  const quiet = now - Date.parse(record.evidenceAt ?? record.stateSince);
  const abandoned = hint?.meaning === 'failover-abandoned' && record.movedTo === undefined;
  if (record.state === 'failing-over' && !abandoned && quiet < (record.settlesAfter ?? REBOOT_SETTLES_AFTER))
    return record;
  const { primary } = record;
  return {
    ...enter(
      record,
      'stable',
      abandoned ? `${hint.eventId} says that the failover was abandoned` : 'the same primary serves',
      now,
    ),
    primary: it.addresses && it.addresses.length > 0 ? { ...primary, addresses: it.addresses } : primary,
    evidenceAt: undefined,
    settlesAfter: undefined,
    movedTo: undefined,
  };
}

function enter(record: PrimaryRecord, state: PrimaryRecord['state'], cause: string, now: number): PrimaryRecord {
  if (record.state === state) return record;
  return { ...record, state, cause, stateSince: iso(now) };
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
