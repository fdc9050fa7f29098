import type { PrimaryRecord } from '../records/primary-record';
import { type Candidate, type PairSeen, type PartnerView, type RoleReport, reportOf } from './observation';
import { enter, iso, nextEpoch, UNWATCHED_AFTER } from './record-states';

/**
 * Who is primary of a mirrored pair, by what its partners say of themselves.
 *
 * The pair decides by quorum and nobody else does. For a short time both partners may hold themselves to be primary: an old primary
 * that is cut off keeps its role until the liveness time-outs of its links expire. So one voice is no proof.
 *
 * - A claimant whose partner says `mirror` is primary, at once.
 * - A claimant whose partner says nothing of use is primary if it sees the arbiter, in two looks.
 * - Two claimants: nobody knows; the last primary stays in the record.
 * - Silence is not "mirror". Without a claimant that counts the pair fails over, and after a while has no primary.
 *
 * A single server has no role and nobody beside it: it is primary whenever it answers.
 */

/**
 * How long a pair may take before it is said to have no primary. UNSOURCED: the liveness time-out of the mirror's links is 30 s, and
 * the promotion needs seconds.
 */
export const NO_PRIMARY_AFTER = 2 * 60_000;

/** Two looks prove more than one if they are this far apart: an event may ask for one shortly after another. UNSOURCED. */
export const SECOND_LOOK_AFTER = 5_000;

export function decidePair(
  databaseId: string,
  known: PrimaryRecord | undefined,
  it: PairSeen,
  now: number,
): PrimaryRecord | undefined {
  const record = known && { ...known, candidate: undefined };
  const [claimant, rival] = claimants(it);
  if (!claimant) return record && unclaimed(record, 'neither partner says that it is primary', now);
  if (rival) return record && enter(record, 'two-primaries', 'both partners say that they are primary', now);

  const { memberId } = claimant.member;
  if (isConfirmed(it, claimant)) return serves(databaseId, record, it, claimant, now);
  if (!hasQuorum(claimant, record)) {
    return record && unclaimed(record, `${memberId} claims to be primary alone and does not see the arbiter`, now);
  }
  const still = record?.state === 'stable' && record.primary.memberId === memberId;
  const before = known ? known.candidate : it.candidate;
  if (still || isSecondLook(before, memberId, it.at)) return serves(databaseId, record, it, claimant, now);
  if (!record) return undefined;
  const candidate = renewed(before, memberId, it.at);
  if (record.state === 'no-primary') return { ...record, candidate };
  const cause = `${memberId} claims to be primary alone; a second look decides`;
  return { ...enter(record, 'failing-over', cause, now), candidate };
}

/** What the next look has to know of this one while there is no record: who claims alone, with a quorum, and since when. */
export function loneClaim(it: PairSeen): Candidate | undefined {
  const [claimant, rival] = claimants(it);
  if (!claimant || rival || isConfirmed(it, claimant) || !hasQuorum(claimant, undefined)) return undefined;
  return renewed(it.candidate, claimant.member.memberId, it.at);
}

function renewed(before: Candidate | undefined, memberId: string, at: number): Candidate {
  return before?.memberId === memberId && isRecent(before, at) ? before : { memberId, seenAt: iso(at) };
}

export function claimants(seen: PairSeen): PartnerView[] {
  const roles = isSingle(seen) ? ['primary', NO_ROLE] : ['primary'];
  return seen.partners.filter((partner) => roles.includes(reportOf(partner)?.role ?? 'silent'));
}

/** Whether there is no mirror. */
export function isSingle({ partners }: PairSeen): boolean {
  return partners.length === 1;
}

/** What the role service says where there is no mirror. */
const NO_ROLE = 'none';

function isConfirmed(seen: PairSeen, claimant: PartnerView): boolean {
  if (isSingle(seen)) return true;
  return seen.partners.some((partner) => partner !== claimant && reportOf(partner)?.role === 'mirror');
}

/**
 * A primary needs the agreement of one other server. The one that is known keeps it by its mirror as well, which may not serve HTTP;
 * another one was made primary without its partner, hence by the arbiter.
 */
function hasQuorum(claimant: PartnerView, record: PrimaryRecord | undefined): boolean {
  const report = reportOf(claimant);
  if (report?.arbiter === CONNECTED) return true;
  return report?.partner === CONNECTED && record?.primary.memberId === claimant.member.memberId;
}

/** Of a link between two servers of a mirrored pair. */
export const CONNECTED = 'connected';

function isSecondLook(before: Candidate | undefined, memberId: string, at: number): boolean {
  if (before?.memberId !== memberId || !isRecent(before, at)) return false;
  return at - Date.parse(before.seenAt) >= SECOND_LOOK_AFTER;
}

/** After a pause in which nobody looked, the look before proves nothing. */
function isRecent({ seenAt }: Candidate, at: number): boolean {
  return Math.abs(at - Date.parse(seenAt)) <= UNWATCHED_AFTER;
}

function serves(
  databaseId: string,
  record: PrimaryRecord | undefined,
  it: PairSeen,
  { member, answer }: PartnerView,
  now: number,
): PrimaryRecord {
  const { address } = answer as RoleReport;
  if (record?.primary.memberId === member.memberId) {
    const addresses = address === undefined ? record.primary.addresses : [address];
    const cause = `${member.memberId} says again that it is primary`;
    // In the order of the stored fields, or every look would seem to change something.
    return { ...enter(record, 'stable', cause, now), primary: { ...record.primary, ...member, addresses } };
  }
  const primary = { ...member, addresses: address === undefined ? [] : [address] };
  return { ...nextEpoch(databaseId, record, primary, it.at, now), state: 'stable', stateSince: iso(now) };
}

function unclaimed(record: PrimaryRecord, cause: string, now: number): PrimaryRecord {
  if (record.state === 'no-primary') return record;
  const away = record.state === 'failing-over' ? now - Date.parse(record.stateSince) : 0;
  return enter(record, away >= NO_PRIMARY_AFTER ? 'no-primary' : 'failing-over', cause, now);
}
