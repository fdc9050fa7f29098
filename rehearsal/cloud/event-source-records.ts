import { type Message, md5, md5OfAttributes, systemAttributes } from './sqs-message';
import type { Received } from './sqs-queue';

/** What a function gets for a batch [Lambda Developer Guide, "Using Lambda with Amazon SQS", "Example standard queue message event"]. */
export function eventOf(batch: readonly Received[], queueArn: string): { Records: Record<string, unknown>[] } {
  const [, , , awsRegion] = queueArn.split(':');
  return {
    Records: batch.map(({ message, receiptHandle }) => ({
      messageId: message.id,
      receiptHandle,
      body: message.body,
      attributes: systemAttributes(message),
      messageAttributes: messageAttributes(message),
      md5OfBody: md5(message.body),
      md5OfMessageAttributes: md5OfAttributes(message.attributes),
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion,
    })),
  };
}

function messageAttributes({ attributes }: Message): Record<string, unknown> {
  const entries = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    {
      stringValue: StringValue,
      binaryValue: BinaryValue && Buffer.from(BinaryValue).toString('base64'),
      stringListValues: [],
      binaryListValues: [],
      dataType: DataType,
    },
  ]);
  return Object.fromEntries(entries);
}

/**
 * The messages that a function with `ReportBatchItemFailures` gives back; undefined when its answer says none that Lambda can
 * read, which gives back all [Lambda Developer Guide, "Implementing partial batch responses", "Success and failure conditions"].
 */
export function reportedFailures(value: unknown, batch: readonly Received[]): ReadonlySet<string> | undefined {
  if (value === null || value === undefined) return new Set();
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const failures: unknown = Reflect.get(value, 'batchItemFailures') ?? [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map((it: unknown): unknown =>
    typeof it === 'object' && it !== null ? Reflect.get(it, 'itemIdentifier') : undefined,
  );
  const known = new Set<unknown>(batch.map(({ message }) => message.id));
  return ids.every((id): id is string => typeof id === 'string' && known.has(id)) ? new Set(ids) : undefined;
}
