import type { PrimaryView } from '../../lambda/dispatch-syncs/hold-back';
import { orderAgain, orderShard } from '../../lambda/dispatch-syncs/order-shard';
import type { ShardEntry } from '../../lambda/dispatch-syncs/plan-batch';
import type { CommandRequest, Ports, SendResult } from '../../lambda/dispatch-syncs/ports';
import { startRun } from '../../lambda/dispatch-syncs/start-run';
import { toMoment } from '../../lambda/records/names';
import type { Remote } from '../../lambda/records/remote';
import type {
  CollectMessage,
  Command,
  DispatchMessage,
  OrderMessage,
  RetryMessage,
} from '../../lambda/records/sync-messages';
import type { Run } from '../../lambda/records/sync-run';
import { NINE, RUN } from '../records/round-fixture';
import { MemoryLedger, MemoryRuns, MemoryTable } from '../syncs/memory-tables';

export const TIMEOUT = 60_000;

/** The window is over, so every batch is due. */
export const DUE = NINE + RUN.windowSeconds * 1000;

/** Dispatch with tables in memory, one message at a time; what it sends is kept for the test to see. */
export class OrderBench {
  public now = DUE;
  public entries: ShardEntry[] = [];
  public readonly pausedGroups = new Set<string>();
  /** The groups that were asked about. */
  public readonly askedForPause: string[] = [];
  /** How the next calls of SendCommand are answered; after the last of them each is sent. */
  public readonly answers: ((request: CommandRequest) => SendResult)[] = [];
  /** What Systems Manager lists of a batch; undefined is a throttle. */
  public found: Command[] | undefined = [];
  public primary: PrimaryView | undefined;
  public readonly table = new MemoryTable();
  public readonly runs = new MemoryRuns(this.table);
  public readonly ledger = new MemoryLedger(this.table);
  public readonly sent: CommandRequest[] = [];
  public readonly searched: { comment: string; from: string; to: string }[] = [];
  public readonly dispatched: { message: DispatchMessage; delaySeconds: number }[] = [];
  public readonly collected: { message: CollectMessage; delaySeconds: number }[] = [];
  public readonly metered: string[] = [];
  public readonly slept: number[] = [];
  private until = 0;

  /** An invocation that has so long, in milliseconds. */
  public start(run: Run, shards = 2): Promise<void> {
    return startRun({ ...this.ports(TIMEOUT), shards }, run);
  }

  public order(change: Partial<OrderMessage> = {}, millis = TIMEOUT): Promise<void> {
    const message: OrderMessage = { kind: 'order', run: RUN, group: 'stores', shard: 0, batch: 0, ...change };
    return this.receive(message, millis);
  }

  public retry(change: Partial<RetryMessage> & Pick<RetryMessage, 'remotes'>, millis = TIMEOUT): Promise<void> {
    const usual = { kind: 'retry', run: RUN, group: 'stores', shard: 0, batch: '0.1', attempt: 2 } as const;
    return this.receive({ ...usual, ...change }, millis);
  }

  public receive(message: OrderMessage | RetryMessage, millis = TIMEOUT): Promise<void> {
    return message.kind === 'order' ? orderShard(this.ports(millis), message) : orderAgain(this.ports(millis), message);
  }

  /** The one message that goes back into the dispatch queue. */
  public takeBack(): { message: OrderMessage | RetryMessage; delaySeconds: number } {
    const [back, ...more] = this.dispatched.splice(0);
    if (!back || more.length > 0 || back.message.kind === 'run') throw new Error('not one message went back');
    return { message: back.message, delaySeconds: back.delaySeconds };
  }

  private ports(millis: number): Ports {
    this.until = this.now + millis;
    const count = (name: string) => (_run: Run, value?: number | string) => {
      this.metered.push(value === undefined ? name : `${name} ${value}`);
    };
    return {
      registry: {
        readShard: async () => this.entries,
        isGroupPaused: async (group) => {
          this.askedForPause.push(group);
          return this.pausedGroups.has(group);
        },
      },
      runs: this.runs,
      commands: {
        deliveryTimeoutSeconds: 300,
        send: async (request) => {
          this.sent.push(request);
          const answer = this.answers.shift();
          return answer ? answer(request) : { kind: 'sent', commandId: `c-${this.sent.length}` };
        },
        find: async (comment, from, to) => {
          this.searched.push({ comment, from: toMoment(from), to: toMoment(to) });
          return this.found;
        },
      },
      queues: {
        dispatch: async (messages, delaySeconds) => {
          this.dispatched.push(...messages.map((message) => ({ message, delaySeconds })));
        },
        collect: async (message, delaySeconds) => {
          this.collected.push({ message, delaySeconds });
        },
      },
      primary: { read: async () => this.primary },
      metrics: {
        ordered: count('ordered'),
        oldestSuccess: count('oldestSuccess'),
        holdBackOverrun: count('holdBackOverrun'),
        skipped: count('skipped'),
        throttled: count('throttled'),
        told: () => {},
      },
      shards: 1,
      now: () => this.now,
      sleep: async (pause) => {
        this.slept.push(pause);
        this.now += pause;
      },
      remaining: () => this.until - this.now,
    };
  }
}

export function remote(remoteName: string, hosts: string[], change: Partial<Remote> = {}): ShardEntry {
  const usual = { groupShard: 'stores#0', paused: false, consecutiveFailures: 0 };
  return { kind: 'remote', remote: { ...usual, remoteName, hosts, ...change } };
}

/** So many remotes of one host each. */
export function remotes(count: number): ShardEntry[] {
  return Array.from({ length: count }, (_, index) => remote(`store-${index}`, [hostOf(index)]));
}

export function hostOf(index: number): string {
  return `i-${index.toString(16).padStart(8, '0')}`;
}
