import { promises as dns } from 'node:dns';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromItem } from '../../lambda/records/item';
import { DIMENSION, METRIC_NAMES } from '../../lambda/track-primary/metrics';
import { METRICS } from '../../lib/primary/contract';
import { ENVIRONMENT, INSTANCE_ARN, rdsEvent } from './invocations';
import { HOST, LoopbackAws, NOT_FOUND } from './loopback-aws';
import { LoopbackDns } from './loopback-dns';
import { stored } from './memory-table';

/* The function as Lambda runs it, with the SDK's own clients, against a loopback port. */

type Handler = typeof import('../../lambda/track-primary/handler').handler;

const TICK = { kind: 'tick', scheduledAt: '2026-11-23T04:00:00Z' };
/** So little time that a watch looks once. */
const ONCE = { getRemainingTimeInMillis: () => 9_000 };
const POLL = 10_000;

let aws: LoopbackAws;
let names: LoopbackDns;
let handler: Handler;
const nameServers = dns.getServers();
const written: string[] = [];

beforeAll(async () => {
  [aws, names] = await Promise.all([LoopbackAws.start(), LoopbackDns.start()]);
  const environment = {
    ...ENVIRONMENT,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  dns.setServers([names.server]);
  // It reads its environment when it is loaded. TypeScript wants the suffix in a dynamic import, and in no other.
  ({ handler } = await import('../../lambda/track-primary/handler.js'));
});

afterAll(async () => {
  dns.setServers(nameServers);
  vi.unstubAllEnvs();
  await Promise.all([aws.stop(), names.stop()]);
});

beforeEach(() => {
  aws.reset();
  names.address = '10.0.1.10';
  written.length = 0;
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  }
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function lines(): Record<string, unknown>[] {
  return written
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** What CloudWatch is told to make of a line in its embedded metric format. */
type Directives = [{ Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }];

function directives(line: Record<string, unknown> = {}): Directives {
  return (line._aws as { CloudWatchMetrics: Directives }).CloudWatchMetrics;
}

const measured = () => lines().filter((line) => '_aws' in line);
const logged = (message: string) => lines().filter((line) => line.message === message);
const record = () => fromItem(aws.table.item ?? {});

/** Another invocation writes between our read and our write. */
function othersWrite(): void {
  aws.table.item = { ...aws.table.item, observedAt: { S: new Date(Date.now() - aws.calls.length).toISOString() } };
}

describe('the first tick', () => {
  beforeEach(() => handler(TICK, ONCE));

  it('records and announces the primary', () => {
    expect(record()).toMatchObject({
      databaseId: 'main',
      epoch: 1,
      state: 'stable',
      primary: { memberId: 'db-ABC/eu-central-1a', host: HOST, port: 3306, addresses: ['10.0.1.10'] },
      announcedEpoch: 1,
      watch: '2026-11-23T04:00:00.000Z',
    });
    expect(aws.events).toHaveLength(1);
    const [event] = aws.events;
    expect(event).toMatchObject({
      EventBusName: 'default',
      Source: 'mobilink-ha',
      DetailType: 'MobiLink Primary Changed',
    });
    expect(JSON.parse(event?.Detail ?? '')).toMatchObject({ databaseId: 'main', epoch: 1, state: 'stable' });
  });

  it('measures under one dimension and the names that the library offers', () => {
    expect(measured()).toHaveLength(1);
    const [line] = measured();
    expect(line).toMatchObject({
      Polls: 1,
      FailedObservations: 0,
      PrimaryChanges: 1,
      SecondsUnstable: 0,
      DatabaseId: 'main',
    });
    expect(line).not.toHaveProperty('service');
    const [{ Namespace, Dimensions, Metrics }] = directives(line);
    expect(Namespace).toBe('MobiLinkHA');
    expect(Dimensions).toEqual([[DIMENSION]]);
    expect(METRIC_NAMES).toEqual(METRICS);
    expect(Metrics.map(({ Name }) => Name).sort()).toEqual(Object.values(METRICS).sort());
  });

  it('a second one changes nothing and writes its watch only', async () => {
    aws.calls.length = 0;
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['GetItem', 'DescribeDBInstances', 'PutItem']);
    expect(JSON.parse(aws.calls[0]?.body ?? '')).toMatchObject({ ConsistentRead: true, TableName: 'records' });
    expect(record()).toMatchObject({ epoch: 1, watch: '2026-11-23T04:01:00.000Z' });
    expect(measured().at(-1)).toMatchObject({ Polls: 1, PrimaryChanges: 0 });
  });

  it('an older watch that reads a younger one hands over', async () => {
    aws.calls.length = 0;
    await handler({ ...TICK, scheduledAt: '2026-11-23T03:59:00Z' }, { getRemainingTimeInMillis: () => 150_000 });
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['GetItem']);
    expect(record().watch).toBe('2026-11-23T04:00:00.000Z');
  });

  it('a failover is seen by one look', async () => {
    aws.instance.zone = 'eu-central-1b';
    await handler(rdsEvent('RDS-EVENT-9999'), ONCE);
    expect(record()).toMatchObject({ epoch: 2, announcedEpoch: 2, previousMemberId: 'db-ABC/eu-central-1a' });
    expect(logged('a new primary').at(-1)).toMatchObject({ epoch: 2, databaseId: 'main' });
  });

  it('a look that lost the race observes again', async () => {
    aws.calls.length = 0;
    aws.next('PutItem', othersWrite);
    aws.next(
      'DescribeDBInstances',
      () => {},
      () => {
        aws.instance.zone = 'eu-central-1b';
      },
    );
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(aws.count('GetItem')).toBe(2);
    expect(aws.count('DescribeDBInstances')).toBe(2);
    expect(record()).toMatchObject({ epoch: 2, primary: { availabilityZone: 'eu-central-1b' } });
  });

  it('a look that lost three times gives up and says so', async () => {
    aws.calls.length = 0;
    aws.events.length = 0;
    aws.instance.zone = 'eu-central-1b';
    aws.next('PutItem', othersWrite, othersWrite, othersWrite);
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(aws.count('PutItem')).toBe(3);
    expect(aws.events).toEqual([]);
    expect(record().epoch).toBe(1);
    expect(logged('a poll failed')).toHaveLength(1);
  });

  it.each([
    [
      'refused',
      {
        status: 200,
        body: '{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"no"}]}',
      },
    ],
    ['denied', { status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' }],
  ])('an announcement that is %s is made by the next look', async (_how, fault) => {
    aws.events.length = 0;
    aws.instance.zone = 'eu-central-1b';
    aws.next('PutEvents', fault);
    await handler(rdsEvent('RDS-EVENT-9999'), ONCE);
    expect(record()).toMatchObject({ epoch: 2, announcedEpoch: 1 });
    expect(logged('what the record tells could not be announced')).toHaveLength(1);
    expect(measured().at(-1)).toMatchObject({ PrimaryChanges: 1, FailedObservations: 0 });

    await handler(rdsEvent('RDS-EVENT-9999'), ONCE);
    expect(record()).toMatchObject({ epoch: 2, announcedEpoch: 2 });
    expect(aws.events.map(({ Detail }) => JSON.parse(Detail).epoch)).toEqual([2]);
    expect(measured().at(-1)).toMatchObject({ PrimaryChanges: 0 });
  });

  it('an API that hangs is no answer, in less than a poll', async () => {
    const before = aws.table.item;
    const began = performance.now();
    aws.next('DescribeDBInstances', 'hang', 'hang');
    await handler(rdsEvent('RDS-EVENT-0013', INSTANCE_ARN, new Date().toISOString()), ONCE);
    expect(performance.now() - began).toBeLessThan(POLL);
    expect(aws.count('DescribeDBInstances')).toBe(3);
    expect(aws.table.item).toEqual(before);
    expect(measured().at(-1)).toMatchObject({ Polls: 1, FailedObservations: 1 });
    expect(logged('the source gave no answer')).toHaveLength(1);
  });

  it('a table that hangs costs one poll, and the heartbeat goes on', async () => {
    const began = performance.now();
    aws.next('GetItem', 'hang', 'hang');
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(performance.now() - began).toBeLessThan(POLL);
    expect(measured().at(-1)).toMatchObject({ Polls: 1 });
    expect(logged('a poll failed')).toHaveLength(1);
  });

  it('a name service that is silent says nothing about the database', async () => {
    names.address = undefined;
    const began = performance.now();
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(performance.now() - began).toBeLessThan(POLL / 2);
    expect(record()).toMatchObject({ state: 'stable', primary: { addresses: ['10.0.1.10'] } });
    expect(measured().at(-1)).toMatchObject({ FailedObservations: 0 });
  });

  it('an instance that is not found twice is no primary', async () => {
    aws.next('DescribeDBInstances', NOT_FOUND, NOT_FOUND);
    await handler(rdsEvent('RDS-EVENT-9999'), ONCE);
    expect(record()).toMatchObject({ state: 'stable', absentSince: expect.any(String) });
    await handler(rdsEvent('RDS-EVENT-9999'), ONCE);
    expect(record()).toMatchObject({ epoch: 1, state: 'no-primary' });
    expect(aws.events).toHaveLength(1);
  });

  it('a failover that began is announced once', async () => {
    const event = rdsEvent('RDS-EVENT-0013', INSTANCE_ARN, new Date(Date.now() + 1).toISOString());
    await handler(event, ONCE);
    await handler(event, ONCE);
    expect(record()).toMatchObject({ epoch: 1, state: 'failing-over' });
    expect(aws.events.map(({ DetailType }) => DetailType)).toEqual([
      'MobiLink Primary Changed',
      'MobiLink Failover Started',
    ]);
    expect(measured().at(-1)?.SecondsUnstable).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['does not show yet is looked for once more', 'eu-central-1a', 2],
    ['shows is not looked for again', 'eu-central-1b', 1],
  ])('a completed failover that the API %s', async (_what, zone, looks) => {
    aws.instance.zone = zone;
    const event = rdsEvent('RDS-EVENT-0049', INSTANCE_ARN, new Date(Date.now() + 1).toISOString());
    await pause(2);
    const before = measured().length;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const done = handler(event, ONCE);
    await vi.waitUntil(() => measured().length > before);
    await vi.advanceTimersByTimeAsync(POLL);
    vi.useRealTimers();
    await done;
    expect(measured().length - before).toBe(looks);
  });

  it('a damaged record is refused, by the name of its field, and not overwritten', async () => {
    aws.table.item = { ...aws.table.item, ...stored({ epoch: 'two' }) };
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(record().epoch).toBe('two');
    expect(JSON.stringify(logged('a poll failed'))).toContain('epoch: ');
  });
});

describe('what is none of its business', () => {
  it('an event of another database is left aside with a line', async () => {
    await handler(rdsEvent('RDS-EVENT-0013', `${INSTANCE_ARN}-2`), ONCE);
    expect(aws.calls).toEqual([]);
    expect(logged('an event of another database was left aside')).toHaveLength(1);
  });

  it('anything else is refused and nothing is called', async () => {
    await expect(handler({ kind: 'tock' }, ONCE)).rejects.toThrow('Not a tick: kind');
    expect(aws.calls).toEqual([]);
  });
});
