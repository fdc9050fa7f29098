import { createHash } from 'node:crypto';
import { QUEUE_ERRORS } from './sqs-errors';

export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, with a label of the sender's own after a dot. */
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** What a sender hands over. */
export interface Draft {
  readonly body: string;
  readonly attributes?: MessageAttributes;
  /** @default - as the queue says */
  readonly delaySeconds?: number;
  /** Who sends, as the attribute `SenderId` shows it. */
  readonly senderId: string;
}

/** A message from its arrival to its deletion; in a dead-letter queue it is still the same. */
export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly senderId: string;
  /** Milliseconds since 1970; a dead-letter queue does not set it anew. */
  readonly sentAt: number;
  /** How often it was received, over all of its copies. */
  receiveCount: number;
  firstReceivedAt?: number;
  /** The queue that it came from when it could not be worked off. */
  deadLetterSource?: string;
}

/** Everything but what XML 1.0 takes [SQS API reference, SendMessage, "MessageBody"]. */
const REFUSED = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** What the queue's limit counts [SQS Developer Guide, "Amazon SQS message metadata"]: body, and names, types and values of attributes. */
export function sizeOf({ body, attributes = {} }: Pick<Draft, 'body' | 'attributes'>): number {
  const parts = Object.entries(attributes).flatMap(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    DataType,
    StringValue ?? BinaryValue ?? '',
  ]);
  return [body, ...parts].reduce((sum, part) => sum + Buffer.from(part).byteLength, 0);
}

/** Refuses what SQS would refuse of any queue's message. */
export function checkDraft(draft: Pick<Draft, 'body' | 'attributes'>, mostBytes: number): void {
  const { body, attributes = {} } = draft;
  if (body === '') throw QUEUE_ERRORS.missing('MessageBody');
  if (REFUSED.test(body)) throw QUEUE_ERRORS.badContents();
  const names = Object.keys(attributes);
  if (names.length > MOST_ATTRIBUTES) {
    throw QUEUE_ERRORS.badValue(`Number of message attributes [${names.length}] exceeds the allowed maximum [10].`);
  }
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (!/^(String|Number|Binary)(\.|$)/.test(DataType)) {
      throw QUEUE_ERRORS.badValue(`The type of message (user) attribute '${name}' is invalid.`);
    }
    if (DataType.startsWith('Binary') ? !BinaryValue?.length : !StringValue) {
      throw QUEUE_ERRORS.badValue(`Message (user) attribute '${name}' must contain a non-empty value.`);
    }
  }
  if (sizeOf(draft) > mostBytes) {
    throw QUEUE_ERRORS.badValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${mostBytes} bytes.`,
    );
  }
}

/** SQS Developer Guide, "Amazon SQS message quotas". */
const MOST_ATTRIBUTES = 10;

export function md5(text: string | Uint8Array): string {
  return createHash('md5').update(text).digest('hex');
}

/** SQS Developer Guide, "Calculating the MD5 message digest for message attributes"; undefined where there are none. */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const encoded = names.flatMap((name) => {
    const { DataType, StringValue = '', BinaryValue } = attributes[name] as MessageAttribute;
    const transport = Buffer.from([BinaryValue ? 2 : 1]);
    return [measured(name), measured(DataType), transport, measured(BinaryValue ?? StringValue)];
  });
  return md5(Buffer.concat(encoded));
}

/** After its length in four bytes. */
function measured(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

/** The attributes that SQS itself keeps of a message. */
export function systemAttributes(message: Message): Record<string, string> {
  const { senderId, sentAt, receiveCount, firstReceivedAt, deadLetterSource } = message;
  return {
    ApproximateReceiveCount: String(receiveCount),
    SentTimestamp: String(sentAt),
    SenderId: senderId,
    ApproximateFirstReceiveTimestamp: String(firstReceivedAt ?? sentAt),
    ...(deadLetterSource && { DeadLetterQueueSourceArn: deadLetterSource }),
  };
}
