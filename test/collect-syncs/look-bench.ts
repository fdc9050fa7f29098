import { collect } from '../../lambda/collect-syncs/collect';
import { type Decision, decide } from '../../lambda/collect-syncs/core';
import type { HostView, Invocation } from '../../lambda/collect-syncs/host-view';
import type { Ports, RunFinished } from '../../lambda/collect-syncs/ports';
import type { Batch, Settlement } from '../../lambda/records/sync-batch';
import type { CollectMessage, DispatchMessage, InFlightMessage } from '../../lambda/records/sync-messages';
import { KEY, NINE, RUN } from '../records/round-fixture';
import { MemoryLedger, MemoryRuns, MemoryTable } from '../syncs/memory-tables';

/** Collect with tables in memory, one message at a time; whatever it sends is kept for the test to see. */
export class LookBench {
  public now = NINE + 60_000;
  /** What each command's hosts are said to do; a command that is not named is throttled. */
  public readonly said = new Map<string, Invocation[]>();
  public readonly statuses = new Map<string, string>();
  /** The name of the next call that ends the function before it takes effect. */
  public dieAt: string | undefined;
  public readonly table = new MemoryTable();
  public readonly runs = new MemoryRuns(this.table);
  public readonly ordered: { message: DispatchMessage; delaySeconds: number }[] = [];
  public readonly awaited: { message: CollectMessage; delaySeconds: number }[] = [];
  public readonly noted: { remoteName: string; settlement: Settlement }[] = [];
  public readonly announced: RunFinished[] = [];
  public readonly finished: number[] = [];
  public readonly settled: { outcomes: string[]; latencies: readonly number[] }[] = [];
  private readonly ledger = new MemoryLedger(this.table);

  public look(change: Partial<InFlightMessage> = {}): Promise<void> {
    const { group, shard, batch } = KEY;
    const commands = [{ commandId: 'c-1', hosts: ['i-0000000a'] }];
    return this.receive({
      kind: 'in-flight',
      run: RUN,
      group,
      shard,
      batch,
      commands,
      refused: {},
      look: 0,
      ...change,
    });
  }

  public receive(message: CollectMessage): Promise<void> {
    return collect(this.ports(), message);
  }

  private ports(): Ports {
    const { ledger } = this;
    return {
      ledger: {
        read: (key) => ledger.read(key),
        record: (batch, change) => ledger.record(batch, change),
        closeBatch: (batch, counts) => ledger.closeBatch(batch, counts),
        endShard: (key, batches) => ledger.endShard(key, batches),
        closeShard: (key, counts) => ledger.closeShard(key, counts),
        noteRateExceeded: (at) => ledger.noteRateExceeded(at),
        noteAnnounced: (runId, at) => this.call('noteAnnounced', () => ledger.noteAnnounced(runId, at)),
      },
      remotes: {
        note: (_batch, remoteName, settlement) => this.call('note', () => this.noted.push({ remoteName, settlement })),
      },
      invocations: {
        list: async (commandId) => this.said.get(commandId),
        status: async (commandId) => this.statuses.get(commandId),
      },
      queues: {
        dispatch: (messages, delaySeconds) =>
          this.call('dispatch', () => this.ordered.push(...messages.map((message) => ({ message, delaySeconds })))),
        collect: (message, delaySeconds) => this.call('collect', () => this.awaited.push({ message, delaySeconds })),
      },
      announcer: { announce: (detail) => this.call('announce', () => this.announced.push(detail)) },
      metrics: {
        settled: (_run, settlements, latencies) =>
          this.settled.push({ outcomes: settlements.map(({ outcome }) => outcome), latencies }),
        finished: (_run, { synchronized }) => this.finished.push(synchronized),
        told: () => {},
      },
      now: () => this.now,
    };
  }

  private async call(name: string, effect: () => unknown): Promise<void> {
    if (this.dieAt === name) {
      this.dieAt = undefined;
      throw new Error(`killed at ${name}`);
    }
    await effect();
  }
}

export function invocation(host: string, status: string, change: Partial<Invocation> = {}): Invocation {
  const times = { requestedAt: NINE, startedAt: NINE + 2_000 };
  return { host, status, statusDetails: status, ...times, responseCode: undefined, output: undefined, ...change };
}

/** What a look at the hosts decides, a minute after the slot. */
export function decideAll(batch: Batch, views: Readonly<Record<string, HostView>>, now = NINE + 60_000): Decision {
  return decide(batch, RUN, { look: 0, views, refused: {}, now });
}
