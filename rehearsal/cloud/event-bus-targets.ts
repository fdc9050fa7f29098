import type { EventPredicate } from '../events/event-pattern';
import type { TargetInput } from '../events/target-input';
import { ServiceError } from './service';

export interface RuleDescription {
  readonly name: string;
  readonly arn: string;
  /** Undefined for a rule that only has a schedule. */
  readonly matches?: EventPredicate;
  readonly enabled: boolean;
  readonly targets: RuleTarget[];
  /**
   * The bus by its name.
   * @default - the default bus
   */
  readonly busName?: string;
  /**
   * `rate(...)` or `cron(...)`, in UTC.
   * @default - only the pattern
   */
  readonly scheduleExpression?: string;
}

export interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  readonly input: TargetInput;
  /** @default - EventBridge's own: 185 attempts within 24 hours */
  readonly retryPolicy?: RetryPolicy;
  /** @default - what cannot be delivered is lost */
  readonly deadLetterArn?: string;
}

export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMillis: number;
}

/** EventBridge User Guide, "How EventBridge retries delivering events": 24 hours and up to 185 times. Scheduler has the same. */
export const DEFAULT_RETRY: RetryPolicy = { maximumRetryAttempts: 185, maximumEventAgeMillis: 24 * 3600_000 };

/** UNSOURCED: AWS says "exponential back-off and jitter" and no more. */
const BACK_OFF = { firstMillis: 1_000, longestMillis: 300_000 };

/** An event that could not be delivered, as the dead-letter queue would get it with its message attributes. */
export interface DeadLetter {
  readonly queueArn: string;
  readonly body: unknown;
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly errorCode: string;
  readonly errorMessage: string;
}

export interface DeliveryWorld {
  readonly clock: { now(): number; after(millis: number, what: string, action: () => void): unknown };
  readonly chance: { next(): number };
  /** @default - the letter is only counted */
  deadLetter?(letter: DeadLetter): void;
}

/** What is delivered to where, and how stubbornly. */
export interface Delivery {
  readonly what: string;
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly body: unknown;
  readonly retryPolicy: RetryPolicy;
  readonly deadLetterArn?: string;
  /** Throws a {@link ServiceError} when the target does not take it. */
  attempt(): void;
}

/**
 * Delivers at least once: what the target refuses for now (429, 5xx) is tried again, what it refuses for good goes to the
 * dead-letter queue, or is lost (EventBridge User Guide, "Using dead-letter queues to process undelivered events").
 * @param onFailed told of each delivery that was given up
 */
export function deliver(delivery: Delivery, world: DeliveryWorld, onFailed: (error: ServiceError) => void): void {
  const begun = world.clock.now();
  const { retryPolicy, deadLetterArn } = delivery;
  const giveUp = (error: ServiceError) => {
    onFailed(error);
    if (deadLetterArn === undefined) return;
    const { sourceArn, targetArn, body } = delivery;
    const { code: errorCode, message: errorMessage } = error;
    world.deadLetter?.({ queueArn: deadLetterArn, body, sourceArn, targetArn, errorCode, errorMessage });
  };
  const attempt = (retry: number) => {
    try {
      delivery.attempt();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const pause =
        Math.min(BACK_OFF.firstMillis * 2 ** retry, BACK_OFF.longestMillis) * (0.5 + world.chance.next() / 2);
      const tooOld = world.clock.now() + pause - begun > retryPolicy.maximumEventAgeMillis;
      if (!isPassing(error) || retry >= retryPolicy.maximumRetryAttempts || tooOld) giveUp(error);
      else world.clock.after(Math.round(pause), `retry ${delivery.what}`, () => attempt(retry + 1));
    }
  };
  attempt(0);
}

/** A function is run; what becomes of a queue or a topic, the world says that is asked to deliver to it. */
const TARGETS = /^arn:[^:]+:(lambda:[^:]+:\d+:function|sqs:[^:]+:\d+|sns:[^:]+:\d+):/;

/** @param owner the rule or the schedule, by its name */
export function refuseUnknownTargets(owner: string, arns: readonly string[]): void {
  const unknown = arns.filter((arn) => !TARGETS.test(arn));
  if (unknown.length > 0) throw new Error(`${owner}: the rehearsal knows no target such as ${unknown.join(', ')}`);
}

function isPassing(error: ServiceError): boolean {
  return error.statusCode === 429 || error.statusCode >= 500;
}
