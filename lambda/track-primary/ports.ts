import type { PrimaryRecord } from '../records/primary-record';
import type { Observation } from './observation';

/** What the tracker needs of the world. Every call ends when the signal says so. */
export interface Ports {
  readonly records: Records;
  readonly source: Source;
  readonly announcer: Announcer;
  /** Where clients look the primary up by name; only of a source whose primary changes its host. */
  readonly alias?: Alias;
  now(): number;
}

export interface Records {
  read(signal: AbortSignal): Promise<PrimaryRecord | undefined>;
  /** Writes if the stored record is still the one that was read; false if somebody else wrote meanwhile. */
  replace(read: PrimaryRecord | undefined, next: PrimaryRecord, signal: AbortSignal): Promise<boolean>;
  /** Notes what has been announced, unless the record has moved on. */
  noteAnnounced(record: PrimaryRecord, signal: AbortSignal): Promise<void>;
}

export interface Alias {
  readonly zone: AliasZone;
  readonly notes: AliasNotes;
}

export interface AliasZone {
  /** Leads the name to this host. */
  point(host: string, signal: AbortSignal): Promise<void>;
}

/** Kept in the primary record. */
export interface AliasNotes {
  /** Notes that the alias was led to the primary of this epoch, and when, unless the record has moved on. */
  noteAlias(record: PrimaryRecord, at: number, signal: AbortSignal): Promise<void>;
}

export interface Source {
  /** Never throws: what gave no answer is `unknown`. */
  observe(signal: AbortSignal): Promise<Observation>;
}

export interface Announcer {
  announce(event: Announcement, signal: AbortSignal): Promise<void>;
}

export interface Announcement {
  readonly detailType: 'MobiLink Primary Changed' | 'MobiLink Failover Started';
  readonly detail: Record<string, unknown>;
}
