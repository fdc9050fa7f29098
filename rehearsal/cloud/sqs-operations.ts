import { type Call, type Caller, type Operation, ServiceError } from './service';
import type { Sqs } from './sqs';
import { QUEUE_ERRORS, wholeWithin } from './sqs-errors';
import { type MessageAttributes, md5, md5OfAttributes, sizeOf, systemAttributes } from './sqs-message';
import type { Queue, Received } from './sqs-queue';

/** SQS API reference: most delay, most time hidden, most messages a receive, entries a batch, bytes a batch. */
const MOST = {
  delaySeconds: 900,
  visibilitySeconds: 43_200,
  received: 10,
  waitSeconds: 20,
  entries: 10,
  bytes: 2 ** 20,
};

/** @param senderId how messages show who sent them */
export function queueOperations(sqs: Sqs, senderId: (caller: Caller) => string): Record<string, Operation> {
  /** IAM knows only the actions for one message; batches need the same. */
  const operation = (action: string, answer: (queue: Queue, call: Call) => Record<string, unknown>): Operation => {
    // A queue is called by its URL, whose host only has to lead here.
    const arn = ({ input }: Call) => sqs.arnOf(String(input.QueueUrl).split('/').at(-1) ?? '');
    return {
      permissions: (call) => sqs.permissions(action, arn(call)),
      answer: (call) => answer(sqs.existing(arn(call)), call),
    };
  };
  const send = (queue: Queue, input: Call['input'], { caller }: Call) => {
    const message = queue.send({
      body: String(input.MessageBody),
      attributes: input.MessageAttributes as MessageAttributes | undefined,
      delaySeconds: wholeWithin('DelaySeconds', input.DelaySeconds, 0, MOST.delaySeconds),
      senderId: senderId(caller),
    });
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(message.body),
      MD5OfMessageAttributes: md5OfAttributes(message.attributes),
    };
  };
  const remove = (queue: Queue, handle: unknown) => {
    queue.delete(String(handle));
    return {};
  };
  return {
    SendMessage: operation('SendMessage', (queue, call) => send(queue, call.input, call)),
    SendMessageBatch: operation('SendMessage', (queue, call) => {
      refuseLargeBatch(call);
      return inBatch('SendMessageBatchRequestEntry', call, (entry) => send(queue, entry, call));
    }),
    ReceiveMessage: operation('ReceiveMessage', receive),
    DeleteMessage: operation('DeleteMessage', (queue, { input }) => remove(queue, input.ReceiptHandle)),
    DeleteMessageBatch: operation('DeleteMessage', (queue, call) =>
      inBatch('DeleteMessageBatchRequestEntry', call, ({ ReceiptHandle }) => remove(queue, ReceiptHandle)),
    ),
    ChangeMessageVisibility: operation('ChangeMessageVisibility', (queue, { input }) => {
      const seconds = wholeWithin('VisibilityTimeout', input.VisibilityTimeout, 0, MOST.visibilitySeconds) ?? 0;
      queue.changeVisibility(String(input.ReceiptHandle), seconds);
      return {};
    }),
    GetQueueAttributes: operation('GetQueueAttributes', attributes),
    GetQueueUrl: {
      permissions: ({ input }) => sqs.permissions('GetQueueUrl', sqs.arnOf(String(input.QueueName))),
      answer: ({ input }) => ({ QueueUrl: sqs.existing(sqs.arnOf(String(input.QueueName))).description.url }),
    },
  };
}

function receive(queue: Queue, { input }: Call): Record<string, unknown> {
  const most = wholeWithin('MaxNumberOfMessages', input.MaxNumberOfMessages, 1, MOST.received) ?? 1;
  const visibility = wholeWithin('VisibilityTimeout', input.VisibilityTimeout, 0, MOST.visibilitySeconds);
  if (wholeWithin('WaitTimeSeconds', input.WaitTimeSeconds, 0, MOST.waitSeconds)) {
    throw new ServiceError('UnknownOperation', 'the rehearsal has no stand-in for long polling by a function', 501);
  }
  const received = queue.receive(most, visibility);
  return { Messages: received.length > 0 ? received.map((it) => rendered(it, input)) : undefined };
}

function rendered({ message, receiptHandle }: Received, input: Call['input']): Record<string, unknown> {
  const asked = [input.AttributeNames, input.MessageSystemAttributeNames].flatMap((it) => (it ?? []) as string[]);
  const own = chosen(message.attributes, (input.MessageAttributeNames ?? []) as string[]);
  return {
    MessageId: message.id,
    ReceiptHandle: receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: chosen(systemAttributes(message), asked),
    MessageAttributes: own,
    MD5OfMessageAttributes: own && md5OfAttributes(own),
  };
}

/** `All`, a name, or the beginning of names: `bar.*`. Undefined where nothing is chosen. */
function chosen<T>(values: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> | undefined {
  const entries = Object.entries(values).filter(([name]) =>
    names.some((it) => it === 'All' || it === name || (it.endsWith('.*') && name.startsWith(it.slice(0, -2)))),
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function attributes(queue: Queue, { input }: Call): Record<string, unknown> {
  const { description } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  const { redrive, keyArn } = description;
  const policy = redrive && { deadLetterTargetArn: redrive.deadLetterArn, maxReceiveCount: redrive.maxReceiveCount };
  const known: Record<string, string> = {
    QueueArn: description.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(description.visibilityTimeoutSeconds),
    DelaySeconds: String(description.delaySeconds),
    MaximumMessageSize: String(description.maximumMessageBytes),
    MessageRetentionPeriod: String(description.retentionSeconds),
    ...(keyArn && { KmsMasterKeyId: keyArn }),
    ...(policy && { RedrivePolicy: JSON.stringify(policy) }),
  };
  const names = (input.AttributeNames ?? []) as string[];
  const unknown = names.find((name) => ![...ATTRIBUTES, ...Object.keys(known)].includes(name));
  if (unknown) throw QUEUE_ERRORS.badAttribute(unknown);
  return { Attributes: chosen(known, names) };
}

function refuseLargeBatch({ input }: Call): void {
  const entries = (input.Entries ?? []) as { MessageBody: string; MessageAttributes?: MessageAttributes }[];
  const sizes = entries.map((it) => sizeOf({ body: it.MessageBody, attributes: it.MessageAttributes }));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > MOST.bytes) throw QUEUE_ERRORS.largeBatch(bytes, MOST.bytes);
}

/** What `GetQueueAttributes` takes although a queue may not have it. */
const ATTRIBUTES = ['All', 'KmsMasterKeyId', 'RedrivePolicy'];

type Entry = Readonly<Record<string, unknown>> & { readonly Id?: string };

/** Each entry on its own: what is wrong with one is told in its place. */
function inBatch(
  what: string,
  { input }: Call,
  work: (entry: Entry) => Record<string, unknown>,
): Record<string, unknown> {
  const entries = (input.Entries ?? []) as Entry[];
  if (entries.length === 0) throw QUEUE_ERRORS.emptyBatch(what);
  if (entries.length > MOST.entries) throw QUEUE_ERRORS.longBatch(entries.length, MOST.entries);
  const ids = entries.map(({ Id = '' }) => Id);
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) throw QUEUE_ERRORS.repeatedId(repeated);
  if (!ids.every((id) => /^[A-Za-z0-9_-]{1,80}$/.test(id))) throw QUEUE_ERRORS.badId();
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { code, queryCode = code, message } = error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: queryCode, Message: message });
    }
  }
  return { Successful, Failed };
}
