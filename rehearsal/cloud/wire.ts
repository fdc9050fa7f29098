import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SEQUENCE_HEADER, WIRE_HOST } from '../functions/protocol';
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
import { operationName, operationSchema, readInput, writeError, writeOutput } from './wire-protocol';

export type Authorize = (caller: Caller, permission: Permission) => { allowed: boolean; message: string };

/** What a scenario does to a call: it takes effect and its answer is lost with the process, it hangs, or it is refused. */
export interface Fault {
  readonly matches: (call: { service: string; operation: string; body: string }) => boolean;
  readonly effect:
    | { readonly kind: 'kill-after' }
    | { readonly kind: 'hang' }
    | { readonly kind: 'refuse'; readonly error: ServiceError };
  /** How often; for ever when absent. */
  times?: number;
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

const CREDENTIAL =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$/;

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
  private readonly callers = new Map<string, Caller>();
  private readonly open = new Map<string, Set<string>>();
  private readonly arrived: Held[] = [];

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

  public addCaller(accessKey: string, caller: Caller): void {
    this.callers.set(accessKey, caller);
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
    const [, accessKey = '', , , signingName = ''] = CREDENTIAL.exec(headers.authorization ?? '') ?? [];
    const sequence = headers[SEQUENCE_HEADER] ?? '';
    const caller = this.callers.get(accessKey);
    if (!caller) {
      const error = new ServiceError(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
        403,
      );
      this.write(response, writeError('aws-json-1.1', error));
      return;
    }
    this.open.get(accessKey)?.add(sequence);
    response.once('close', () => this.open.get(accessKey)?.delete(sequence));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = 'POST', url = '/' } = request;
      this.arrived.push({ accessKey, sequence, caller, signingName, method, url, headers, body, response });
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
    const { signingName, caller, response } = held;
    if (response.destroyed || !this.callers.has(held.accessKey)) {
      this.log(held, operation, 'abandoned by the caller');
      return;
    }
    const fault = this.takeFault(held, operation);
    if (fault?.effect.kind === 'hang') {
      this.log(held, operation, 'never answered');
      return;
    }
    const answer =
      fault?.effect.kind === 'refuse' ? this.refusal(held, fault.effect.error) : await this.answer(held, operation);
    this.log(held, operation, String(answer.status));
    await this.onAnswered({ caller, service: signingName, operation, status: answer.status });
    if (fault?.effect.kind === 'kill-after') await this.onKill(held.accessKey);
    else this.write(response, answer);
  }

  private async answer(held: Held, operation: string): Promise<RawAnswer> {
    const service = this.services.get(held.signingName);
    try {
      if (!service)
        throw new ServiceError('UnknownService', `the rehearsal has no stand-in for ${held.signingName}`, 501);
      if (service.kind === 'raw') {
        this.check(held.caller, service.permissions(operation, parse(held.body)));
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
      const input = await readInput(service, schema.input, held.body);
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
    const worded = protocol === 'aws-query' && error.code === 'AccessDeniedException';
    return writeError(protocol, worded ? new ServiceError('AccessDenied', error.message, 403) : error);
  }

  private takeFault(held: Held, operation: string): Fault | undefined {
    const call = { service: held.signingName, operation, body: held.body };
    const fault = this.faults.find((it) => it.times !== 0 && it.matches(call));
    if (fault?.times !== undefined) fault.times--;
    return fault;
  }

  private operationOf(held: Held): string {
    const service = this.services.get(held.signingName);
    try {
      if (service?.kind === 'by-schema') return operationName(service, held.headers, held.body);
    } catch {
      return 'an unnamed action';
    }
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
    response.writeHead(answer.status, answer.headers);
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
