import * as client from '@aws-sdk/client-sqs';
import type { Chance } from './chance';
import type { Clock } from './clock';
import type { Permission, ServiceStandIn } from './service';
import { QUEUE_ERRORS } from './sqs-errors';
import type { Draft, Message } from './sqs-message';
import { queueOperations } from './sqs-operations';
import { Queue, type QueueDescription, type QueueFaults } from './sqs-queue';

export interface SqsWorld {
  readonly clock: Pick<Clock, 'now' | 'at'>;
  readonly chance: Chance;
  /** What ARNs of this account's queues begin with: `arn:aws:sqs:eu-central-1:111122223333`. */
  readonly arnPrefix: string;
  /**
   * How messages show who sent them: `<unique id of the role>:<session>`. Lambda names a function's session as the function, EC2 and
   * Systems Manager a host's as the host.
   * @default - by the role's ARN and the session
   */
  senderId?(roleArn: string, session: string): string;
  /** A message that nobody could work off. */
  onTrouble(what: string): void;
}

/** The standard queues of one account and Region. */
export class Sqs {
  public readonly standIn: ServiceStandIn;
  /** What standard queues are allowed to do, and do seldom. */
  public readonly faults: QueueFaults = { duplicateProbability: 0, shuffled: false };
  private readonly queues: ReadonlyMap<string, Queue>;

  constructor(
    descriptions: readonly QueueDescription[],
    private readonly world: SqsWorld,
  ) {
    this.queues = new Map(descriptions.map((it) => [it.arn, this.queue(it)]));
    this.standIn = {
      kind: 'by-schema',
      signingName: 'sqs',
      client,
      protocol: 'aws-json-1.0',
      operations: queueOperations(
        this,
        ({ roleArn, functionName: session }) => world.senderId?.(roleArn, session) ?? `${roleArn}:${session}`,
      ),
    };
  }

  public arnOf(name: string): string {
    return `${this.world.arnPrefix}:${name}`;
  }

  public existing(arn: string): Queue {
    const queue = this.find(arn);
    if (!queue) throw QUEUE_ERRORS.noQueue();
    return queue;
  }

  public find(arn: string): Queue | undefined {
    return this.queues.get(arn);
  }

  /** Queues that hold something, and how much. */
  public backlog(): { arn: string; messages: number }[] {
    return [...this.queues]
      .map(([arn, queue]) => ({ arn, messages: queue.messages().length }))
      .filter(({ messages }) => messages > 0);
  }

  /** What IAM is asked before somebody uses a queue: the action, and the customer's key where there is one. */
  public permissions(action: string, arn: string): Permission[] {
    const asked = [{ action: `sqs:${action}`, resource: arn }];
    const key = this.find(arn)?.description.keyArn;
    return key ? [...asked, ...(KEY_ACTIONS[action] ?? []).map((it) => keyPermission(it, key))] : asked;
  }

  /** A message of a service; its permission has been asked. */
  public put(arn: string, draft: Draft): void {
    this.existing(arn).send(draft);
  }

  /** Sends what lies in a dead-letter queue back to where it came from, as an operator does when the cause is mended. */
  public redrive(deadLetterArn: string): number {
    const messages = this.existing(deadLetterArn).drain();
    for (const { body, attributes: own, senderId, deadLetterSource = '' } of messages) {
      this.put(deadLetterSource, { body, attributes: own, senderId });
    }
    return messages.length;
  }

  private queue(description: QueueDescription): Queue {
    const { clock, chance, onTrouble } = this.world;
    const own = chance.fork(description.arn);
    return new Queue(description, {
      clock,
      ids: own.fork('ids'),
      faults: this.faults,
      faultChance: own.fork('faults'),
      onDeadLetter: (message) => this.moveAway(description, message),
      onExpired: ({ id }) =>
        onTrouble(`message ${id} in ${description.name} is lost: it is older than ${description.retentionSeconds} s`),
    });
  }

  private moveAway({ name, redrive }: QueueDescription, message: Message): void {
    const { deadLetterArn = '' } = redrive ?? {};
    const beginning = message.body.slice(0, 200);
    this.world.onTrouble(
      `a message in ${name} was received ${message.receiveCount} times and goes to its dead-letter queue: ${beginning}`,
    );
    this.find(deadLetterArn)?.takeOver(message);
  }
}

/** SQS Developer Guide, "Key management": a sender makes and reads data keys, a receiver reads them. */
const KEY_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  SendMessage: ['kms:GenerateDataKey', 'kms:Decrypt'],
  ReceiveMessage: ['kms:Decrypt'],
};

function keyPermission(action: string, keyArn: string): Permission {
  const [, , , region = '', account = ''] = keyArn.split(':');
  return {
    action,
    resource: keyArn,
    context: { 'kms:ViaService': `sqs.${region}.amazonaws.com`, 'kms:CallerAccount': account },
  };
}
