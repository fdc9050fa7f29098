import { describe, expect, it } from 'vitest';
import { Chance } from '../../../rehearsal/cloud/chance';
import type { MappingDescription } from '../../../rehearsal/cloud/event-source-checks';
import { EventSourceMapping } from '../../../rehearsal/cloud/event-source-mapping';
import { Sqs } from '../../../rehearsal/cloud/sqs';
import type { QueueDescription } from '../../../rehearsal/cloud/sqs-queue';
import type { InvocationResult } from '../../../rehearsal/functions/function-runtime';
import { ACCOUNT, REGION } from './database';
import { QueueClock, taking } from './queue-clock';

const SECOND = 1_000;
const MINUTE = 60_000;
const PREFIX = `arn:aws:sqs:${REGION}:${ACCOUNT}`;
const QUEUE = `${PREFIX}:orders`;
const DEAD = `${PREFIX}:dead`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/of-the-customer`;
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:dispatch`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/dispatch`;

type Outcome = InvocationResult['outcome'] | 'throttled';

interface Staging {
  readonly mapping?: Partial<MappingDescription>;
  readonly queue?: Partial<QueueDescription>;
  readonly timeoutMillis?: number;
  /** How each run ends, the last one for all that follow. */
  readonly outcomes?: Outcome[];
  readonly value?: (bodies: string[], ids: string[]) => unknown;
  readonly lasts?: number;
  readonly denied?: string;
}

interface Record {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { ApproximateReceiveCount: string };
}

function stage(staging: Staging = {}) {
  const { mapping, queue, timeoutMillis = 60_000, outcomes = ['returned'], value, lasts = 0, denied } = staging;
  const clock = new QueueClock();
  const start = clock.now();
  const troubles: string[] = [];
  const asked: string[] = [];
  const runs: { at: number; bodies: string[]; records: Record[] }[] = [];
  const onTrouble = (what: string) => void troubles.push(what);
  const described = (name: string, own: Partial<QueueDescription> = {}): QueueDescription => ({
    name,
    arn: `${PREFIX}:${name}`,
    url: `https://queues.example/${name}`,
    delaySeconds: 0,
    visibilityTimeoutSeconds: 360,
    retentionSeconds: 345_600,
    maximumMessageBytes: 1_048_576,
    ...own,
  });
  const sqs = new Sqs(
    [described('orders', { redrive: { deadLetterArn: DEAD, maxReceiveCount: 3 }, ...queue }), described('dead')],
    {
      clock,
      chance: new Chance('mapping'),
      arnPrefix: PREFIX,
      onTrouble,
    },
  );
  const source = new EventSourceMapping(
    {
      name: 'Stack/Mapping',
      queueArn: QUEUE,
      functionArn: FUNCTION,
      batchSize: 1,
      windowMillis: 0,
      maximumConcurrency: 5,
      reportsItemFailures: false,
      ...mapping,
    },
    { roleArn: ROLE, timeoutMillis },
    {
      clock,
      latencies: taking(100),
      sqs,
      authorizeRole: (roleArn, { action }) => {
        expect(roleArn).toBe(ROLE);
        asked.push(action);
        return { allowed: action !== denied, message: `not authorized to perform: ${action}` };
      },
      invoke: async (arn, payload) => {
        expect(arn).toBe(FUNCTION);
        const { Records: records } = payload as { Records: Record[] };
        const outcome = outcomes[Math.min(runs.length, outcomes.length - 1)] ?? 'returned';
        const startedAt = clock.now();
        const bodies = records.map(({ body }) => body);
        runs.push({ at: (startedAt - start) / SECOND, bodies, records });
        if (outcome === 'throttled') return undefined;
        if (lasts > 0) await new Promise<void>((resolve) => void clock.after(lasts, 'ends', resolve));
        const answer = value?.(
          bodies,
          records.map(({ messageId }) => messageId),
        );
        const endedAt = clock.now();
        return { requestId: 'one', outcome, value: answer, logs: [], startedAt, endedAt, coldStart: false };
      },
      onTrouble,
    },
  );
  source.start();
  const send = (...bodies: string[]) => {
    for (const body of bodies) sqs.put(QUEUE, { body, senderId: 'test' });
  };
  const counts = (arn = QUEUE) => sqs.find(arn)?.counts();
  return { clock, sqs, send, runs, troubles, asked, counts };
}

const EMPTY = { visible: 0, inFlight: 0, delayed: 0 };
const texts = (count: number) => Array.from({ length: count }, (_, index) => `order ${index}`);

describe('a message in the queue', () => {
  it('reaches the function as Lambda hands it over, and is deleted when that has returned', async () => {
    const { clock, sqs, runs, counts, troubles } = stage();
    const attributes = { Colour: { DataType: 'String', StringValue: 'red' } };
    sqs.put(QUEUE, { body: '{"kind":"run"}', senderId: 'AROA:scheduler', attributes });
    await clock.run(SECOND);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.records).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.stringMatching(/^AQEB/),
        body: '{"kind":"run"}',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: String(Date.UTC(2026, 0, 5, 9, 0, 0)),
          SenderId: 'AROA:scheduler',
          ApproximateFirstReceiveTimestamp: String(Date.UTC(2026, 0, 5, 9, 0, 0) + 100),
        },
        messageAttributes: {
          Colour: { stringValue: 'red', stringListValues: [], binaryListValues: [], dataType: 'String' },
        },
        // printf '{"kind":"run"}' | md5sum
        md5OfBody: '70f05274b0f3465ac5674f81737d4963',
        md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventSource: 'aws:sqs',
        eventSourceARN: QUEUE,
        awsRegion: REGION,
      },
    ]);
    expect(counts()).toEqual(EMPTY);
    expect(troubles).toEqual([]);
  });

  it('that is delayed reaches it after its delay', async () => {
    const { clock, sqs, runs } = stage();
    sqs.put(QUEUE, { body: 'later', senderId: 'test', delaySeconds: 900 });
    await clock.run(20 * MINUTE);
    expect(runs.map(({ at }) => at)).toEqual([900.1]);
  });

  it.each<Outcome>(['failed', 'timed-out', 'killed'])(
    'comes again after its time-out when the function %s',
    async (outcome) => {
      const { clock, send, runs, counts } = stage({ outcomes: [outcome, 'returned'], lasts: 20 * SECOND });
      send('order');
      await clock.run(30 * SECOND);
      expect(counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
      await clock.run(10 * MINUTE);
      expect(runs.map(({ at }) => at)).toEqual([0.1, 360.2]);
      expect(runs.map(({ records }) => records[0]?.attributes.ApproximateReceiveCount)).toEqual(['1', '2']);
      expect(counts()).toEqual(EMPTY);
    },
  );

  it('that fails as often as the queue allows goes to the dead-letter queue', async () => {
    const { clock, send, runs, counts, troubles } = stage({ outcomes: ['failed'] });
    send('poison');
    await clock.run(60 * MINUTE);
    expect(runs).toHaveLength(3);
    expect(counts()).toEqual(EMPTY);
    expect(counts(DEAD)).toEqual({ ...EMPTY, visible: 1 });
    expect(troubles).toEqual(['a message in orders was received 3 times and goes to its dead-letter queue: poison']);
  });

  it('is worked on twice when the queue delivers it twice', async () => {
    const { clock, sqs, send, runs, counts } = stage();
    sqs.faults.duplicateProbability = 1;
    send('order');
    await clock.run(20 * MINUTE);
    expect(runs.map(({ bodies }) => bodies)).toEqual([['order'], ['order']]);
    expect(counts()).toEqual(EMPTY);
  });
});

describe('a throttled function', () => {
  it('is asked again ever more seldom, and the receive counts once', async () => {
    const { clock, send, runs, counts } = stage({ outcomes: ['throttled', 'throttled', 'returned'] });
    send('order');
    await clock.run(MINUTE);
    expect(runs.map(({ at }) => at)).toEqual([0.1, 1.1, 3.1]);
    expect(runs.at(-1)?.records[0]?.attributes.ApproximateReceiveCount).toBe('1');
    expect(counts()).toEqual(EMPTY);
  });

  it('loses the message to the dead-letter queue when it stays throttled', async () => {
    const { clock, send, runs, counts } = stage({ outcomes: ['throttled'] });
    send('order');
    await clock.run(60 * MINUTE);
    expect(counts(DEAD)).toEqual({ ...EMPTY, visible: 1 });
    // After 1, 2, 4, ... 60 s, until the message is no longer hidden; and that three times.
    expect(runs.filter(({ at }) => at < 360.1)).toHaveLength(11);
    expect(runs).toHaveLength(33);
  });
});

describe('how much at once', () => {
  const most = (runs: { at: number }[], lasts: number) =>
    Math.max(...runs.map(({ at }) => runs.filter((it) => it.at <= at && it.at > at - lasts).length));

  it.each([2, 5])('is no more than MaximumConcurrency: %i', async (maximumConcurrency) => {
    const { clock, send, runs } = stage({ mapping: { maximumConcurrency }, lasts: 10 * SECOND });
    send(...texts(20));
    await clock.run(5 * MINUTE);
    expect(runs).toHaveLength(20);
    expect(most(runs, 10)).toBe(maximumConcurrency);
  });

  it('grows from five by five a second while messages wait', async () => {
    const { clock, send, runs } = stage({ mapping: { maximumConcurrency: undefined }, lasts: 20 * SECOND });
    send(...texts(60));
    await clock.run(5 * MINUTE);
    const begun = (until: number) => runs.filter(({ at }) => at <= until).length;
    expect([begun(0.5), begun(1.5), begun(2.5), begun(5.5)]).toEqual([5, 10, 15, 30]);
    expect(runs).toHaveLength(60);
  });

  it('is a batch an invocation', async () => {
    const { clock, send, runs } = stage({ mapping: { batchSize: 4 } });
    send(...texts(10));
    await clock.run(MINUTE);
    expect(runs.map(({ bodies }) => bodies.length)).toEqual([4, 4, 2]);
    expect(runs.flatMap(({ bodies }) => bodies)).toEqual(texts(10));
  });

  it('is as many as come within the window', async () => {
    const { clock, send, runs } = stage({ mapping: { batchSize: 20, windowMillis: 10 * SECOND } });
    send('first');
    await clock.run(5 * SECOND);
    send('second');
    await clock.run(6 * SECOND);
    expect(runs).toMatchObject([{ at: 10.1, bodies: ['first', 'second'] }]);
    send(...texts(25));
    await clock.run(MINUTE);
    expect(runs.slice(1)).toMatchObject([{ bodies: texts(20) }, { bodies: texts(25).slice(20) }]);
  });

  it('is no longer the window when the batch is full', async () => {
    const { clock, send, runs } = stage({ mapping: { batchSize: 2, windowMillis: 300 * SECOND } });
    send('first');
    await clock.run(5 * SECOND);
    send('second');
    await clock.run(SECOND);
    expect(runs).toMatchObject([{ at: 5, bodies: ['first', 'second'] }]);
  });
});

describe('a function that reports the failures of a batch', () => {
  const mapping = { batchSize: 3, reportsItemFailures: true };
  const failing = (body: string) => (bodies: string[], ids: string[]) => ({
    batchItemFailures: ids.filter((_, index) => bodies[index] === body).map((itemIdentifier) => ({ itemIdentifier })),
  });

  it('gets those again and no others', async () => {
    const { clock, send, runs, counts, troubles } = stage({ mapping, value: failing('b') });
    send('a', 'b', 'c');
    await clock.run(7 * MINUTE);
    expect(runs.map(({ bodies }) => bodies)).toEqual([['a', 'b', 'c'], ['b']]);
    expect(counts()?.inFlight).toBe(1);
    expect(troubles).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['an empty object', {}],
    ['no list', { batchItemFailures: null }],
    ['an empty list', { batchItemFailures: [] }],
  ])('has worked off all when it returns %s', async (_, value) => {
    const { clock, send, counts } = stage({ mapping, value: () => value });
    send('a', 'b');
    await clock.run(SECOND);
    expect(counts()).toEqual(EMPTY);
  });

  it.each<[string, unknown]>([
    ['a text', 'done'],
    ['a list', []],
    ['an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['no id', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['an id under another name', { batchItemFailures: [{ messageId: 'x' }] }],
    ['the id of another message', { batchItemFailures: [{ itemIdentifier: 'x' }] }],
    ['no list of failures', { batchItemFailures: 'x' }],
  ])('gets all again when it returns %s, and that is told', async (_, value) => {
    const { clock, send, counts, troubles } = stage({ mapping, value: () => value });
    send('a', 'b');
    await clock.run(SECOND);
    expect(counts()?.inFlight).toBe(2);
    expect(troubles).toEqual([expect.stringContaining('no list of batch item failures that Lambda can read')]);
  });

  it('is not heard when the mapping does not say that it reports', async () => {
    const { clock, send, counts } = stage({ mapping: { batchSize: 3 }, value: failing('b') });
    send('a', 'b', 'c');
    await clock.run(SECOND);
    expect(counts()).toEqual(EMPTY);
  });
});

describe('the role of the function', () => {
  it.each([
    ['sqs:ReceiveMessage', 'ReceiveMessage'],
    ['sqs:DeleteMessage', 'DeleteMessage'],
    ['sqs:GetQueueAttributes', 'GetQueueAttributes'],
    ['kms:Decrypt', 'ReceiveMessage'],
  ])('must have %s, or nothing is delivered', async (denied, action) => {
    const { clock, send, runs, troubles, counts } = stage({ denied, queue: { keyArn: KEY } });
    send('order');
    await clock.run(20 * MINUTE);
    expect(runs).toEqual([]);
    expect(counts()?.visible).toBe(1);
    expect(troubles).toEqual([
      `Stack/Mapping delivers nothing. The provided execution role does not have permissions to call ${action} on SQS: not authorized to perform: ${denied}`,
    ]);
  });

  it('is asked for nothing else', () => {
    expect(stage().asked).toEqual(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']);
  });
});

describe('a mapping that Lambda would not create', () => {
  it.each<[Staging, string]>([
    [{ timeoutMillis: 361_000 }, 'Queue visibility timeout: 360 seconds is less than Function timeout: 361 seconds'],
    [{ mapping: { batchSize: 0 } }, 'BatchSize is 0, must be 1 to 10000'],
    [{ mapping: { batchSize: 11 } }, 'Maximum batch window in seconds must be greater than 0'],
    [{ mapping: { windowMillis: 301_000 } }, 'MaximumBatchingWindowInSeconds is 301, must be 0 to 300'],
    [{ mapping: { maximumConcurrency: 1 } }, 'MaximumConcurrency is 1, must be 2 to 1000'],
    [{ mapping: { queueArn: `${PREFIX}:nowhere` } }, `no standard queue ${PREFIX}:nowhere`],
  ])('%j', (staging, message) => {
    expect(() => stage(staging)).toThrow(message);
    expect(() => stage(staging)).toThrow('Stack/Mapping: ');
  });

  it('is none whose queue hides messages for just as long as the function may run', () => {
    expect(() => stage({ timeoutMillis: 360_000 })).not.toThrow();
  });
});
