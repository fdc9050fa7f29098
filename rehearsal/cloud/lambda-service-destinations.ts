import type { FunctionDescription, InvocationResult } from '../functions/function-runtime';
import type { Permission } from './service';

/** Where Lambda sends what became of an asynchronous invocation; each an ARN. */
export interface FunctionDestinations {
  readonly onSuccess?: string;
  readonly onFailure?: string;
  /** The older way: the queue or topic gets the event as it came. */
  readonly deadLetter?: string;
}

/** Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations". */
export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

export interface DestinationWorld {
  readonly clock: { now(): number };
  authorizeRole(roleArn: string, permission: Permission): { allowed: boolean; message: string };
  onTrouble(what: string): void;
  /** Told of what was sent. @default - it is only kept in `sent` */
  onSent?(sender: Sender['description'], arn: string, body: unknown): void;
}

interface Sender {
  readonly description: Pick<FunctionDescription, 'name' | 'arn' | 'roleArn'>;
  readonly destinations?: FunctionDestinations;
}

interface Ending {
  readonly event: { readonly payload: unknown; readonly requestId: string; readonly invocations: number };
  /** Absent when the function never ran for the event. */
  readonly result?: InvocationResult;
}

/** The action that the function's role needs, by the service of the destination. */
const ACTIONS: Readonly<Record<string, string>> = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
};

/** The destinations of asynchronous invocations. What reaches one is kept for the scenario to look at. */
export class Destinations {
  public readonly sent: { readonly at: number; readonly arn: string; readonly body: unknown }[] = [];

  constructor(private readonly world: DestinationWorld) {}

  public check({ description, destinations = {} }: Sender): void {
    const { onSuccess, onFailure, deadLetter } = destinations;
    for (const arn of [onSuccess, onFailure, deadLetter]) {
      if (arn !== undefined && actionFor(arn) === undefined)
        throw new Error(`${description.name}: Lambda knows no destination ${arn}`);
    }
  }

  public send(sender: Sender, condition: Condition, ending: Ending): void {
    const { onSuccess, onFailure, deadLetter } = sender.destinations ?? {};
    const record = invocationRecord(sender, condition, ending, this.world.clock.now());
    if (condition === 'Success') {
      this.deliver(sender, onSuccess, record);
      return;
    }
    this.deliver(sender, onFailure, record);
    this.deliver(sender, deadLetter, ending.event.payload);
  }

  /** In the role's name; without its permission the record is lost. */
  private deliver({ description }: Sender, arn: string | undefined, body: unknown): void {
    const action = arn && actionFor(arn);
    if (!arn || !action) return;
    const { allowed, message } = this.world.authorizeRole(description.roleArn, { action, resource: arn });
    if (!allowed) {
      this.world.onTrouble(`what became of an event of ${description.name} is lost: ${message}`);
      return;
    }
    this.sent.push({ at: this.world.clock.now(), arn, body });
    this.world.onSent?.(description, arn, body);
  }
}

function actionFor(arn: string): string | undefined {
  return ACTIONS[arn.split(':')[2] ?? ''];
}

function invocationRecord({ description }: Sender, condition: Condition, { event, result }: Ending, at: number) {
  return {
    version: '1.0',
    timestamp: new Date(at).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${description.arn}:$LATEST`,
      condition,
      approximateInvokeCount: event.invocations,
    },
    requestPayload: event.payload,
    responseContext: result && {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: result.outcome === 'returned' ? undefined : 'Unhandled',
    },
    responsePayload: result?.error
      ? { errorType: result.error.name, errorMessage: result.error.message }
      : result?.value,
  };
}
