/*
 * What the servers of a stand-in pair say to one another. SAP's own protocol is not documented: this one was made so that the
 * documented rules hold. No fact about SAP follows from it.
 */

export type MirrorState = 'synchronizing' | 'synchronized';
export type MirrorMode = 'synchronous' | 'asynchronous';

/** `waiting`: for quorum; the database is not accessible. */
export type PartnerRole = 'waiting' | 'primary' | 'mirror';

/** How far a log reaches: its last entry, and the failover counter under which that was written. */
export interface LogPoint {
  readonly position: number;
  readonly sequence: number;
}

export interface LogEntry extends LogPoint {
  /** What it does to the database; nothing that the rules look at. */
  readonly change: unknown;
}

/** What a state file holds. */
export interface StoredState {
  /** The server that owns the role of the primary. */
  readonly owner: string;
  readonly state: MirrorState;
  readonly mode: MirrorMode;
  /** Counts changes of ownership. */
  readonly sequence: number;
}

/** Sent again and again: it also shows that the sender lives. */
export interface Status {
  readonly kind: 'status';
  readonly role: PartnerRole | 'arbiter';
  readonly stored: StoredState | undefined;
  /** Of the highest agreement that it knows of. */
  readonly sequence: number;
  readonly last: LogPoint;
  /** Which database this is a copy of. */
  readonly database: string;
  /** Another one after each start of the process. */
  readonly incarnation: string;
}

/** Asks for agreement to own the role of the primary. */
export interface Stand {
  readonly kind: 'stand';
  readonly sequence: number;
  readonly nonce: string;
  readonly last: LogPoint;
  readonly database: string;
  readonly state: MirrorState | undefined;
}

export interface Answer {
  readonly kind: 'answer';
  readonly nonce: string;
  readonly agreed: boolean;
  readonly sequence: number;
}

/** From the primary to the mirror: entries of the log that follow `previous`. */
export interface Entries {
  readonly kind: 'entries';
  readonly sequence: number;
  readonly previous: LogPoint;
  readonly entries: readonly LogEntry[];
  readonly state: MirrorState;
  readonly mode: MirrorMode;
}

/** From the mirror: its log now holds, or does not, what the primary's holds up to `position`. */
export interface Written {
  readonly kind: 'written';
  readonly sequence: number;
  readonly incarnation: string;
  readonly matched: boolean;
  readonly position: number;
}

/** From the primary to the arbiter, which has to know whether the mirror may take over. */
export interface Record {
  readonly kind: 'record';
  readonly sequence: number;
  /** Grows with each change of the state under the same sequence. */
  readonly version: number;
  readonly state: MirrorState;
  readonly mode: MirrorMode;
  /** In the asynchronous mode: a mirror may take over though it may lag behind. */
  readonly autoFailover: boolean;
}

export interface Recorded {
  readonly kind: 'recorded';
  readonly accepted: boolean;
  /** The arbiter's own, when it did not accept. */
  readonly sequence: number;
  readonly version: number;
}

/** From a primary that a person told to give its role away. */
export interface Yield {
  readonly kind: 'yield';
  readonly sequence: number;
}

/** From the primary: the mirror's database cannot be brought up to date any more. */
export interface Incompatible {
  readonly kind: 'incompatible';
  readonly reason: string;
}

export type Message = Status | Stand | Answer | Entries | Written | Record | Recorded | Yield | Incompatible;

/** Later is greater, as the logs of two partners are compared. */
export function comparePoints(one: LogPoint, other: LogPoint): number {
  return one.sequence - other.sequence || one.position - other.position;
}
