import { NO_COUNTS } from '../../lambda/collect-syncs/counts';
import type {
  Counts,
  Ledger,
  LedgerChange,
  Remotes,
  RunProgress,
  ShardProgress,
} from '../../lambda/collect-syncs/ports';
import type { ShardEntry } from '../../lambda/dispatch-syncs/plan-batch';
import type { Advanced, Registry, Runs } from '../../lambda/dispatch-syncs/ports';
import { shardOf } from '../../lambda/records/names';
import { isPaused, type Pause } from '../../lambda/records/pauses';
import type { Remote } from '../../lambda/records/remote';
import { type Batch, type BatchKey, batchItem, type Settlement } from '../../lambda/records/sync-batch';
import type { Run } from '../../lambda/records/sync-run';
import { runIdOf } from '../../lambda/records/sync-run';

interface ShardItem {
  batches?: number;
  readonly closed: Set<string>;
  readonly children: Set<string>;
  counts: Counts;
}

interface RunItem {
  readonly shards: number;
  readonly startedAt: string;
  readonly closedShards: Set<string>;
  counts: Counts;
  announcedAt?: string;
}

/** The items of the runs, for both functions. */
export class MemoryTable {
  public readonly latest = new Map<string, { at: string; previousAt?: string }>();
  public readonly batches = new Map<string, Batch>();
  public readonly shards = new Map<string, ShardItem>();
  public readonly runs = new Map<string, RunItem>();
  public rateExceededAt?: string;
}

const nameOf = ({ runId, group, shard }: Omit<BatchKey, 'batch'>) => `${runId} ${group}/${shard}`;
const batchKey = (key: BatchKey) => `${key.runId} ${batchItem(key)}`;

export class MemoryRuns implements Runs {
  constructor(private readonly table: MemoryTable) {}

  public async advance(run: Run): Promise<Advanced | undefined> {
    const { at } = this.table.latest.get(run.schedule) ?? {};
    if (at !== undefined && at > run.scheduledAt) return undefined;
    if (at !== run.scheduledAt) this.table.latest.set(run.schedule, { at: run.scheduledAt, previousAt: at });
    return { previousAt: this.table.latest.get(run.schedule)?.previousAt };
  }

  public async open(run: Run, shards: number, now: number): Promise<void> {
    const id = runIdOf(run);
    if (this.table.runs.has(id)) return;
    const startedAt = new Date(now).toISOString();
    this.table.runs.set(id, { shards, startedAt, closedShards: new Set(), counts: NO_COUNTS });
  }

  public async isOpen(run: Run): Promise<boolean> {
    return this.table.runs.has(runIdOf(run));
  }

  public async create(batch: Batch): Promise<boolean> {
    const key = batchKey(batch);
    if (this.table.batches.has(key)) return false;
    this.table.batches.set(key, structuredClone(batch));
    return true;
  }

  public async read(key: BatchKey): Promise<Batch | undefined> {
    return structuredClone(this.table.batches.get(batchKey(key)));
  }

  public async claimAgain(key: BatchKey, claims: number, leaseUntil: number): Promise<boolean> {
    const stored = this.table.batches.get(batchKey(key));
    if (!stored || stored.claims !== claims || stored.version !== 0) return false;
    const until = new Date(leaseUntil).toISOString();
    this.table.batches.set(batchKey(key), { ...stored, claims: claims + 1, leaseUntil: until });
    return true;
  }

  public async lastRateExceeded(): Promise<string | undefined> {
    return this.table.rateExceededAt;
  }
}

export class MemoryLedger implements Ledger {
  constructor(private readonly table: MemoryTable) {}

  public async read(key: BatchKey): Promise<Batch | undefined> {
    return structuredClone(this.table.batches.get(batchKey(key)));
  }

  public async record(batch: Batch, change: LedgerChange): Promise<boolean> {
    const stored = this.table.batches.get(batchKey(batch));
    if (stored?.version !== batch.version) return false;
    this.table.batches.set(batchKey(batch), { ...stored, ...structuredClone(change), version: batch.version + 1 });
    return true;
  }

  public async closeBatch(batch: Batch, counts: Counts): Promise<ShardProgress> {
    const shard = this.shard(batch);
    if (!shard.closed.has(batch.batch)) {
      shard.closed.add(batch.batch);
      for (const child of batch.children) shard.children.add(child.batch);
      shard.counts = sum(shard.counts, counts);
    }
    return progressOf(shard);
  }

  public async endShard(key: Omit<BatchKey, 'batch'>, batches: number): Promise<ShardProgress> {
    const shard = this.shard(key);
    shard.batches = batches;
    return progressOf(shard);
  }

  public async closeShard(key: Omit<BatchKey, 'batch'>, counts: Counts): Promise<RunProgress> {
    const run = this.table.runs.get(key.runId);
    if (!run) throw new Error(`there is no run ${key.runId}`);
    const name = `${key.group}/${key.shard}`;
    if (!run.closedShards.has(name)) {
      run.closedShards.add(name);
      run.counts = sum(run.counts, counts);
    }
    const { shards, startedAt, closedShards, announcedAt } = run;
    return {
      shards,
      startedAt,
      closedShards: [...closedShards],
      announced: announcedAt !== undefined,
      counts: run.counts,
    };
  }

  public async noteRateExceeded(at: number): Promise<void> {
    this.table.rateExceededAt = new Date(at).toISOString();
  }

  public async noteAnnounced(runId: string, at: number): Promise<void> {
    const run = this.table.runs.get(runId);
    if (run) run.announcedAt ??= new Date(at).toISOString();
  }

  private shard(key: Omit<BatchKey, 'batch'>): ShardItem {
    const found = this.table.shards.get(nameOf(key));
    if (found) return found;
    const made: ShardItem = { closed: new Set(), children: new Set(), counts: NO_COUNTS };
    this.table.shards.set(nameOf(key), made);
    return made;
  }
}

function progressOf({ batches, closed, children, counts }: ShardItem): ShardProgress {
  return { batches, closed: [...closed], children: [...children], counts };
}

function sum(one: Counts, other: Counts): Counts {
  const entries = Object.keys(one).map((name) => [name, one[name as keyof Counts] + other[name as keyof Counts]]);
  return Object.fromEntries(entries) as Counts;
}

/** The registry: what its owner wrote, and the latest outcome of each remote. */
export class MemoryRegistry implements Registry, Remotes {
  public readonly remotes = new Map<string, Remote>();
  public readonly pauses: Pause[] = [];

  constructor(private readonly shards: number) {}

  public add(group: string, remote: Pick<Remote, 'remoteName' | 'hosts'> & Partial<Remote>): void {
    const groupShard = `${group}#${shardOf(remote.remoteName, this.shards)}`;
    this.remotes.set(remote.remoteName, { paused: false, consecutiveFailures: 0, ...remote, groupShard });
  }

  public async readShard(group: string, shard: number): Promise<ShardEntry[]> {
    const found = [...this.remotes.values()].filter((remote) => remote.groupShard === `${group}#${shard}`);
    return found.map((remote) => ({ kind: 'remote', remote: structuredClone(remote) }));
  }

  public async isGroupPaused(group: string): Promise<boolean> {
    return isPaused(group, this.pauses);
  }

  public async note(batch: Batch, remoteName: string, settlement: Settlement): Promise<void> {
    const remote = this.remotes.get(remoteName);
    if (!remote) return;
    const { outcome, at, host } = settlement;
    const same = remote.lastOutcomeAt === at && remote.lastRunId === batch.runId;
    if (same || (remote.lastOutcomeAt !== undefined && remote.lastOutcomeAt > at)) return;
    const failed = outcome !== 'synchronized' && outcome !== 'busy' && outcome !== 'paused';
    this.remotes.set(remoteName, {
      ...remote,
      lastOutcome: outcome,
      lastOutcomeAt: at,
      lastRunId: batch.runId,
      primaryHost: settlement.forgetPrimary ? undefined : (host ?? remote.primaryHost),
      consecutiveFailures: failed
        ? remote.consecutiveFailures + 1
        : outcome === 'synchronized'
          ? 0
          : remote.consecutiveFailures,
      lastSuccessAt: outcome === 'synchronized' ? at : remote.lastSuccessAt,
    });
  }
}
