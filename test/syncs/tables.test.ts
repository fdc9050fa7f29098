import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NO_COUNTS } from '../../lambda/collect-syncs/counts';
import { RunLedger } from '../../lambda/collect-syncs/ledger';
import type { Ledger } from '../../lambda/collect-syncs/ports';
import { RemoteOutcomes } from '../../lambda/collect-syncs/remote-outcomes';
import type { Runs } from '../../lambda/dispatch-syncs/ports';
import { RemoteRegistry } from '../../lambda/dispatch-syncs/registry';
import { RunRecords } from '../../lambda/dispatch-syncs/run-records';
import { fromItem, toItem } from '../../lambda/records/item';
import type { Pause } from '../../lambda/records/pauses';
import { type Batch, batchItem, type Settlement } from '../../lambda/records/sync-batch';
import { type Run, runIdOf } from '../../lambda/records/sync-run';
import { MemoryLedger, MemoryRegistry, MemoryRuns, MemoryTable } from './memory-tables';

const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

/** The tables of the syncs in a DynamoDB that evaluates every expression. */
const server = dynalite({ createTableMs: 0 });
const before = { ...process.env };
let made = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
});

afterAll(async () => {
  for (const name of [...Object.keys(ENVIRONMENT), 'AWS_ENDPOINT_URL']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function makeTable(partition: string, sort: string): Promise<string> {
  const TableName = `table-${made++}`;
  const AttributeDefinitions = [partition, sort].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  }));
  await new DynamoDBClient().send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions,
      KeySchema: [
        { AttributeName: partition, KeyType: 'HASH' },
        { AttributeName: sort, KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  return TableName;
}

function runAt(scheduledAt: string): Run {
  const seconds = { windowSeconds: 0, startWithinSeconds: 900, deadlineSeconds: 3_600, timeLimitSeconds: 3_600 };
  return { schedule: 'nightly', scheduledAt, groups: ['stores'], attempts: 3, ...seconds };
}

const RUN = runAt('2026-01-05T09:00:00.000Z');
const KEY = { runId: runIdOf(RUN), group: 'stores', shard: 0, batch: '0' };

function batch(change: Partial<Batch> = {}): Batch {
  const key = { ...KEY, ...change };
  return {
    ...key,
    item: batchItem(key),
    attempt: 1,
    members: [{ remoteName: 'one', hosts: ['i-0000000a'], targets: ['i-0000000a'] }],
    upTo: '00000000 one',
    claims: 1,
    firstClaimedAt: '2026-01-05T09:00:01.000Z',
    leaseUntil: '2026-01-05T09:01:16.000Z',
    version: 0,
    settled: {},
    children: [],
    closed: false,
    expiresAt: 1_800_000_000,
    ...change,
  };
}

const NEWS = {
  look: 0,
  settled: { one: { outcome: 'synchronized', at: '2026-01-05T09:00:46.000Z', host: 'i-0000000a' } as Settlement },
  children: [],
  closed: true,
};

interface Pair {
  readonly runs: Runs;
  readonly ledger: Ledger;
}

const KINDS: [string, () => Promise<Pair>][] = [
  [
    'in memory, as the simulation has them',
    async () => {
      const table = new MemoryTable();
      return { runs: new MemoryRuns(table), ledger: new MemoryLedger(table) };
    },
  ],
  [
    'in DynamoDB, through the SDK',
    async () => {
      const table = await makeTable('runId', 'item');
      return { runs: new RunRecords(table), ledger: new RunLedger(table) };
    },
  ],
];

describe.each(KINDS)('the items of a run %s', (_kind, open) => {
  it('a batch is created once and read as it was written', async () => {
    const { runs, ledger } = await open();
    expect(await runs.read(KEY)).toBeUndefined();
    expect(await runs.create(batch())).toBe(true);
    expect(await runs.create(batch({ claims: 7 }))).toBe(false);
    expect(await runs.read(KEY)).toEqual(batch());
    expect(await ledger.read(KEY)).toEqual(batch());
  });

  it('of two who claim it again one wins, and none when collect has it', async () => {
    const { runs, ledger } = await open();
    await runs.create(batch());
    const until = Date.UTC(2026, 0, 5, 9, 3);
    expect(await runs.claimAgain(KEY, 1, until)).toBe(true);
    expect(await runs.claimAgain(KEY, 1, until)).toBe(false);
    expect(await runs.read(KEY)).toMatchObject({ claims: 2, leaseUntil: '2026-01-05T09:03:00.000Z' });
    expect(await ledger.record(batch(), NEWS)).toBe(true);
    expect(await runs.claimAgain(KEY, 2, until)).toBe(false);
  });

  it('a look is recorded by one of two that read the same', async () => {
    const { runs, ledger } = await open();
    await runs.create(batch());
    expect(await ledger.record(batch(), NEWS)).toBe(true);
    expect(await ledger.record(batch(), { ...NEWS, look: 1 })).toBe(false);
    expect(await ledger.read(KEY)).toMatchObject({ version: 1, look: 0, settled: NEWS.settled, closed: true });
  });

  it('slots only go forward', async () => {
    const { runs } = await open();
    expect(await runs.advance(RUN)).toEqual({ previousAt: undefined });
    expect(await runs.advance(RUN)).toEqual({ previousAt: undefined });
    expect(await runs.advance(runAt('2026-01-05T08:59:59.999Z'))).toBeUndefined();
    const next = runAt('2026-01-05T10:00:00.000Z');
    expect(await runs.advance(next)).toEqual({ previousAt: RUN.scheduledAt });
    // Fired twice, it still knows the slot before it.
    expect(await runs.advance(next)).toEqual({ previousAt: RUN.scheduledAt });
    expect(await runs.advance(RUN)).toBeUndefined();
    expect(await runs.advance({ ...RUN, schedule: 'other' })).toEqual({ previousAt: undefined });
  });

  it('a shard counts each batch once, and is complete with its children', async () => {
    const { ledger } = await open();
    const counts = { ...NO_COUNTS, synchronized: 3, remotes: 4, ordered: 4 };
    const child = { batch: '0.1', look: 0, attempt: 2, delaySeconds: 30, remotes: [] };
    for (const _twice of [1, 2]) await ledger.closeBatch(batch({ children: [child] }), counts);
    await ledger.closeBatch(batch({ batch: '1' }), { ...NO_COUNTS, failed: 1, remotes: 1 });
    const { closed, children, counts: sum, batches } = await ledger.endShard(KEY, 2, 1_800_000_000);
    expect([...closed].sort()).toEqual(['0', '1']);
    expect(children).toEqual(['0.1']);
    expect(batches).toBe(2);
    expect(sum).toEqual({ ...NO_COUNTS, synchronized: 3, failed: 1, remotes: 5, ordered: 4 });
  });

  it('a run counts each shard once, keeps its first beginning, and is announced once', async () => {
    const { runs, ledger } = await open();
    expect(await runs.isOpen(RUN)).toBe(false);
    await runs.open(RUN, 2, Date.UTC(2026, 0, 5, 9, 0, 7));
    await runs.open(RUN, 2, Date.UTC(2026, 0, 5, 9, 6, 7));
    expect(await runs.isOpen(RUN)).toBe(true);
    const counts = { ...NO_COUNTS, synchronized: 2, remotes: 2, ordered: 2 };
    for (const shard of [0, 1, 1]) await ledger.closeShard({ ...KEY, shard }, counts);
    await ledger.noteAnnounced(KEY.runId, Date.UTC(2026, 0, 5, 9, 9));
    await ledger.noteAnnounced(KEY.runId, Date.UTC(2026, 0, 5, 9, 10));
    const progress = await ledger.closeShard(KEY, counts);
    expect(progress).toMatchObject({ shards: 2, startedAt: '2026-01-05T09:00:07.000Z', announced: true });
    expect([...progress.closedShards].sort()).toEqual(['stores/0', 'stores/1']);
    expect(progress.counts).toEqual({ ...NO_COUNTS, synchronized: 4, remotes: 4, ordered: 4 });
  });

  it('tells when too many commands were waiting', async () => {
    const { runs, ledger } = await open();
    expect(await runs.lastRateExceeded()).toBeUndefined();
    await ledger.noteRateExceeded(Date.UTC(2026, 0, 5, 9, 1));
    expect(await runs.lastRateExceeded()).toBe('2026-01-05T09:01:00.000Z');
  });
});

describe('the registry in DynamoDB', () => {
  const client = () => new DynamoDBClient();
  const settle = (outcome: Settlement['outcome'], at: string, more: Partial<Settlement> = {}): Settlement => ({
    outcome,
    at: `2026-01-05T${at}.000Z`,
    ...more,
  });

  async function registered(item: object = {}) {
    const table = await makeTable('groupShard', 'remoteName');
    const one = { groupShard: 'stores#0', remoteName: 'one', hosts: ['i-0000000a'], ...item };
    await client().send(new PutItemCommand({ TableName: table, Item: toItem(one) }));
    const outcomes = new RemoteOutcomes(table);
    const read = async () => {
      const Key = toItem({ groupShard: 'stores#0', remoteName: 'one' });
      const { Item = {} } = await client().send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return fromItem(Item);
    };
    return { table, outcomes, read };
  }

  it('keeps the latest outcome, and counts a failure once however often it is told', async () => {
    const { outcomes, read } = await registered();
    const failed = settle('failed', '09:00:46', { detail: 'dbmlsync: 9' });
    for (const _twice of [1, 2]) await outcomes.note(batch(), 'one', failed);
    expect(await read()).toMatchObject({ lastOutcome: 'failed', consecutiveFailures: 1, lastDetail: 'dbmlsync: 9' });
    await outcomes.note(batch({ runId: 'nightly@later' }), 'one', settle('unreachable', '10:00:46'));
    expect(await read()).toMatchObject({ consecutiveFailures: 2, lastOutcome: 'unreachable' });
    expect(await read()).not.toHaveProperty('lastDetail');
    await outcomes.note(
      batch({ runId: 'nightly@last' }),
      'one',
      settle('synchronized', '11:00:46', { host: 'i-0000000a' }),
    );
    expect(await read()).toMatchObject({
      consecutiveFailures: 0,
      lastSuccessAt: '2026-01-05T11:00:46.000Z',
      lastAttemptAt: '2026-01-05T11:00:46.000Z',
      primaryHost: 'i-0000000a',
      lastRunId: 'nightly@last',
    });
  });

  it('an outcome that comes late does not replace a later one, but its success counts', async () => {
    const { outcomes, read } = await registered();
    await outcomes.note(batch({ runId: 'prices@1' }), 'one', settle('busy', '09:30:00'));
    await outcomes.note(batch(), 'one', settle('synchronized', '09:20:00', { host: 'i-0000000a' }));
    expect(await read()).toMatchObject({
      lastOutcome: 'busy',
      lastRunId: 'prices@1',
      lastSuccessAt: '2026-01-05T09:20:00.000Z',
    });
  });

  it('forgets a primary that is none, and does not bring back a remote that has left', async () => {
    const { table, outcomes, read } = await registered({ primaryHost: 'i-0000000a' });
    await outcomes.note(batch(), 'one', settle('not-primary', '09:01:00', { forgetPrimary: true }));
    expect(await read()).not.toHaveProperty('primaryHost');
    await outcomes.note(batch(), 'two', settle('synchronized', '09:01:00'));
    const entries = await new RemoteRegistry(table).readShard('stores', 0);
    expect(entries).toHaveLength(1);
  });

  it('a paused remote is no attempt', async () => {
    const { outcomes, read } = await registered();
    const paused = batch({ members: [{ remoteName: 'one', hosts: ['i-0000000a'], targets: [] }] });
    await outcomes.note(paused, 'one', settle('paused', '09:01:00'));
    expect(await read()).toMatchObject({ lastOutcome: 'paused' });
    expect(await read()).not.toHaveProperty('lastAttemptAt');
    expect(await read()).not.toHaveProperty('consecutiveFailures');
  });

  it.each<[what: string, pauses: object[], paused: boolean]>([
    ['goes on without a pause', [], false],
    ['is paused by its own', [{ remoteName: 'stores', paused: true, since: 'now', reason: 'stocktaking' }], true],
    ['is paused with everything', [{ remoteName: '*', paused: true }], true],
    [
      'is not paused with another, nor by names that are like its own',
      ['vans', 'store', 'storesx', 'Stores'].map((it) => ({ remoteName: it, paused: true })),
      false,
    ],
    ['goes on when its pause says that it has ended', [{ remoteName: 'stores', paused: false }], false],
    [
      'is paused with everything although its own has ended',
      [
        { remoteName: 'stores', paused: false },
        { remoteName: '*', paused: true },
      ],
      true,
    ],
    [
      'is paused among more pauses than a page holds',
      [
        ...Array.from({ length: 4 }, (_, index) => ({
          remoteName: `a-${index}`,
          paused: true,
          reason: 'x'.repeat(350_000),
        })),
        { remoteName: 'stores', paused: true },
      ],
      true,
    ],
  ])('a group %s', async (_what, pauses, paused) => {
    const { table } = await registered({ remoteName: '*', paused: true });
    for (const pause of pauses) {
      await client().send(new PutItemCommand({ TableName: table, Item: toItem({ groupShard: '#paused', ...pause }) }));
    }
    expect(await new RemoteRegistry(table).isGroupPaused('stores')).toBe(paused);
    const memory = new MemoryRegistry(1);
    memory.pauses.push(...(pauses as Pause[]));
    expect(await memory.isGroupPaused('stores')).toBe(paused);
  });

  it('a pause that is written in another way counts for nothing, and is told', async () => {
    const { table } = await registered();
    const bad = [{ remoteName: '*', paused: 'true' }, { remoteName: 'stores' }];
    for (const pause of bad) {
      await client().send(new PutItemCommand({ TableName: table, Item: toItem({ groupShard: '#paused', ...pause }) }));
    }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await new RemoteRegistry(table).isGroupPaused('stores')).toBe(false);
    const told = warn.mock.calls.flat();
    warn.mockRestore();
    expect(told).toEqual([
      expect.stringMatching(/^the pause of [*] counts for nothing: paused: .*boolean/),
      expect.stringMatching(/^the pause of stores counts for nothing: paused: /),
    ]);
  });

  it('a success counts also where the same run has failed since', async () => {
    const { outcomes, read } = await registered();
    await outcomes.note(batch(), 'one', settle('failed', '09:30:00', { detail: 'x' }));
    await outcomes.note(batch(), 'one', settle('synchronized', '09:20:00', { host: 'i-0000000a' }));
    expect(await read()).toMatchObject({ lastOutcome: 'failed', lastSuccessAt: '2026-01-05T09:20:00.000Z' });
    expect(await read()).not.toHaveProperty('primaryHost');
  });

  it('is read page by page, and a damaged item is told and not lost', async () => {
    const { table } = await registered();
    const padding = 'x'.repeat(300_000);
    for (let index = 0; index < 5; index++) {
      const item = { groupShard: 'stores#0', remoteName: `big-${index}`, hosts: ['i-0000000b'], padding };
      await client().send(new PutItemCommand({ TableName: table, Item: toItem(item) }));
    }
    const bad = { groupShard: 'stores#0', remoteName: 'bad', hosts: ['localhost'] };
    await client().send(new PutItemCommand({ TableName: table, Item: toItem(bad) }));
    const entries = await new RemoteRegistry(table).readShard('stores', 0);
    expect(entries).toHaveLength(7);
    const damaged = entries.filter(({ kind }) => kind === 'damaged');
    expect(damaged).toEqual([
      { kind: 'damaged', remoteName: 'bad', problem: expect.stringContaining('hosts.0: must be an instance id') },
    ]);
  });
});
