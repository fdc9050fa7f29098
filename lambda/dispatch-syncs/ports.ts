import type { Batch, BatchKey } from '../records/sync-batch';
import type { CollectMessage, Command, DispatchMessage } from '../records/sync-messages';
import type { Run } from '../records/sync-run';
import type { PrimaryView } from './hold-back';
import type { ShardEntry } from './plan-batch';

/** What dispatch needs of the world. Every call may fail or leave open whether it took effect. */
export interface Ports {
  readonly registry: Registry;
  readonly runs: Runs;
  readonly commands: Commands;
  readonly queues: Queues;
  readonly primary: { read(): Promise<PrimaryView | undefined> };
  readonly metrics: Metrics;
  readonly shards: number;
  now(): number;
  sleep(millis: number): Promise<void>;
  /** Milliseconds until the invocation is ended from outside. */
  remaining(): number;
}

export interface Registry {
  readShard(group: string, shard: number): Promise<ShardEntry[]>;
  /** Whether the group, or everything, is paused. */
  isGroupPaused(group: string): Promise<boolean>;
}

/** The slot is the schedule's latest. */
export interface Advanced {
  /** The slot before it, if there was one. */
  readonly previousAt?: string;
}

export interface Runs {
  /** Notes the slot as the schedule's latest; undefined when a younger one has been noted. */
  advance(run: Run): Promise<Advanced | undefined>;
  /** Creates the run's own item unless it is there. */
  open(run: Run, shards: number, now: number, previousAt?: string): Promise<void>;
  isOpen(run: Run): Promise<boolean>;
  /** Creates the batch; false when it is there. */
  create(batch: Batch): Promise<boolean>;
  read(key: BatchKey): Promise<Batch | undefined>;
  /** When Systems Manager last cancelled a command because too many were waiting in the account. */
  lastRateExceeded(): Promise<string | undefined>;
  /** Claims a batch once more; false when somebody else did, or collect has it. */
  claimAgain(key: BatchKey, claims: number, leaseUntil: number): Promise<boolean>;
}

export interface CommandRequest {
  readonly runId: string;
  readonly hosts: string[];
  readonly profile: string | undefined;
  readonly comment: string;
  readonly timeLimitSeconds: number;
  /** How long Systems Manager may try to reach a host. */
  readonly deliverySeconds: number;
}

export type SendResult =
  | { readonly kind: 'sent'; readonly commandId: string }
  | { readonly kind: 'throttled' }
  /** Nothing was sent, since some host cannot be commanded; `hosts` are those that the answer names. */
  | { readonly kind: 'refused'; readonly hosts: string[]; readonly reason: string }
  /** It may have been sent. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Commands {
  readonly deliveryTimeoutSeconds: number;
  /** Asks once. Throws when no repetition can help. */
  send(request: CommandRequest): Promise<SendResult>;
  /** The commands with a comment, sent between two moments; undefined when throttled. */
  find(comment: string, from: number, to: number): Promise<Command[] | undefined>;
}

export interface Queues {
  dispatch(messages: DispatchMessage[], delaySeconds: number): Promise<void>;
  collect(message: CollectMessage, delaySeconds: number): Promise<void>;
}

export interface Metrics {
  ordered(run: Run, remotes: number): void;
  oldestSuccess(run: Run, ageSeconds: number): void;
  holdBackOverrun(run: Run): void;
  skipped(run: Run, reason: string): void;
  throttled(run: Run): void;
  told(message: string, detail: Record<string, unknown>): void;
}
