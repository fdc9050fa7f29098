import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';

/*
 * The two functions of an app that only rehearsals know: the first takes an order and passes it on, with a delay, to the
 * second, which writes down that it was done.
 */

const queues = new SQSClient();
const tables = new DynamoDBClient();

interface Order {
  readonly order: string;
  /** How often it is passed on. */
  readonly parts?: number;
}

export async function first(event: SQSEvent): Promise<void> {
  for (const { body } of event.Records) {
    const { order, parts = 1 } = JSON.parse(body) as Order;
    const messages = Array.from({ length: parts }, (_, part) => JSON.stringify({ order, part }));
    const [only] = messages;
    const QueueUrl = process.env.SECOND_QUEUE;
    if (messages.length === 1) {
      await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: only, DelaySeconds: 30 }));
    } else {
      const Entries = messages.map((MessageBody, index) => ({ Id: String(index), MessageBody, DelaySeconds: 30 }));
      await queues.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
  }
}

export async function second(event: SQSEvent): Promise<void> {
  for (const { body, attributes } of event.Records) {
    const { order, part } = JSON.parse(body) as { order: string; part: number };
    const Item = {
      done: { S: `${order}/${part}` },
      receives: { N: attributes.ApproximateReceiveCount },
      at: { N: String(Date.now()) },
      expiresAt: { N: String(Math.floor(Date.now() / 1000) + 3600) },
    };
    await tables.send(new PutItemCommand({ TableName: process.env.TABLE, Item }));
  }
}

export const fails = async () => {
  throw new Error('it always does');
};
