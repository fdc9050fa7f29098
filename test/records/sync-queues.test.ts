import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CollectMessage, OrderMessage } from '../../lambda/records/sync-messages';
import { SyncQueues } from '../../lambda/records/sync-queues';
import { LoopbackJson, leadTo } from './loopback-json';
import { RUN } from './round-fixture';

let aws: LoopbackJson;
let queues: SyncQueues;

beforeAll(async () => {
  aws = await LoopbackJson.start();
  leadTo(aws.endpoint);
  queues = new SyncQueues(`${aws.endpoint}/1/dispatch`, `${aws.endpoint}/1/collect`, { maxAttempts: 1 });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

afterEach(() => aws.reset());

interface Batch {
  readonly QueueUrl: string;
  readonly Entries: { readonly Id: string; readonly MessageBody: string; readonly DelaySeconds: number }[];
}

const order = (shard: number): OrderMessage => ({ kind: 'order', run: RUN, group: 'stores', shard, batch: 0 });
const batches = () => aws.inputs('SendMessageBatch') as unknown as Batch[];

describe('the dispatch queue', () => {
  it.each([
    [1, [1]],
    [10, [10]],
    [11, [10, 1]],
    [25, [10, 10, 5]],
  ])('is given %d messages in calls of %j, each once and with its delay', async (count, sizes) => {
    aws.plan('SendMessageBatch', { Successful: [], Failed: [] });
    const messages = Array.from({ length: count }, (_, shard) => order(shard));
    await queues.dispatch(messages, 17);
    expect(batches().map(({ Entries }) => Entries.length)).toEqual(sizes);
    const entries = batches().flatMap(({ Entries }) => Entries);
    expect(entries.map(({ MessageBody }) => JSON.parse(MessageBody))).toEqual(messages);
    for (const { QueueUrl, Entries } of batches()) {
      expect(QueueUrl).toBe(`${aws.endpoint}/1/dispatch`);
      expect(new Set(Entries.map(({ Id }) => Id)).size).toBe(Entries.length);
      expect(Entries.every(({ DelaySeconds }) => DelaySeconds === 17)).toBe(true);
    }
  });

  it('is not asked for nothing', async () => {
    await queues.dispatch([], 0);
    expect(aws.calls).toEqual([]);
  });

  it('that does not take one of the messages is an error that says why, so that all are sent again', async () => {
    const Failed = [
      { Id: '3', Code: 'InternalError', Message: 'try again', SenderFault: false },
      { Id: '4', Code: 'Other', SenderFault: true },
    ];
    aws.plan('SendMessageBatch', { Successful: [], Failed });
    await expect(queues.dispatch([order(0), order(1)], 0)).rejects.toThrow(
      '2 orders were not taken: InternalError: try again',
    );
  });

  it('that does not take the first ten is not asked for the rest', async () => {
    aws.plan('SendMessageBatch', { error: 'OverLimit', message: 'too many' });
    const messages = Array.from({ length: 25 }, (_, shard) => order(shard));
    await expect(queues.dispatch(messages, 0)).rejects.toThrow('too many');
    expect(batches()).toHaveLength(1);
  });
});

describe('the collect queue', () => {
  const ended: CollectMessage = { kind: 'shard-ended', run: RUN, group: 'stores', shard: 3, batches: 2 };

  it('is given a message with its delay', async () => {
    const MD5OfMessageBody = createHash('md5').update(JSON.stringify(ended)).digest('hex');
    aws.plan('SendMessage', { MessageId: 'm-1', MD5OfMessageBody });
    await queues.collect(ended, 45);
    expect(aws.inputs('SendMessage')).toEqual([
      { QueueUrl: `${aws.endpoint}/1/collect`, MessageBody: JSON.stringify(ended), DelaySeconds: 45 },
    ]);
  });

  it('that refuses is an error', async () => {
    aws.plan('SendMessage', { error: 'QueueDoesNotExist', message: 'no such queue' });
    await expect(queues.collect(ended, 45)).rejects.toThrow('no such queue');
  });
});
