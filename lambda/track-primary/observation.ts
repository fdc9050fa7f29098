import type { Primary } from '../records/primary-record';

/** What one look at the source brought. Times are milliseconds since 1970. */
export type Observation = InstanceSeen | PairSeen | InstanceAbsent | Unanswered;

/** An RDS instance or cluster, as its API tells of it. */
export interface InstanceSeen {
  readonly kind: 'seen';
  readonly at: number;
  readonly status: string;
  readonly member?: Member;
  readonly addresses?: string[];
}

/** The API knows no such database. */
interface InstanceAbsent {
  readonly kind: 'absent';
  readonly at: number;
}

interface Unanswered {
  readonly kind: 'unknown';
  readonly at: number;
  readonly reason: string;
  /** The account asked more than RDS allows: the next look waits for longer. */
  readonly throttled?: boolean;
}

/** A mirrored pair: what each of its partners says of itself. */
export interface PairSeen {
  readonly kind: 'pair';
  readonly at: number;
  readonly partners: readonly PartnerView[];
  /** The lone claimant of the look before, for as long as there is no record that could hold it. */
  readonly candidate?: Candidate;
}

export interface PartnerView {
  readonly member: Member;
  readonly answer: RoleReport | NoReport;
}

/** The answer of a partner's role service. Words are the database's own, in lower case. */
export interface RoleReport {
  readonly role: string;
  /** Whether the mirror has all that the primary has committed. */
  readonly state: string;
  /** The link to the other partner. */
  readonly partner: string;
  /** The link to the arbiter. */
  readonly arbiter: string;
  readonly mode: string;
  /** By how much its clock is off at least, in milliseconds; the time that the answer took is not held against it. */
  readonly clockSkew: number;
  /** Where the host name led. */
  readonly address?: string;
}

/** No answer that counts. It is not "mirror". */
export interface NoReport {
  readonly unknown: string;
}

/** The member that the source calls primary. */
export type Member = Omit<Primary, 'addresses'>;

/** A partner that nobody but itself calls primary, and when that was first seen. */
export interface Candidate {
  readonly memberId: string;
  readonly seenAt: string;
}

/** What an event of the source says, as far as it may be believed. */
export interface Hint {
  readonly meaning: 'failover-began' | 'failover-completed' | 'failover-abandoned' | 'partner-took-over' | 'look';
  readonly eventId: string;
  /** When the source says that it happened. */
  readonly at: number;
}

export function reportOf({ answer }: PartnerView): RoleReport | undefined {
  return 'unknown' in answer ? undefined : answer;
}

/** Why a look saw nothing of its source; undefined if it saw something. */
export function silenceOf(observation: Observation): string | undefined {
  if (observation.kind === 'unknown') return observation.reason;
  if (observation.kind !== 'pair' || observation.partners.some((partner) => reportOf(partner))) return undefined;
  return silentPartners(observation).join('; ');
}

/** Each partner that gave no answer that counts, and why. */
export function silentPartners({ partners }: PairSeen): string[] {
  return partners.flatMap(({ member, answer }) =>
    'unknown' in answer ? [`${member.memberId}: ${answer.unknown}`] : [],
  );
}
