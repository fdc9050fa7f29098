import type { Batch, BatchKey, Child, Settlement } from '../records/sync-batch';
import type { CollectMessage, DispatchMessage } from '../records/sync-messages';
import type { Outcome } from '../records/sync-outcome';
import type { Run } from '../records/sync-run';
import type { Invocation } from './host-view';

/** What collect needs of the world. Every call may fail or leave open whether it took effect. */
export interface Ports {
  readonly ledger: Ledger;
  readonly remotes: Remotes;
  readonly invocations: Invocations;
  readonly queues: {
    dispatch(messages: DispatchMessage[], delaySeconds: number): Promise<void>;
    collect(message: CollectMessage, delaySeconds: number): Promise<void>;
  };
  readonly announcer: { announce(detail: RunFinished): Promise<void> };
  readonly metrics: Metrics;
  now(): number;
}

/** How many remotes ended how; `remotes` is their sum once a run has finished. */
export type Counts = Readonly<Record<Outcome, number>> & { readonly remotes: number; readonly ordered: number };

export interface ShardProgress {
  /** Undefined while the shard is still being ordered. */
  readonly batches: number | undefined;
  readonly closed: readonly string[];
  readonly children: readonly string[];
  readonly counts: Counts;
}

export interface RunProgress {
  readonly shards: number;
  readonly closedShards: readonly string[];
  readonly startedAt: string;
  readonly announced: boolean;
  readonly counts: Counts;
}

/** Each write happens once, however often it is asked for, and answers with what stands there then. */
export interface Ledger {
  read(key: BatchKey): Promise<Batch | undefined>;
  /** False when somebody else wrote since `batch` was read. */
  record(batch: Batch, change: LedgerChange): Promise<boolean>;
  closeBatch(batch: Batch, counts: Counts): Promise<ShardProgress>;
  endShard(key: Omit<BatchKey, 'batch'>, batches: number, expiresAt: number): Promise<ShardProgress>;
  closeShard(key: Omit<BatchKey, 'batch'>, counts: Counts): Promise<RunProgress>;
  /** Tells dispatch that too many commands were waiting. */
  noteRateExceeded(at: number): Promise<void>;
  noteAnnounced(runId: string, at: number): Promise<void>;
}

export interface LedgerChange {
  readonly look: number;
  readonly settled: Batch['settled'];
  readonly children: Child[];
  readonly closed: boolean;
}

export interface Remotes {
  /** Writes the outcome into the registry unless a later one is there. */
  note(batch: Batch, remoteName: string, settlement: Settlement): Promise<void>;
}

export interface Invocations {
  /** The hosts of a command; undefined when throttled. */
  list(commandId: string): Promise<Invocation[] | undefined>;
  /** The command's own status; undefined when throttled or unknown. */
  status(commandId: string): Promise<string | undefined>;
}

export interface RunFinished {
  readonly runId: string;
  readonly schedule: string;
  readonly scheduledAt: string;
  readonly startedAt?: string;
  readonly finishedAt: string;
  readonly skipped?: 'late' | 'superseded';
  readonly counts: Record<string, number>;
}

export interface Metrics {
  settled(run: Run, settlements: readonly Settlement[], latencies: readonly number[]): void;
  /** At least once a run. */
  finished(run: Run, counts: Counts): void;
  told(message: string, detail: Record<string, unknown>): void;
}
