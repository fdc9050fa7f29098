import type { Chance } from './chance';
import type { Clock, Scheduled } from './clock';
import type { Latencies } from './latencies';
import type { ManagedNode, NodeCommand, RunningScript, ScriptEnd } from './ssm-node';
import { STOPPED } from './ssm-output';

export interface SsmWorld {
  readonly clock: Pick<Clock, 'now' | 'at' | 'after'>;
  readonly latencies: Pick<Latencies, 'sample'>;
  readonly chance: Chance;
}

/** Systems Manager User Guide, "Understanding command statuses". */
export type Detail =
  | 'Pending'
  | 'InProgress'
  | 'Delayed'
  | 'Cancelling'
  | 'Success'
  | 'Failed'
  | 'DeliveryTimedOut'
  | 'ExecutionTimedOut'
  | 'Cancelled'
  | 'Terminated';

const OPEN: readonly Detail[] = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

/** One command on one host. */
export class Invocation {
  public detail: Detail = 'Pending';
  public startedAt?: number;
  public end?: ScriptEnd & { readonly at: number };
  /** A place among those that run at once was given to it. */
  public released = false;
  private running?: RunningScript;
  private timeout?: Scheduled;

  /** @param expiresAt when it is too late to begin, in milliseconds since 1970. */
  constructor(
    public readonly node: ManagedNode,
    public readonly command: NodeCommand,
    private readonly world: SsmWorld,
    expiresAt: number,
    private readonly onClosed: () => void,
  ) {
    const { clock } = world;
    clock.at(expiresAt, `delivery of ${this.name} expires`, () => this.expire());
    clock.at(expiresAt + command.script.timeoutSeconds * 1000, `${this.name} expires`, () => {
      // Whatever became of it, nobody has told (API Reference, Command, "ExpiresAfter").
      if (this.isOpen) this.close('DeliveryTimedOut');
    });
    node.accepted(command);
  }

  public get isOpen(): boolean {
    return OPEN.includes(this.detail);
  }

  public get hasBegun(): boolean {
    return this.startedAt !== undefined;
  }

  /** Sends it to the agent, which gets it after a while. */
  public release(): void {
    this.released = true;
    const { clock, latencies } = this.world;
    clock.after(latencies.sample('ssm-delivery'), `deliver ${this.name}`, () => this.deliver());
  }

  /** Nothing of it has happened on the host, and nothing will. */
  public drop(detail: 'Terminated' | 'Cancelled' | 'DeliveryTimedOut'): void {
    if (this.isOpen && !this.hasBegun) this.close(detail);
  }

  public cancel(): void {
    this.drop('Cancelled');
    if (!this.isOpen) return;
    const { clock, latencies } = this.world;
    this.detail = 'Cancelling';
    clock.after(latencies.sample('ssm-delivery'), `cancel ${this.name}`, () => this.stop('Cancelled'));
  }

  private get name(): string {
    return `${this.command.commandId} on ${this.node.id}`;
  }

  private expire(): void {
    if (!this.hasBegun) this.drop('DeliveryTimedOut');
  }

  private async deliver(): Promise<void> {
    if (!this.isOpen || this.hasBegun) return;
    const { node, command, world } = this;
    const { clock, chance } = world;
    if (!node.online) {
      // The documents say both of a host that cannot be reached.
      this.detail = chance.next() < 0.5 ? 'InProgress' : 'Delayed';
      node.whenOnline(() => this.release());
      return;
    }
    this.startedAt = clock.now();
    this.detail = 'InProgress';
    const { timeoutSeconds } = command.script;
    this.timeout = clock.after(timeoutSeconds * 1000, `time-out of ${this.name}`, () => this.stop('ExecutionTimedOut'));
    this.running = await node.start(command, (end) => this.tell(end.exitCode === 0 ? 'Success' : 'Failed', end));
  }

  private async stop(detail: 'ExecutionTimedOut' | 'Cancelled'): Promise<void> {
    if (!this.running || !this.isOpen) return;
    const { running } = this;
    this.running = undefined;
    const end = await running.kill();
    this.tell(detail, { ...end, exitCode: STOPPED });
  }

  /** The agent tells how it ended, as soon as it is connected. */
  private tell(detail: Detail, end: ScriptEnd): void {
    this.timeout?.cancel();
    this.running = undefined;
    const { node, world } = this;
    const at = world.clock.now();
    const report = () => {
      if (!this.isOpen) return;
      this.end = { ...end, at };
      this.close(detail);
    };
    if (node.online) report();
    else node.whenOnline(report);
  }

  private close(detail: Detail): void {
    this.detail = detail;
    this.node.closed(this.command);
    this.onClosed();
  }
}
