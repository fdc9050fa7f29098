import type { FunctionDescription, InvocationResult } from '../functions/function-runtime';
import type { Clock } from './clock';
import { Destinations, type DestinationWorld, type FunctionDestinations } from './lambda-service-destinations';
import type { Latencies } from './latencies';
import { Logs } from './logs';
import { type Permission, ServiceError } from './service';

/** Who asks Lambda to invoke: a service by the function's resource policy, or a role by its own policies. */
export type Invoker =
  | { readonly kind: 'service'; readonly principal: string; readonly sourceArn: string }
  | { readonly kind: 'role'; readonly roleArn: string };

export interface AsyncInvokeConfig {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMillis: number;
}

/** Lambda's own defaults for asynchronous invocations (Lambda Developer Guide, "Error handling for asynchronous invocation"). */
export const DEFAULT_ASYNC_INVOKE: AsyncInvokeConfig = { maximumRetryAttempts: 2, maximumEventAgeMillis: 6 * 3600_000 };

/** The same page: a minute after the first failure, two after the second. */
const RETRY_PAUSES = [60_000, 120_000];

/** The same page: a throttled event is tried again after 1 s, and then ever more seldom, every 5 minutes in the end. */
const THROTTLED = { firstMillis: 1_000, longestMillis: 300_000 };

export interface ServedFunction {
  readonly description: FunctionDescription;
  readonly asyncInvoke: AsyncInvokeConfig;
  /** @default - the template has no log group for it */
  readonly logGroupArn?: string;
  /** @default - as many at once as there are events */
  readonly reservedConcurrency?: number;
  /** @default - an event that was given up is gone */
  readonly destinations?: FunctionDestinations;
}

interface Verdict {
  readonly allowed: boolean;
  readonly message: string;
}

export interface LambdaWorld extends DestinationWorld {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly latencies: Pick<Latencies, 'sample'>;
  run(functionArn: string, payload: unknown, requestId: string): Promise<InvocationResult>;
  authorizeInvoke(invoker: Invoker, functionArn: string): Verdict;
  /** Asks IAM for a call that AWS makes in the role's name. */
  authorizeRole(roleArn: string, permission: Permission): Verdict;
  /**
   * May Lambda assume the role of a function?
   * @default - not asked
   */
  mayAssume?(service: string, roleArn: string, sourceArn: string): Verdict;
  onEnded(fn: FunctionDescription, payload: unknown, result: InvocationResult): void;
  /** Something that AWS would only show in a metric or not at all. */
  onTrouble(what: string): void;
}

interface QueuedEvent {
  readonly fn: ServedFunction;
  readonly payload: unknown;
  readonly queuedAt: number;
  /** Retries keep it. */
  readonly requestId: string;
  /** How often the function ran for it. */
  invocations: number;
  throttled: number;
}

/** Asynchronous invocations, their retries, and the log that Lambda writes in the name of the function's role. */
export class LambdaService {
  public readonly logs: Logs;
  public readonly destinations: Destinations;
  private readonly running = new Map<string, number>();
  private requests = 0;

  constructor(
    private readonly functions: readonly ServedFunction[],
    private readonly world: LambdaWorld,
  ) {
    const made = functions.filter(({ logGroupArn }) => logGroupArn !== undefined);
    this.logs = new Logs(
      made.map(({ description }) => description.logGroup),
      world,
    );
    this.destinations = new Destinations(world);
    for (const fn of functions) this.check(fn);
  }

  /**
   * Puts an invocation into the function's queue. A caller who may not is refused: at AWS there is nobody to see it but a
   * metric, so the world is told, and whoever delivered the event learns it by the {@link ServiceError}.
   * @param functionArn of the function, or of a version or an alias of it
   */
  public invokeAsync(functionArn: string, payload: unknown, invoker: Invoker): void {
    const fn = this.existing(functionArn);
    const { allowed, message } = this.world.authorizeInvoke(invoker, functionArn);
    if (!allowed) throw this.refused('AccessDeniedException', message, 403);
    const queuedAt = this.world.clock.now();
    void this.attempt({ fn, payload, queuedAt, requestId: this.nextRequestId(), invocations: 0, throttled: 0 });
  }

  /**
   * Invokes and waits for the end, as Lambda's own pollers do, which need no permission for it. What becomes of a failure is
   * the caller's affair: nothing is tried again here.
   * @returns undefined when the function is throttled by its reserved concurrency
   */
  public async invokeSync(functionArn: string, payload: unknown): Promise<InvocationResult | undefined> {
    const fn = this.existing(functionArn);
    return this.isThrottled(fn) ? undefined : this.run(fn, payload, this.nextRequestId());
  }

  private existing(functionArn: string): ServedFunction {
    const unqualified = functionArn.split(':').slice(0, 7).join(':');
    const fn = this.functions.find(({ description }) => description.arn === unqualified);
    if (!fn) throw this.refused('ResourceNotFoundException', `there is no function ${functionArn}`, 404);
    return fn;
  }

  private nextRequestId(): string {
    return `00000000-0000-4000-8000-${String(++this.requests).padStart(12, '0')}`;
  }

  private isThrottled({ description, reservedConcurrency = Number.POSITIVE_INFINITY }: ServedFunction): boolean {
    return (this.running.get(description.arn) ?? 0) >= reservedConcurrency;
  }

  private async run({ description }: ServedFunction, payload: unknown, requestId: string): Promise<InvocationResult> {
    this.running.set(description.arn, (this.running.get(description.arn) ?? 0) + 1);
    const result = await this.world.run(description.arn, payload, requestId);
    this.running.set(description.arn, (this.running.get(description.arn) ?? 1) - 1);
    this.logs.write(description, result);
    this.world.onEnded(description, payload, result);
    return result;
  }

  private async attempt(event: QueuedEvent): Promise<void> {
    const { fn, payload, requestId } = event;
    if (this.isThrottled(fn)) {
      this.throttle(event);
      return;
    }
    event.invocations++;
    const result = await this.run(fn, payload, requestId);
    if (result.outcome === 'returned') {
      this.destinations.send(fn, 'Success', { event, result });
      return;
    }
    if (event.invocations > fn.asyncInvoke.maximumRetryAttempts) {
      this.destinations.send(fn, 'RetriesExhausted', { event, result });
      return;
    }
    this.tryAgain(event, RETRY_PAUSES[event.invocations - 1] ?? 120_000, result);
  }

  /** Reserved concurrency of zero switches a function off: its events are given up at once. */
  private throttle(event: QueuedEvent): void {
    const { description, reservedConcurrency } = event.fn;
    if (reservedConcurrency === 0) {
      this.world.onTrouble(`${description.name} is switched off by its reserved concurrency of 0: an event is dropped`);
      this.destinations.send(event.fn, 'ZeroReservedConcurrency', { event });
      return;
    }
    const pause = Math.min(THROTTLED.firstMillis * 2 ** event.throttled, THROTTLED.longestMillis);
    event.throttled++;
    this.tryAgain(event, pause);
  }

  private tryAgain(event: QueuedEvent, pause: number, result?: InvocationResult): void {
    const { clock } = this.world;
    const { description, asyncInvoke } = event.fn;
    if (clock.now() + pause - event.queuedAt > asyncInvoke.maximumEventAgeMillis) {
      const age = asyncInvoke.maximumEventAgeMillis / 1000;
      this.world.onTrouble(`an event for ${description.name} is dropped: it would be older than ${age} s`);
      this.destinations.send(event.fn, 'EventAgeExceeded', { event, result });
      return;
    }
    clock.after(pause, `retry ${description.name}`, () => {
      void this.attempt(event);
    });
  }

  /** What CloudFormation would refuse to create. */
  private check(fn: ServedFunction): void {
    const { name, roleArn, arn } = fn.description;
    this.destinations.check(fn);
    const trust = this.world.mayAssume?.('lambda.amazonaws.com', roleArn, arn);
    if (trust && !trust.allowed) {
      throw new Error(`${name}: the role ${roleArn} cannot be assumed by Lambda: ${trust.message}`);
    }
  }

  private refused(code: string, message: string, statusCode: number): ServiceError {
    this.world.onTrouble(message);
    return new ServiceError(code, message, statusCode);
  }
}
