import type { Ending } from '../records/outcome-writer';
import type { Outcome } from '../records/sync-outcome';
import type { RegisteredRemote } from './core';

export interface RemoteId {
  readonly group: string;
  readonly remoteName: string;
}

/** What record-outcomes needs of the world. Every call may fail or leave open whether it took effect. */
export interface Ports {
  readonly registry: Registry;
  readonly metrics: Metrics;
}

export interface Registry {
  /** Undefined for a remote that is not registered. */
  read(remote: RemoteId): Promise<RegisteredRemote | undefined>;
  /** False when it changes nothing. */
  note(remote: RemoteId, ending: Ending): Promise<boolean>;
}

export interface Metrics {
  recorded(schedule: string, outcome: Outcome): void;
  /** @param schedule undefined when the message cannot be read. */
  refused(schedule: string | undefined, detail: Record<string, unknown>): void;
  /** What is tried again without anybody's doing. */
  failed(detail: Record<string, unknown>): void;
  leftAside(detail: Record<string, unknown>): void;
}
