import type { CommandDocument, HostScript } from './ssm-document';
import { type Detail, Invocation, type SsmWorld } from './ssm-invocation';
import type { ManagedNode } from './ssm-node';
import type { SendCommandInput } from './ssm-request';

type CommandDetail = Detail | 'Incomplete' | 'RateExceeded';

/** A command and what became of it on each of its hosts. */
export class Command {
  public readonly invocations: Invocation[];
  public readonly requestedAt: number;
  /** When Systems Manager gives it up. */
  public readonly expiresAt: number;
  private readonly errorsAllowed: number;
  private readonly atOnce: number;
  private cancelled = false;

  /** @param isRefused the account has too many commands waiting: none of it is run. */
  constructor(
    public readonly id: string,
    public readonly document: CommandDocument,
    public readonly input: SendCommandInput,
    public readonly nodes: readonly ManagedNode[],
    /** From when on it is listed. */
    public readonly visibleAt: number,
    private readonly isRefused: boolean,
    world: SsmWorld,
  ) {
    this.requestedAt = world.clock.now();
    const script = document.script(input.Parameters);
    this.expiresAt = this.requestedAt + (input.TimeoutSeconds + script.timeoutSeconds) * 1000;
    this.errorsAllowed = share(input.MaxErrors, nodes.length);
    this.atOnce = Math.max(1, share(input.MaxConcurrency, nodes.length));
    this.invocations = isRefused ? [] : nodes.map((node) => this.invocation(node, script, world));
    this.goOn();
  }

  public get isOpen(): boolean {
    return this.invocations.some((it) => it.isOpen);
  }

  /** On some hosts, or on all. */
  public cancel(instanceIds: readonly string[] | undefined): void {
    this.cancelled ||= instanceIds === undefined;
    for (const it of this.invocations) if (instanceIds?.includes(it.node.id) ?? true) it.cancel();
  }

  public count(...details: Detail[]): number {
    return this.invocations.filter((it) => details.includes(it.detail)).length;
  }

  /** Of the whole command. User Guide, "Understanding command statuses". */
  public get detail(): CommandDetail {
    if (this.isRefused) return 'RateExceeded';
    if (this.isOpen) return this.invocations.some((it) => it.detail !== 'Pending') ? 'InProgress' : 'Pending';
    if (this.cancelled) return 'Cancelled';
    const all = this.invocations.length;
    if (this.count('Success') === all) return 'Success';
    if (this.count('DeliveryTimedOut') === all) return 'DeliveryTimedOut';
    if (this.errors <= this.errorsAllowed) return 'Incomplete';
    return this.count('Failed') === 0 ? 'ExecutionTimedOut' : 'Failed';
  }

  /** Deliveries that timed out do not count (API Reference, CommandInvocation, "StatusDetails"). */
  private get errors(): number {
    return this.count('Failed', 'ExecutionTimedOut');
  }

  private invocation(node: ManagedNode, script: HostScript, world: SsmWorld): Invocation {
    const { TimeoutSeconds, Parameters } = this.input;
    const command = { commandId: this.id, parameters: Parameters, script };
    return new Invocation(node, command, world, this.requestedAt + TimeoutSeconds * 1000, () => this.goOn());
  }

  /** Sends it to as many more hosts as may run it at once; to none any more when there were too many errors. */
  private goOn(): void {
    const waiting = this.invocations.filter((it) => it.isOpen && !it.released);
    if (this.errors > this.errorsAllowed) {
      for (const it of this.invocations) it.drop('Terminated');
      return;
    }
    const running = this.invocations.filter((it) => it.isOpen && it.released).length;
    for (const it of waiting.slice(0, Math.max(0, this.atOnce - running))) it.release();
  }
}

/** A number, or so many per cent of the targets: of 50, `10%` are five errors, and the sixth stops it (User Guide, "Using error controls"). */
function share(text: string, targets: number): number {
  return text.endsWith('%') ? Math.floor((targets * Number.parseInt(text, 10)) / 100) : Number(text);
}
