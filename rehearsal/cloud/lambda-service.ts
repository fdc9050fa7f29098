import type { FunctionDescription, InvocationResult } from '../functions/function-runtime';
import type { Clock } from './clock';
import type { Latencies } from './latencies';
import type { Permission } from './service';

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
const RETRY_PAUSES = [60_000, 120_000];

export interface LambdaWorld {
  readonly clock: Clock;
  readonly latencies: Latencies;
  run(functionArn: string, payload: unknown, requestId: string): Promise<InvocationResult>;
  authorizeInvoke(invoker: Invoker, functionArn: string): { allowed: boolean; message: string };
  /** Asks IAM for a call that AWS makes in the role's name. */
  authorizeRole(roleArn: string, permission: Permission): { allowed: boolean; message: string };
  onEnded(fn: FunctionDescription, payload: unknown, result: InvocationResult): void;
  /** Something that AWS would only show in a metric or not at all. */
  onTrouble(what: string): void;
}

/** Asynchronous invocations, their retries, and the log that Lambda writes in the name of the function's role. */
export class LambdaService {
  private requests = 0;

  constructor(
    private readonly functions: {
      description: FunctionDescription;
      asyncInvoke: AsyncInvokeConfig;
      logGroupArn?: string;
    }[],
    private readonly world: LambdaWorld,
  ) {}

  /** Puts an invocation into the function's queue; a caller who may not is refused, as at AWS, with nobody to see it but a metric. */
  public invokeAsync(functionArn: string, payload: unknown, invoker: Invoker): void {
    const fn = this.functions.find(({ description }) => description.arn === functionArn);
    if (!fn) {
      this.world.onTrouble(`there is no function ${functionArn}`);
      return;
    }
    const { allowed, message } = this.world.authorizeInvoke(invoker, functionArn);
    if (!allowed) {
      this.world.onTrouble(message);
      return;
    }
    const queuedAt = this.world.clock.now();
    void this.attempt(fn, payload, queuedAt, 0);
  }

  private async attempt(
    fn: (typeof this.functions)[number],
    payload: unknown,
    queuedAt: number,
    retry: number,
  ): Promise<void> {
    const { world } = this;
    const { clock } = world;
    const { description, asyncInvoke } = fn;
    const requestId = `00000000-0000-4000-8000-${String(++this.requests).padStart(12, '0')}`;
    const result = await world.run(description.arn, payload, requestId);
    this.writeLog(fn, result);
    world.onEnded(description, payload, result);
    if (result.outcome === 'returned') return;
    if (retry >= asyncInvoke.maximumRetryAttempts) return;
    const pause = RETRY_PAUSES[retry] ?? 120_000;
    if (clock.now() + pause - queuedAt > asyncInvoke.maximumEventAgeMillis) return;
    clock.after(pause, `retry ${description.name}`, () => {
      void this.attempt(fn, payload, queuedAt, retry + 1);
    });
  }

  /** Without the permission the lines are lost without a word: the function runs on. */
  private writeLog(fn: (typeof this.functions)[number], result: InvocationResult): void {
    if (!fn.logGroupArn) return;
    const resource = fn.logGroupArn.replace(/:\*$/, '');
    const stream = `${resource}:log-stream:${fn.description.name}`;
    const actions = result.coldStart ? ['logs:CreateLogStream', 'logs:PutLogEvents'] : ['logs:PutLogEvents'];
    for (const action of actions) {
      const { allowed, message } = this.world.authorizeRole(fn.description.roleArn, { action, resource: stream });
      if (!allowed) this.world.onTrouble(`the log of ${fn.description.name} is lost: ${message}`);
    }
  }
}
