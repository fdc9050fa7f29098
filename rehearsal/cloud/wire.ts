import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CALLER_HEADER, SEQUENCE_HEADER, WIRE_HOST } from '../functions/protocol';
import type { Clock } from './clock';
import type { Latencies } from './latencies';
import { RequestLog } from './request-log';
import {
  type Call,
  type Caller,
  type Permission,
  type RawAnswer,
  type RawServiceStandIn,
  ServiceError,
  type ServiceStandIn,
} from './service';
import type { Fault, Withholding } from './wire-faults';
import { operationName, operationSchema, readInput, writeError, writeOutput } from './wire-protocol';
import { readSignature, refuseStranger } from './wire-signature';

export type Authorize = (caller: Caller, permission: Permission) => { allowed: boolean; message: string };

/** How a caller is reached: in its own region, and when it is frozen not before it wakes up. */
export interface CallerDoor {
  readonly region: string;
  deliver(delivery: () => void): void;
}

interface Held {
  readonly accessKey: string;
  readonly sequence: string;
  readonly caller: Caller;
  readonly signingName: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly response: ServerResponse;
}

/**
 * The one door of the rehearsed cloud: an HTTP server on loopback that takes the requests of the unmodified SDK. A request is
 * held until every process waits; then all of them are taken in, in one order, and each is authorised and answered after its
 * latency in virtual time.
 */
export class Wire {
  public readonly endpoint = `http://${WIRE_HOST}`;
  public readonly requests = new RequestLog();
  public readonly faults: Fault[] = [];
  /** Told of each call that was answered, after it took effect. */
  public onAnswered: (call: {
    caller: Caller;
    service: string;
    operation: string;
    status: number;
  }) => void | Promise<void> = () => {};
  /** Kills the process that holds an access key. */
  public onKill: (accessKey: string) => Promise<void> = async () => {};
  private readonly server = createServer((request, response) => this.receive(request, response));
  private readonly services = new Map<string, ServiceStandIn | RawServiceStandIn>();
  private readonly callers = new Map<string, { caller: Caller; door: CallerDoor }>();
  private readonly open = new Map<string, Set<string>>();
  private readonly arrived: Held[] = [];
  private answers = 0;

  constructor(
    private readonly clock: Clock,
    private readonly latencies: Latencies,
    private readonly authorize: Authorize,
  ) {
    // Idle connections live as long as the rehearsal: what ends them in the real world is no part of the story.
    Object.assign(this.server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, timeout: 0 });
    clock.addIntake(() => this.takeIn());
  }

  public add(service: ServiceStandIn | RawServiceStandIn): void {
    this.services.set(service.signingName, service);
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  public listen(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  public close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  public addCaller(accessKey: string, caller: Caller, door: CallerDoor): void {
    this.callers.set(accessKey, { caller, door });
    this.open.set(accessKey, new Set());
  }

  /** The process is gone: what it still waits for is nobody's. */
  public forget(accessKey: string): void {
    this.callers.delete(accessKey);
    this.open.delete(accessKey);
  }

  public openRequests(accessKey: string): string[] {
    return [...(this.open.get(accessKey) ?? [])];
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const toHost = headers[CALLER_HEADER];
    const signature = readSignature(headers.authorization);
    const accessKey = toHost ?? signature.accessKey;
    const signingName = toHost === undefined ? signature.signingName : 'http';
    const sequence = headers[SEQUENCE_HEADER] ?? '';
    const { method = 'POST', url = '/' } = request;
    const known = this.callers.get(accessKey);
    const caller = known?.caller ?? { functionName: 'unknown', roleArn: 'unknown', process: `key '${accessKey}'` };
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const held = { accessKey, sequence, caller, signingName, method, url, headers, body, response };
      const stranger = toHost === undefined && refuseStranger(signature, known?.door.region, sequence);
      if (stranger) {
        this.log(held, this.operationOf(held), stranger.code);
        this.write(response, this.refusal(held, stranger));
        return;
      }
      this.open.get(accessKey)?.add(sequence);
      response.once('close', () => this.open.get(accessKey)?.delete(sequence));
      this.arrived.push(held);
    });
  }

  private takeIn(): boolean {
    const held = this.arrived.splice(0).sort(byProcessAndSequence);
    for (const it of held) {
      const name = this.operationOf(it);
      const latency = this.latencies.sample(`${it.signingName}:${name}`);
      this.clock.after(latency, `answer ${it.signingName}:${name}`, () => this.settle(it, name));
    }
    return held.length > 0;
  }

  private async settle(held: Held, operation: string): Promise<void> {
    if (this.isAbandoned(held)) {
      this.log(held, operation, 'abandoned by the caller');
      return;
    }
    const effect = this.takeFault(held, operation)?.effect;
    switch (effect?.kind) {
      case undefined:
        return this.answerNow(held, operation, () => this.answer(held, operation));
      case 'refuse':
        return this.answerNow(held, operation, async () => this.refusal(held, effect.error));
      case 'delay':
        this.clock.after(effect.millis, `late answer ${held.signingName}:${operation}`, () =>
          this.isAbandoned(held)
            ? this.log(held, operation, 'abandoned by the caller')
            : this.answerNow(held, operation, () => this.answer(held, operation)),
        );
        return;
      case 'kill-after':
      case 'drop-after':
      case 'hang-after':
        return this.answerNow(held, operation, () => this.answer(held, operation), effect.kind);
      case 'kill-before':
      case 'drop-before':
      case 'hang':
        this.log(held, operation, `not done (${effect.kind})`);
        return this.withhold(held, effect.kind);
    }
  }

  /** Lets the call take effect, and its answer reach the caller unless a fault withholds it. */
  private async answerNow(
    held: Held,
    operation: string,
    work: () => Promise<RawAnswer | undefined>,
    withheld?: Withholding,
  ): Promise<void> {
    const answer = await work();
    if (!answer) {
      this.log(held, operation, 'no answer');
      return;
    }
    this.log(held, operation, withheld ? `${answer.status} (${withheld})` : String(answer.status));
    await this.onAnswered({ caller: held.caller, service: held.signingName, operation, status: answer.status });
    if (withheld) return this.withhold(held, withheld);
    this.deliver(held, () => this.write(held.response, answer));
  }

  private async withhold(held: Held, how: Withholding): Promise<void> {
    if (how === 'kill-before' || how === 'kill-after') await this.onKill(held.accessKey);
    if (how === 'drop-before' || how === 'drop-after') this.deliver(held, () => held.response.destroy());
  }

  private deliver(held: Held, delivery: () => void): void {
    this.callers.get(held.accessKey)?.door.deliver(delivery);
  }

  private isAbandoned(held: Held): boolean {
    return held.response.destroyed || !this.callers.has(held.accessKey);
  }

  private async answer(held: Held, operation: string): Promise<RawAnswer | undefined> {
    const service = this.services.get(held.signingName);
    try {
      if (!service)
        throw new ServiceError('UnknownService', `the rehearsal has no stand-in for ${held.signingName}`, 501);
      if (service.kind === 'raw') {
        this.check(held.caller, service.permissions(operation, held.method === 'GET' ? {} : parse(held.body)));
        return await service.handle(held);
      }
      const schema = operationSchema(service, operation);
      const implementation = service.operations[operation];
      if (!implementation) {
        throw new ServiceError(
          'UnknownOperation',
          `the rehearsal has no stand-in for ${held.signingName}:${operation}`,
          501,
        );
      }
      const input = await readInput(service, schema.input, operation, held);
      const call: Call = { service: held.signingName, operation, input, caller: held.caller };
      this.check(held.caller, implementation.permissions(call));
      return writeOutput(service, operation, schema.output, await implementation.answer(call));
    } catch (error) {
      if (error instanceof ServiceError) return this.refusal(held, error);
      throw error;
    }
  }

  private check(caller: Caller, permissions: Permission[]): void {
    for (const permission of permissions) {
      const { allowed, message } = this.authorize(caller, permission);
      if (!allowed) throw new ServiceError('AccessDeniedException', message, 403);
    }
  }

  private refusal(held: Held, error: ServiceError): RawAnswer {
    const service = this.services.get(held.signingName);
    const protocol = service?.kind === 'by-schema' ? service.protocol : 'raw';
    // The Query protocol has a code of its own for this.
    const worded = (protocol === 'aws-query' || protocol === 'rest-xml') && error.code === 'AccessDeniedException';
    return writeError(protocol, worded ? new ServiceError('AccessDenied', error.message, 403) : error);
  }

  private takeFault(held: Held, operation: string): Fault | undefined {
    const call = { service: held.signingName, operation, body: held.body, caller: held.caller };
    const fault = this.faults.find((it) => it.times !== 0 && it.matches(call));
    if (fault?.times !== undefined) fault.times--;
    return fault;
  }

  private operationOf(held: Held): string {
    const service = this.services.get(held.signingName);
    try {
      if (service?.kind === 'by-schema') return operationName(service, held);
    } catch {
      return 'an unnamed action';
    }
    if (held.signingName === 'http') return `${held.method} ${held.url}`;
    return held.headers['x-amz-target']?.split('.').at(-1) ?? 'an unnamed action';
  }

  private log(held: Held, operation: string, outcome: string): void {
    const { caller, sequence, method, url, headers, body, signingName } = held;
    this.requests.add({
      at: this.clock.now(),
      process: caller.process,
      sequence,
      service: signingName,
      operation,
      method,
      url,
      headers,
      body,
      outcome,
    });
  }

  private write(response: ServerResponse, answer: RawAnswer): void {
    // The SDK corrects its clock by this header: with the date of the real world it would sign for that.
    const date = new Date(this.clock.now()).toUTCString();
    response.writeHead(answer.status, { 'x-amzn-requestid': `rehearsal-${++this.answers}`, ...answer.headers, date });
    response.end(answer.body);
  }
}

function byProcessAndSequence(a: Held, b: Held): number {
  if (a.caller.process !== b.caller.process) return a.caller.process < b.caller.process ? -1 : 1;
  return Number(a.sequence.split('-').at(-1)) - Number(b.sequence.split('-').at(-1));
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    throw new ServiceError('SerializationException', 'The body is not JSON');
  }
}
