import type { Invocation } from '../../lambda/collect-syncs/host-view';
import type { CommandRequest, SendResult } from '../../lambda/dispatch-syncs/ports';
import type { Command } from '../../lambda/records/sync-messages';
import type { Dice } from './dice';
import type { VirtualTime } from './virtual-time';

export interface SimulatedHost {
  readonly id: string;
  readonly remote: string;
  role: 'primary' | 'mirror';
  online: boolean;
  /** Systems Manager has never heard of it. */
  readonly unknown?: boolean;
  readonly syncSeconds: number;
  readonly exitCode: 0 | 1;
  /** Until when a sync holds its lock. */
  lockedUntil: number;
  readonly done: Set<string>;
}

interface Delivered {
  readonly host: SimulatedHost;
  status: string;
  details: string;
  responseCode?: number;
  output?: string;
  startedAt?: number;
}

interface Sent {
  readonly id: string;
  readonly request: CommandRequest;
  readonly at: number;
  readonly hosts: Delivered[];
  readonly status?: string;
}

export interface FleetFaults {
  /** Probability that Systems Manager throttles a call. */
  readonly throttle: number;
  /** Probability that a command is cancelled since too many are waiting. */
  readonly rateExceeded: number;
}

const OPEN = new Set(['Pending', 'InProgress', 'Delayed']);

/** Systems Manager and the hosts behind it; what must never happen is noted. */
export class SimulatedFleet {
  public readonly hosts = new Map<string, SimulatedHost>();
  public readonly commands: Sent[] = [];
  public readonly violations: string[] = [];
  /** `<runId> <remote>` of each sync that reached the consolidated database. */
  public readonly synchronized: string[] = [];

  constructor(
    private readonly time: VirtualTime,
    private readonly dice: Dice,
    private readonly faults: FleetFaults,
  ) {}

  public add(host: Pick<SimulatedHost, 'id' | 'remote' | 'role'> & Partial<SimulatedHost>): void {
    const usual = { online: true, syncSeconds: 20, exitCode: 0 as const, lockedUntil: 0, done: new Set<string>() };
    this.hosts.set(host.id, { ...usual, ...host });
  }

  public send(request: CommandRequest): SendResult {
    const { hosts } = request;
    if (hosts.length === 0 || hosts.length > 50) this.violations.push(`a command for ${hosts.length} hosts`);
    if (this.dice.hits(this.faults.throttle)) return { kind: 'throttled' };
    const unknown = hosts.filter((id) => (this.hosts.get(id) ?? { unknown: true }).unknown);
    if (unknown.length > 0) {
      const named = this.dice.hits(0.5) ? unknown : [];
      return { kind: 'refused', hosts: named, reason: 'InvalidInstanceId' };
    }
    const id = `command-${this.commands.length}`;
    const cancelled = this.dice.hits(this.faults.rateExceeded);
    const delivered = cancelled ? [] : hosts.map((host) => this.accept(request, host));
    const sent = {
      id,
      request,
      at: this.time.now(),
      hosts: delivered,
      status: cancelled ? 'Rate Exceeded' : undefined,
    };
    this.commands.push(sent);
    return { kind: 'sent', commandId: id };
  }

  /** Listed up to five seconds late. */
  public find(comment: string, from: number, to: number): Command[] | undefined {
    if (this.dice.hits(this.faults.throttle)) return undefined;
    return this.commands
      .filter(({ request, at }) => request.comment === comment && at >= from && at <= to)
      .filter(({ at }) => at + this.dice.between(0, 5_000) <= this.time.now())
      .map(({ id, request }) => ({ commandId: id, hosts: request.hosts }));
  }

  public list(commandId: string): Invocation[] | undefined {
    if (this.dice.hits(this.faults.throttle)) return undefined;
    const sent = this.commands.find(({ id }) => id === commandId);
    return (sent?.hosts ?? []).map(({ host, status, details, responseCode, output, startedAt }) => ({
      host: host.id,
      status,
      statusDetails: details,
      requestedAt: sent?.at,
      startedAt,
      responseCode,
      output,
    }));
  }

  public status(commandId: string): string | undefined {
    if (this.dice.hits(this.faults.throttle)) return undefined;
    const sent = this.commands.find(({ id }) => id === commandId);
    return sent?.status ?? (sent?.hosts.some(({ status }) => OPEN.has(status)) ? 'InProgress' : 'Success');
  }

  private accept(request: CommandRequest, id: string): Delivered {
    const host = this.hosts.get(id) as SimulatedHost;
    for (const { request: other, hosts } of this.commands) {
      const open = hosts.find((it) => it.host === host && OPEN.has(it.status));
      if (open && other.runId === request.runId)
        this.violations.push(`${id} has two commands of ${request.runId} at once`);
    }
    const delivered: Delivered = { host, status: 'Pending', details: 'Pending' };
    const expires = this.time.now() + request.deliverySeconds * 1000;
    this.time.after(this.dice.between(100, 3_000), () => this.deliver(request, delivered, expires));
    return delivered;
  }

  private deliver(request: CommandRequest, delivered: Delivered, expires: number): void {
    const { host } = delivered;
    if (host.online) {
      delivered.startedAt = this.time.now();
      this.runScript(request, delivered);
      return;
    }
    if (this.time.now() >= expires) {
      Object.assign(delivered, {
        status: 'TimedOut',
        details: this.dice.hits(0.5) ? 'Delivery Timed Out' : 'DeliveryTimedOut',
      });
      return;
    }
    Object.assign(delivered, { status: 'InProgress', details: 'InProgress' });
    this.time.after(Math.min(10_000, expires - this.time.now()), () => this.deliver(request, delivered, expires));
  }

  /** What host/sync-remote.sh does, in its order. */
  private runScript({ runId }: CommandRequest, delivered: Delivered): void {
    const { host } = delivered;
    const refusal = refusalOf(host, runId, this.time.now());
    if (refusal) {
      this.end(delivered, runId, refusal.exitCode, refusal.result);
      return;
    }
    const millis = host.syncSeconds * 1000;
    host.lockedUntil = this.time.now() + millis;
    Object.assign(delivered, { status: 'InProgress', details: 'InProgress' });
    this.time.after(millis, () => {
      const good = host.exitCode === 0 && host.role === 'primary';
      if (good) {
        host.done.add(runId);
        this.synchronized.push(`${runId} ${host.remote}`);
      }
      this.end(delivered, runId, good ? 0 : 1, good ? 'synchronized' : 'failed');
    });
  }

  private end(delivered: Delivered, run: string, exitCode: number, result: string): void {
    delivered.status = exitCode === 0 ? 'Success' : 'Failed';
    delivered.details = delivered.status;
    delivered.responseCode = exitCode;
    delivered.output = `${JSON.stringify({ version: 1, remote: delivered.host.remote, run, result })}\n`;
  }
}

function refusalOf(host: SimulatedHost, runId: string, now: number): { exitCode: number; result: string } | undefined {
  if (host.lockedUntil > now) return { exitCode: 76, result: 'busy' };
  if (host.done.has(runId)) return { exitCode: 77, result: 'already-done' };
  if (host.role !== 'primary') return { exitCode: 75, result: 'not-primary' };
  return undefined;
}
