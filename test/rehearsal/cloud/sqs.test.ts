import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  MessageNotInflight,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chance } from '../../../rehearsal/cloud/chance';
import { eventOf } from '../../../rehearsal/cloud/event-source-records';
import { Sqs } from '../../../rehearsal/cloud/sqs';
import type { QueueDescription } from '../../../rehearsal/cloud/sqs-queue';
import { ACCOUNT, REGION } from './database';
import { SdkDoor } from './sdk-door';

const SECOND = 1_000;
const PREFIX = `arn:aws:sqs:${REGION}:${ACCOUNT}`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/of-the-customer`;

const description = (name: string, own: Partial<QueueDescription> = {}): QueueDescription => ({
  name,
  arn: `${PREFIX}:${name}`,
  url: `http://queues.example/${ACCOUNT}/${name}`,
  delaySeconds: 0,
  visibilityTimeoutSeconds: 30,
  retentionSeconds: 345_600,
  maximumMessageBytes: 1_048_576,
  ...own,
});

let door: SdkDoor;
let sqs: Sqs;
let client: SQSClient;
let troubles: string[];

beforeEach(async () => {
  door = new SdkDoor();
  troubles = [];
  sqs = new Sqs(
    [
      description('orders', { redrive: { deadLetterArn: `${PREFIX}:dead`, maxReceiveCount: 2 } }),
      description('dead', { retentionSeconds: 1_209_600 }),
      description('slow', { delaySeconds: 10, maximumMessageBytes: 1_024, retentionSeconds: 60 }),
      description('secret', { keyArn: KEY }),
    ],
    {
      clock: door.clock,
      chance: new Chance('queues'),
      arnPrefix: PREFIX,
      senderId: (roleArn, session) => `AROA${roleArn.split('/').at(-1)?.toUpperCase()}:${session}`,
      onTrouble: (what) => troubles.push(what),
    },
  );
  await door.open(sqs.standIn);
  client = new SQSClient(door.settings);
  door.number(client.middlewareStack);
});

afterEach(async () => {
  client.destroy();
  await door.close();
});

/** The host of a queue's URL is where the SDK sends to. */
const url = (name: string) => `${door.settings.endpoint}/${ACCOUNT}/${name}`;

const send = (body: string, own: Partial<SendMessageCommandInput> = {}, name = 'orders') =>
  door.answer(client.send(new SendMessageCommand({ QueueUrl: url(name), MessageBody: body, ...own })));

async function receive(own: Partial<ReceiveMessageCommandInput> = {}, name = 'orders') {
  const command = new ReceiveMessageCommand({ QueueUrl: url(name), MaxNumberOfMessages: 10, ...own });
  const { Messages = [] } = await door.answer(client.send(command));
  return Messages;
}

const bodies = async (name?: string) => (await receive({}, name)).map(({ Body }) => Body);

describe('a message', () => {
  it('comes as it was sent, with what SQS knows of it', async () => {
    const attributes = {
      Colour: { DataType: 'String', StringValue: 'röd' },
      Bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 3]) },
    };
    const { MessageId, MD5OfMessageAttributes } = await send('héllo', { MessageAttributes: attributes });
    const sentAt = door.clock.now();
    await door.clock.run(5 * SECOND);
    const [message] = await receive({ MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['Col.*'] });
    expect(message).toMatchObject({
      MessageId,
      Body: 'héllo',
      MessageAttributes: { Colour: { DataType: 'String', StringValue: 'röd' } },
      Attributes: { ApproximateReceiveCount: '1', SenderId: 'AROATEST:test' },
    });
    expect(message?.MessageAttributes?.Bytes).toBeUndefined();
    expect(MessageId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    const { SentTimestamp, ApproximateFirstReceiveTimestamp } = message?.Attributes ?? {};
    expect(Math.abs(Number(SentTimestamp) - sentAt)).toBeLessThan(SECOND);
    expect(Number(ApproximateFirstReceiveTimestamp) - Number(SentTimestamp)).toBeGreaterThanOrEqual(5 * SECOND);
    // By hand from the Developer Guide's rule, with Python's hashlib.
    expect(MD5OfMessageAttributes).toBe('edcfc58e6d56a1618210422467037f71');
  });

  it('reaches a function with the role and the session of who sent it, alone or with others, whatever stands in it', async () => {
    const caller = { functionName: 'i-0000000a', roleArn: `arn:aws:iam::${ACCOUNT}:role/store`, process: 'store#0' };
    const body = { MessageBody: '{"SenderId":"AROAOTHER:i-0000000b"}' };
    for (const [operation, content] of [
      ['SendMessage', body],
      ['SendMessageBatch', { Entries: [{ Id: 'one', ...body }] }],
    ] as const) {
      const input = { QueueUrl: url('orders'), ...content };
      await sqs.standIn.operations[operation]?.answer({ service: 'sqs', operation, input, caller });
    }
    const { Records } = eventOf(sqs.existing(`${PREFIX}:orders`).receive(10), `${PREFIX}:orders`);
    expect(Records).toHaveLength(2);
    for (const { attributes } of Records) expect(attributes).toMatchObject({ SenderId: 'AROASTORE:i-0000000a' });
  });

  it('is hidden while somebody has it, and comes again when that takes too long', async () => {
    await send('one');
    expect(await bodies()).toEqual(['one']);
    await door.clock.run(29 * SECOND);
    expect(await bodies()).toEqual([]);
    await door.clock.run(SECOND);
    const [again] = await receive({ MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(again?.Attributes).toEqual({ ApproximateReceiveCount: '2' });
  });

  it('is gone when it is deleted', async () => {
    await send('one');
    const [message] = await receive();
    const deletion = { QueueUrl: url('orders'), ReceiptHandle: message?.ReceiptHandle };
    await door.answer(client.send(new DeleteMessageCommand(deletion)));
    await door.answer(client.send(new DeleteMessageCommand(deletion)));
    await door.clock.run(60 * SECOND);
    expect(await bodies()).toEqual([]);
  });

  it('stays when it is deleted by a handle that is out of date', async () => {
    await send('one');
    const [first] = await receive();
    await door.clock.run(30 * SECOND);
    const [second] = await receive();
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
    const remove = (ReceiptHandle?: string) =>
      door.answer(client.send(new DeleteMessageCommand({ QueueUrl: url('orders'), ReceiptHandle })));
    await remove(first?.ReceiptHandle);
    expect(sqs.find(`${PREFIX}:orders`)?.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await remove(second?.ReceiptHandle);
    expect(sqs.find(`${PREFIX}:orders`)?.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('is hidden for as long as its receiver wants, from when he says it', async () => {
    await send('one');
    const [message] = await receive({ VisibilityTimeout: 5 });
    const hide = (VisibilityTimeout: number) => {
      const change = { QueueUrl: url('orders'), ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout };
      return door.answer(client.send(new ChangeMessageVisibilityCommand(change)));
    };
    await hide(100);
    await door.clock.run(99 * SECOND);
    expect(await bodies()).toEqual([]);
    await hide(0);
    await expect(hide(10)).rejects.toThrow(MessageNotInflight);
    expect(await bodies()).toEqual(['one']);
    await expect(hide(10)).rejects.toThrow(MessageNotInflight);
    await expect(hide(43_201)).rejects.toThrow('VisibilityTimeout is invalid');
  });

  it('is hidden for as long as its receiver wants, from when he takes it', async () => {
    await send('one');
    await receive({ VisibilityTimeout: 5 });
    await door.clock.run(4 * SECOND);
    expect(await bodies()).toEqual([]);
    await door.clock.run(SECOND);
    expect(await bodies()).toEqual(['one']);
  });

  it.each([
    ['its own delay', 'orders', 20, 20],
    ['that of the queue', 'slow', undefined, 10],
    ['its own, whatever the queue’s is', 'slow', 3, 3],
    ['its own of none', 'slow', 0, 0],
  ])('is delayed by %s', async (_, name, DelaySeconds, seconds) => {
    await send('later', { DelaySeconds }, name);
    const queue = sqs.find(`${PREFIX}:${name}`);
    await door.clock.run(Math.max(0, seconds * SECOND - 100));
    expect(queue?.counts().delayed).toBe(seconds > 0 ? 1 : 0);
    await door.clock.run(100);
    expect(await bodies(name)).toEqual(['later']);
  });

  it('is lost when it is older than the queue keeps it, and that is told', async () => {
    await send('old', {}, 'slow');
    await door.clock.run(60 * SECOND);
    expect(await bodies('slow')).toEqual([]);
    expect(troubles).toEqual([expect.stringMatching(/^message [0-9a-f-]{36} in slow is lost: it is older than 60 s$/)]);
  });

  it('goes to the dead-letter queue when it comes once too often, and back when the cause is mended', async () => {
    await send('poison');
    for (const times of [1, 2]) {
      expect(await bodies(), `receive ${times}`).toEqual(['poison']);
      await door.clock.run(30 * SECOND);
    }
    expect(await bodies()).toEqual([]);
    expect(troubles).toEqual(['a message in orders was received 2 times and goes to its dead-letter queue: poison']);
    const [dead] = await receive({ MessageSystemAttributeNames: ['DeadLetterQueueSourceArn'] }, 'dead');
    expect(dead).toMatchObject({ Body: 'poison', Attributes: { DeadLetterQueueSourceArn: `${PREFIX}:orders` } });
    expect(sqs.redrive(`${PREFIX}:dead`)).toBe(1);
    const [back] = await receive({ MessageSystemAttributeNames: ['All'] });
    expect(back?.MessageId).not.toBe(dead?.MessageId);
    expect(back).toMatchObject({ Body: 'poison', Attributes: { ApproximateReceiveCount: '1' } });
  });
});

describe('a batch', () => {
  const batch = (entries: { Id: string; MessageBody: string; DelaySeconds?: number }[], name = 'orders') =>
    door.answer(client.send(new SendMessageBatchCommand({ QueueUrl: url(name), Entries: entries })));

  it('is taken entry by entry', async () => {
    const answer = await batch([
      { Id: 'a', MessageBody: 'one' },
      { Id: 'b', MessageBody: 'two', DelaySeconds: 901 },
      { Id: 'c', MessageBody: 'three', DelaySeconds: 900 },
    ]);
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(answer.Failed).toMatchObject([{ Id: 'b', SenderFault: true, Code: 'InvalidParameterValue' }]);
    expect(await bodies()).toEqual(['one']);
    expect(door.asked.map(({ action }) => action)).toEqual(['sqs:SendMessage', 'sqs:ReceiveMessage']);
  });

  it('is deleted entry by entry', async () => {
    await batch([
      { Id: 'a', MessageBody: 'one' },
      { Id: 'b', MessageBody: 'two' },
    ]);
    const messages = await receive();
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    const deletion = { QueueUrl: url('orders'), Entries: [...Entries, { Id: 'x', ReceiptHandle: 'nonsense' }] };
    const { Successful, Failed } = await door.answer(client.send(new DeleteMessageBatchCommand(deletion)));
    expect(Successful?.map(({ Id }) => Id)).toEqual(['0', '1']);
    expect(Failed).toMatchObject([{ Id: 'x', Code: 'ReceiptHandleIsInvalid' }]);
    expect(door.asked.at(-1)?.action).toBe('sqs:DeleteMessage');
  });

  const large = 'x'.repeat(600_000);
  it.each([
    ['nothing in it', [], 'EmptyBatchRequest'],
    [
      'one too many',
      Array.from({ length: 11 }, (_, i) => ({ Id: `${i}`, MessageBody: 'x' })),
      'TooManyEntriesInBatchRequest',
    ],
    ['an id twice', ['a', 'a'].map((Id) => ({ Id, MessageBody: 'x' })), 'BatchEntryIdsNotDistinct'],
    ['an id that is none', [{ Id: 'a b', MessageBody: 'x' }], 'InvalidBatchEntryId'],
    ['more than a MiB', ['a', 'b'].map((Id) => ({ Id, MessageBody: large })), 'BatchRequestTooLong'],
  ])('with %s is refused as a whole', async (_, entries, name) => {
    await expect(batch(entries)).rejects.toMatchObject({ name });
    expect(await bodies()).toEqual([]);
  });
});

describe('what AWS refuses', () => {
  it('is a queue that is not there, once the caller may ask for it', async () => {
    await expect(send('x', {}, 'nowhere')).rejects.toThrow(QueueDoesNotExist);
    await expect(send('x', {}, 'nowhere')).rejects.toMatchObject({
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
      Type: 'Sender',
      message: 'The specified queue does not exist.',
    });
    door.denied = 'sqs:SendMessage';
    await expect(send('x', {}, 'nowhere')).rejects.toThrow(`not authorized: ${PREFIX}:nowhere`);
  });

  it.each<[string, string, Partial<SendMessageCommandInput>, string]>([
    ['an empty one', '', {}, 'MissingParameter'],
    ['one byte more than the queue takes', `${'é'.repeat(512)}x`, {}, 'InvalidParameterValue'],
    [
      'more in its attributes than the queue takes',
      'x',
      { MessageAttributes: { a: { DataType: 'String', StringValue: 'x'.repeat(1_017) } } },
      'InvalidParameterValue',
    ],
    ['a delay of more than 15 minutes', 'x', { DelaySeconds: 901 }, 'InvalidParameterValue'],
    [
      'an attribute of no known type',
      'x',
      { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } },
      'InvalidParameterValue',
    ],
    [
      'an attribute without a value',
      'x',
      { MessageAttributes: { a: { DataType: 'String' } } },
      'InvalidParameterValue',
    ],
    ['a character that XML lacks', 'x\u0000', {}, 'InvalidMessageContents'],
  ])('is a message: %s', async (_, body, own, name) => {
    await expect(send(body, own, 'slow')).rejects.toMatchObject({ name });
  });

  it('is not a message of exactly the queue’s size', async () => {
    await send('é'.repeat(512), { DelaySeconds: 0 }, 'slow');
    expect(await bodies('slow')).toEqual(['é'.repeat(512)]);
  });

  it('is a handle that is none, a number out of range and an attribute that is not known', async () => {
    const QueueUrl = url('orders');
    const wrong = client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'nonsense' }));
    await expect(door.answer(wrong)).rejects.toThrow(ReceiptHandleIsInvalid);
    await expect(receive({ MaxNumberOfMessages: 11 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const unknown = client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Nonsense' as 'All'] }));
    await expect(door.answer(unknown)).rejects.toMatchObject({ name: 'InvalidAttributeName' });
  });

  it('is not long polling, which only the rehearsal has no stand-in for', async () => {
    await expect(receive({ WaitTimeSeconds: 20 })).rejects.toThrow('the rehearsal has no stand-in for long polling');
  });
});

describe('a queue', () => {
  it('tells what is in it, and where it is', async () => {
    await send('one');
    await send('two');
    await send('three', { DelaySeconds: 60 });
    await receive({ MaxNumberOfMessages: 1 });
    const asked = new GetQueueAttributesCommand({ QueueUrl: url('orders'), AttributeNames: ['All'] });
    const { Attributes } = await door.answer(client.send(asked));
    expect(Attributes).toMatchObject({
      QueueArn: `${PREFIX}:orders`,
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      VisibilityTimeout: '30',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${PREFIX}:dead`, maxReceiveCount: 2 }),
    });
    const { QueueUrl } = await door.answer(client.send(new GetQueueUrlCommand({ QueueName: 'orders' })));
    expect(QueueUrl).toBe(`http://queues.example/${ACCOUNT}/orders`);
  });

  it('under a customer’s key asks for the key too', async () => {
    await send('one', {}, 'secret');
    await receive({}, 'secret');
    expect(door.asked.map(({ action, resource }) => [action, resource])).toEqual([
      ['sqs:SendMessage', `${PREFIX}:secret`],
      ['kms:GenerateDataKey', KEY],
      ['kms:Decrypt', KEY],
      ['sqs:ReceiveMessage', `${PREFIX}:secret`],
      ['kms:Decrypt', KEY],
    ]);
    expect(door.asked[1]?.context).toEqual({
      'kms:ViaService': `sqs.${REGION}.amazonaws.com`,
      'kms:CallerAccount': ACCOUNT,
    });
  });
});

describe('what a standard queue may do', () => {
  const names = Array.from({ length: 10 }, (_, index) => `message ${index}`);
  const sendAll = async () => {
    for (const name of names) await send(name);
  };

  it('is nothing of it unless the scenario wants it', async () => {
    await sendAll();
    expect(await bodies()).toEqual(names);
    expect(await bodies()).toEqual([]);
  });

  it('is to change the order', async () => {
    sqs.faults.shuffled = true;
    await sendAll();
    const received = await bodies();
    expect(received).not.toEqual(names);
    expect([...received].sort()).toEqual(names);
  });

  it('is to deliver once more what somebody has, and even what he has deleted', async () => {
    sqs.faults.duplicateProbability = 1;
    await send('twice');
    const [first] = await receive();
    const deletion = { QueueUrl: url('orders'), ReceiptHandle: first?.ReceiptHandle };
    await door.answer(client.send(new DeleteMessageCommand(deletion)));
    await door.clock.run(60 * SECOND);
    const [second] = await receive();
    expect(second).toMatchObject({ MessageId: first?.MessageId, Body: 'twice' });
    await door.answer(client.send(new DeleteMessageCommand({ ...deletion, ReceiptHandle: second?.ReceiptHandle })));
    await door.clock.run(120 * SECOND);
    expect(await bodies()).toEqual([]);
    // A third one would have been taken for poison.
    expect(troubles).toEqual([]);
  });

  it('happens as often as is wanted', async () => {
    sqs.faults.duplicateProbability = 0.5;
    let seen = 0;
    for (let round = 0; round < 20; round++) {
      await sendAll();
      const received = await receive();
      seen += received.length;
      for (const { ReceiptHandle } of received) sqs.find(`${PREFIX}:orders`)?.delete(ReceiptHandle ?? '');
    }
    await door.clock.run(60 * SECOND);
    const again = sqs.find(`${PREFIX}:orders`)?.counts().visible ?? 0;
    // 200 messages, and about every second of them once more.
    expect(seen + again).toBeGreaterThan(270);
    expect(seen + again).toBeLessThan(330);
  });
});
