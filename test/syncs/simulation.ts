import { collect } from '../../lambda/collect-syncs/collect';
import type { Ports as CollectPorts, RunFinished } from '../../lambda/collect-syncs/ports';
import type { PrimaryView } from '../../lambda/dispatch-syncs/hold-back';
import { orderAgain, orderShard } from '../../lambda/dispatch-syncs/order-shard';
import type { Ports as DispatchPorts } from '../../lambda/dispatch-syncs/ports';
import { startRun } from '../../lambda/dispatch-syncs/start-run';
import type { CollectMessage, DispatchMessage } from '../../lambda/records/sync-messages';
import type { Run } from '../../lambda/records/sync-run';
import { Dice } from './dice';
import { MemoryLedger, MemoryRegistry, MemoryRuns, MemoryTable } from './memory-tables';
import { type FleetFaults, SimulatedFleet } from './simulated-fleet';
import { VirtualTime } from './virtual-time';

/** What happens to one call of a function. */
export type Fault =
  /** The function dies before the call takes effect, or after it. */
  | 'kill-before'
  | 'kill-after'
  /** It takes effect, and the caller sees an error. */
  | 'lost'
  /** It takes effect, the answer is lost, and the SDK asks again. */
  | 'repeated'
  | 'failed';

export interface SimulationOptions {
  readonly seed: number;
  readonly shards: number;
  readonly fleet?: FleetFaults;
  /** Probability that the queue delivers a message twice. */
  readonly duplicates?: number;
  /** Given the number of the call since the beginning, and its name. */
  readonly fault?: (call: number, name: string, dice: Dice) => Fault | undefined;
  readonly primary?: (now: number) => PrimaryView | undefined;
  readonly start?: number;
  /** Of a dispatcher that is wrong. */
  readonly forgetsPauses?: boolean;
}

interface Invocation {
  readonly deadline: number;
  dead: boolean;
  die(): void;
}

interface Message {
  readonly body: string;
  receives: number;
}

const TIMEOUT = 60_000;
/** As lib/remotes sets it. */
const VISIBILITY = 360_000;
const MOST_RECEIVES = 10;
/** Somebody sees the alarm of the dead-letter queue and starts the redrive. */
const REDRIVEN_AFTER = 3_600_000;
export const START = Date.UTC(2026, 0, 5, 9, 0, 0);

/** Both functions on queues, tables and Systems Manager in memory, under one virtual time. */
export class Simulation {
  public readonly time: VirtualTime;
  public readonly dice: Dice;
  public readonly table = new MemoryTable();
  public readonly registry: MemoryRegistry;
  public readonly fleet: SimulatedFleet;
  public readonly announced: RunFinished[] = [];
  public readonly deadLetters: string[] = [];
  public readonly errors: string[] = [];
  /** The name of every call, in order. */
  public readonly calls: string[] = [];
  private waiting = 0;

  constructor(private readonly options: SimulationOptions) {
    this.time = new VirtualTime(options.start ?? START);
    this.dice = new Dice(options.seed);
    this.registry = new MemoryRegistry(options.shards);
    this.fleet = new SimulatedFleet(this.time, this.dice, options.fleet ?? { throttle: 0, rateExceeded: 0 });
  }

  /** A schedule fires. */
  public fire(run: Run, delayMillis = 0): void {
    this.put('dispatch', { kind: 'run', ...run }, delayMillis);
  }

  /** Messages that are in a queue or on their way. */
  public get unfinished(): number {
    return this.waiting;
  }

  private isGroupPaused(group: string): Promise<boolean> {
    return this.options.forgetsPauses ? Promise.resolve(false) : this.registry.isGroupPaused(group);
  }

  private put(queue: 'dispatch' | 'collect', message: DispatchMessage | CollectMessage, delayMillis: number): void {
    const copies = this.dice.hits(this.options.duplicates ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.waiting++;
      const held = { body: JSON.stringify(message), receives: 0 };
      const late = copy === 0 ? this.dice.between(0, 2_000) : this.dice.between(0, 90_000);
      this.time.after(delayMillis + late, () => this.receive(queue, held));
    }
  }

  private receive(queue: 'dispatch' | 'collect', message: Message): void {
    if (message.receives === MOST_RECEIVES) {
      this.deadLetters.push(message.body);
      this.time.after(REDRIVEN_AFTER, () => this.receive(queue, { body: message.body, receives: 0 }));
      return;
    }
    message.receives++;
    let over = false;
    const end = (good: boolean) => {
      if (over) return;
      over = true;
      invocation.dead = true;
      if (good) this.waiting--;
      else this.time.after(received + VISIBILITY - this.time.now(), () => this.receive(queue, message));
    };
    const received = this.time.now();
    const invocation: Invocation = { deadline: received + TIMEOUT, dead: false, die: () => end(false) };
    this.time.after(TIMEOUT, () => end(false));
    const body: unknown = JSON.parse(message.body);
    const work =
      queue === 'dispatch'
        ? this.dispatch(invocation, body as DispatchMessage)
        : this.collect(invocation, body as CollectMessage);
    work.then(
      () => end(true),
      (error: unknown) => {
        this.errors.push(String(error));
        end(false);
      },
    );
  }

  private dispatch(invocation: Invocation, message: DispatchMessage): Promise<void> {
    const ports = this.dispatchPorts(invocation);
    switch (message.kind) {
      case 'run': {
        const { kind: _, ...run } = message;
        return startRun(ports, run);
      }
      case 'order':
        return orderShard(ports, message);
      case 'retry':
        return orderAgain(ports, message);
    }
  }

  private collect(invocation: Invocation, message: CollectMessage): Promise<void> {
    return collect(this.collectPorts(invocation), message);
  }

  /** One call: takes time, may fail, may be the function's last. */
  private call<T>(invocation: Invocation, name: string, effect: () => T | Promise<T>, onLost?: () => T): Promise<T> {
    const fault = this.options.fault?.(this.calls.length, name, this.dice);
    this.calls.push(name);
    const { time, dice } = this;
    return new Promise((resolve, reject) => {
      time.after(dice.between(5, 200), async () => {
        if (invocation.dead) return;
        if (fault === 'kill-before') return invocation.die();
        if (fault === 'failed') return reject(new Error(`${name} failed`));
        const answer = await effect();
        if (fault === 'kill-after') return invocation.die();
        if (fault === 'lost') return onLost ? resolve(onLost()) : reject(new Error(`the answer of ${name} was lost`));
        const told = fault === 'repeated' && !onLost ? await effect() : answer;
        time.after(dice.between(5, 50), () => {
          if (!invocation.dead) resolve(told);
        });
      });
    });
  }

  private dispatchPorts(invocation: Invocation): DispatchPorts {
    const runs = new MemoryRuns(this.table);
    const { fleet, time, options } = this;
    const call = <T>(name: string, effect: () => T | Promise<T>, onLost?: () => T) =>
      this.call(invocation, `dispatch ${name}`, effect, onLost);
    return {
      registry: {
        readShard: (group, shard) => call('Query', () => this.registry.readShard(group, shard)),
        isGroupPaused: (group) => call('QueryPauses', () => this.isGroupPaused(group)),
      },
      runs: {
        advance: (run) => call('advance', () => runs.advance(run)),
        open: (run, shards, now) => call('open', () => runs.open(run, shards, now)),
        isOpen: (run) => call('isOpen', () => runs.isOpen(run)),
        create: (batch) => call('create', () => runs.create(batch)),
        read: (key) => call('read', () => runs.read(key)),
        claimAgain: (key, claims, until) => call('claimAgain', () => runs.claimAgain(key, claims, until)),
        lastRateExceeded: () => call('lastRateExceeded', () => runs.lastRateExceeded()),
      },
      commands: {
        deliveryTimeoutSeconds: 120,
        send: (request) =>
          call(
            'SendCommand',
            () => fleet.send(request),
            () => ({ kind: 'unknown', reason: 'no answer' }),
          ),
        find: (comment, from, to) => call('ListCommands', () => fleet.find(comment, from, to)),
      },
      queues: this.queues(call),
      primary: { read: () => call('GetPrimary', () => options.primary?.(time.now())) },
      metrics: { ordered() {}, oldestSuccess() {}, holdBackOverrun() {}, skipped() {}, throttled() {}, told() {} },
      shards: options.shards,
      now: () => time.now(),
      sleep: (millis) =>
        new Promise((resolve) => {
          time.after(millis, () => {
            if (!invocation.dead) resolve();
          });
        }),
      remaining: () => invocation.deadline - time.now(),
    };
  }

  private collectPorts(invocation: Invocation): CollectPorts {
    const ledger = new MemoryLedger(this.table);
    const { fleet, time } = this;
    const call = <T>(name: string, effect: () => T | Promise<T>) => this.call(invocation, `collect ${name}`, effect);
    return {
      ledger: {
        read: (key) => call('read', () => ledger.read(key)),
        record: (batch, change) => call('record', () => ledger.record(batch, change)),
        closeBatch: (batch, counts) => call('closeBatch', () => ledger.closeBatch(batch, counts)),
        endShard: (key, batches) => call('endShard', () => ledger.endShard(key, batches)),
        closeShard: (key, counts) => call('closeShard', () => ledger.closeShard(key, counts)),
        noteRateExceeded: (at) => call('noteRateExceeded', () => ledger.noteRateExceeded(at)),
        noteAnnounced: (runId, at) => call('noteAnnounced', () => ledger.noteAnnounced(runId, at)),
      },
      remotes: {
        note: (batch, name, settlement) => call('note', () => this.registry.note(batch, name, settlement)),
      },
      invocations: {
        list: (id) => call('ListCommandInvocations', () => fleet.list(id)),
        status: (id) => call('ListCommands', () => fleet.status(id)),
      },
      queues: this.queues(call),
      announcer: {
        announce: (detail) =>
          call('PutEvents', () => {
            this.announced.push(detail);
          }),
      },
      metrics: { settled() {}, finished() {}, told() {} },
      now: () => time.now(),
    };
  }

  private queues(call: <T>(name: string, effect: () => T) => Promise<T>): DispatchPorts['queues'] {
    return {
      dispatch: (messages, delaySeconds) =>
        call('send to dispatch', () => {
          for (const message of messages) this.put('dispatch', message, delaySeconds * 1000);
        }),
      collect: (message, delaySeconds) =>
        call('send to collect', () => this.put('collect', message, delaySeconds * 1000)),
    };
  }
}
