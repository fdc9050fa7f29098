import type { LogEntry, LogPoint, Message, MirrorMode, StoredState } from './messages';

/** The transaction log, as the rules see it. What a call has written is durable when it returns. */
export interface Log {
  last(): LogPoint;
  /** Undefined where the logs that are still there do not reach back so far. */
  pointAt(position: number): LogPoint | undefined;
  /** Those after a position, no more than `limit`. */
  after(position: number, limit: number): readonly LogEntry[];
  append(entries: readonly LogEntry[]): void;
  /** Forgets what no mirror ever confirmed. */
  truncateAfter(position: number): void;
}

/** What the rules of a partner need of the world. */
export interface PartnerPorts {
  readonly log: Log;
  /** Durable when it returns. */
  save(state: StoredState): void;
  send(peer: string, message: Message): void;
  hangUp(peer: string): void;
  /**
   * Entries up to here are safe: the database may show them, and those who wait for them may go on. `afresh`: what it showed before
   * may have been something else.
   */
  committed(position: number, afresh: boolean): void;
  /** The server owns the role from now on. */
  becamePrimary(): void;
  becameMirror(): void;
  /** The database stops and starts again: whoever was connected is not any more. */
  restarted(): void;
  /** The database cannot take part any more; somebody has to copy the files. */
  incompatible(reason: string): void;
  /** A word that no other start of any server has. */
  unique(): string;
}

export interface PartnerSettings {
  readonly name: string;
  readonly partner: string;
  readonly arbiter: string;
  readonly database: string;
  readonly mode: MirrorMode;
  /** Of the asynchronous mode (facts §4.2 [M2]). @default false */
  readonly autoFailover?: boolean;
  /** In the unit of `now`, for each peer: the liveness time-out of its mirror connection string (facts §4.1 [M7]). */
  readonly liveness: Readonly<globalThis.Record<string, number>>;
  /** How much longer than documented an old primary keeps calling itself so; a variant. @default 0 */
  readonly lingers?: number;
  /** A mirror that lost both others closes its database too; a variant. @default false */
  readonly lonelyMirrorWaits?: boolean;
}
