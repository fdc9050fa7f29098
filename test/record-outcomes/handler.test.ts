import type { SQSBatchResponse } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../lambda/record-outcomes/environment';
import { groupShard, shardOf } from '../../lambda/records/names';
import { OutcomeWriter } from '../../lambda/records/outcome-writer';
import type { Settlement } from '../../lambda/records/sync-batch';
import { SYNC_DIMENSION } from '../../lambda/records/sync-metrics';
import { Dynalite } from '../records/dynalite';
import { DynaliteDoor } from '../records/dynalite-door';
import { leadTo } from '../records/loopback-json';
import { WrittenLines } from '../records/written-lines';
import { HOST, line, message, PARTNER, RUN, SENT } from './outcome-fixture';

/* The function as Lambda runs it, with the SDK's own client, against a DynamoDB that evaluates every expression. */

const SHARDS = 4;
const dynalite = new Dynalite();
let door: DynaliteDoor;
let table: string;
let handler: (event: unknown) => Promise<SQSBatchResponse>;
let log: WrittenLines;

beforeAll(async () => {
  await dynalite.start();
  door = await DynaliteDoor.before(dynalite.endpoint);
  leadTo(door.endpoint);
  table = await dynalite.table('groupShard', 'remoteName');
  vi.stubEnv('MOBILINK_REGISTRY_TABLE', table);
  vi.stubEnv('MOBILINK_REGISTRY_SHARDS', String(SHARDS));
  vi.stubEnv('MOBILINK_METRIC_NAMESPACE', 'MobiLinkHA');
  vi.resetModules();
  // It reads its environment when it is loaded. TypeScript wants the suffix in a dynamic import, and in no other.
  ({ handler } = await import('../../lambda/record-outcomes/handler.js'));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await door.stop();
  await dynalite.stop();
});

beforeEach(() => {
  door.reset();
  log = new WrittenLines();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const keyOf = (remoteName: string) => ({ groupShard: groupShard('stores', shardOf(remoteName, SHARDS)), remoteName });
const register = (remoteName: string, item: object = {}) =>
  dynalite.put(table, { ...keyOf(remoteName), hosts: [HOST, PARTNER], ...item });
const itemOf = (remoteName: string) => dynalite.get(table, keyOf(remoteName));

interface Measured {
  readonly _aws: {
    readonly CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
  };
}

/** `<schedule> <metric> <value>` of each. */
function measured(): string[] {
  return log.json
    .filter((it) => '_aws' in it)
    .flatMap((it) => {
      const [{ Namespace, Dimensions, Metrics } = { Namespace: '', Dimensions: [], Metrics: [] }] = (
        it as unknown as Measured
      )._aws.CloudWatchMetrics;
      expect([Namespace, Dimensions]).toEqual(['MobiLinkHA', [[SYNC_DIMENSION]]]);
      return Metrics.map(({ Name }) => `${it[SYNC_DIMENSION]} ${Name} ${it[Name]}`);
    });
}

const told = () => log.json.filter((it) => !('_aws' in it));

describe('the outcome of a sync that a database started', () => {
  it('is in the registry when it was good, with the host that is primary', async () => {
    await register('one', { profile: 'own', paused: true, consecutiveFailures: 3, lastDetail: 'old', note: 'ours' });
    expect(await handler({ Records: [message(line({ remote: 'stores/one' }), PARTNER)] })).toEqual({
      batchItemFailures: [],
    });
    expect(await itemOf('one')).toEqual({
      ...keyOf('one'),
      hosts: [HOST, PARTNER],
      profile: 'own',
      paused: true,
      note: 'ours',
      lastOutcome: 'synchronized',
      lastOutcomeAt: '2026-01-05T09:01:10.000Z',
      lastAttemptAt: '2026-01-05T09:01:10.000Z',
      lastSuccessAt: '2026-01-05T09:01:10.000Z',
      lastRunId: RUN,
      primaryHost: PARTNER,
      consecutiveFailures: 0,
    });
    expect(measured()).toEqual(['prices SyncsSynchronized 1']);
  });

  it('is in the registry when it was bad, with the reason, and the primary that is known stays', async () => {
    await register('two', { primaryHost: PARTNER, lastSuccessAt: '2026-01-04T09:00:00.000Z' });
    const bad = line({
      remote: 'stores/two',
      result: 'failed',
      code: 9,
      message: 'E. no log [runbook missing-transaction-log]',
    });
    await handler({ Records: [message(bad)] });
    expect(await itemOf('two')).toMatchObject({
      lastOutcome: 'failed',
      lastDetail: 'dbmlsync: 9: E. no log [runbook missing-transaction-log]',
      lastSuccessAt: '2026-01-04T09:00:00.000Z',
      consecutiveFailures: 1,
      primaryHost: PARTNER,
    });
    expect(measured()).toEqual(['prices SyncsFailed 1']);
  });

  it('changes the registry and the metrics once, however often its message comes', async () => {
    await register('thrice');
    const again = message(line({ remote: 'stores/thrice', result: 'failed' }));
    for (let count = 0; count < 3; count++) await handler({ Records: [again] });
    expect(await itemOf('thrice')).toMatchObject({ consecutiveFailures: 1 });
    expect(measured()).toEqual(['prices SyncsFailed 1']);
    expect(door.count('UpdateItem')).toBe(1);
  });

  it('is judged by the hosts that are registered now, and by no more of the item than it needs', async () => {
    await register('now');
    door.reset();
    await handler({ Records: [message(line({ remote: 'stores/now' }))] });
    expect(door.calls).toEqual(['GetItem', 'UpdateItem']);
    // A DynamoDB on loopback shows what was written a moment ago in any case.
    expect(door.inputs[0]).toMatchObject({
      ConsistentRead: true,
      ProjectionExpression: 'hosts, lastOutcomeAt, lastRunId',
    });
  });

  it('changes it once though the host sends it twice, since it died before it could note that it had', async () => {
    await register('twice');
    const bad = line({ remote: 'stores/twice', result: 'failed' });
    await handler({ Records: [message(bad, HOST, SENT), message(bad, HOST, SENT + 60_000)] });
    expect(await itemOf('twice')).toMatchObject({ consecutiveFailures: 1 });
  });

  it('changes it once though DynamoDB’s answer is lost and the SDK asks again', async () => {
    await register('lost');
    door.next('UpdateItem', 'lose');
    expect(await handler({ Records: [message(line({ remote: 'stores/lost', result: 'failed' }))] })).toEqual({
      batchItemFailures: [],
    });
    expect(await itemOf('lost')).toMatchObject({ consecutiveFailures: 1 });
  });

  it('that is none leaves the registry as it is, and is not tried again', async () => {
    await register('busy');
    const before = await itemOf('busy');
    expect(await handler({ Records: [message(line({ remote: 'stores/busy', result: 'busy' }))] })).toEqual({
      batchItemFailures: [],
    });
    expect(await itemOf('busy')).toEqual(before);
    expect(measured()).toEqual([]);
    expect(told()).toMatchObject([{ level: 'INFO', remote: 'stores/busy', result: 'busy' }]);
  });
});

describe('what is refused', () => {
  it('comes again, alone: the others of its batch are recorded', async () => {
    await register('good');
    const good = message(line({ remote: 'stores/good' }));
    const unknown = message(line({ remote: 'stores/nobody' }));
    const foreign = message(
      line({ remote: 'stores/good', result: 'failed', startedAt: '2026-01-05T10:00:00Z' }),
      'i-0000000c',
    );
    const unreadable = message('{');
    const { batchItemFailures } = await handler({ Records: [unknown, foreign, unreadable, good] });
    expect(batchItemFailures).toEqual(
      [unknown, foreign, unreadable].map(({ messageId }) => ({ itemIdentifier: messageId })),
    );
    expect(await itemOf('good')).toMatchObject({ lastOutcome: 'synchronized' });
    expect(await itemOf('nobody')).toBeUndefined();
    expect(measured()).toEqual([
      'prices OutcomesRefused 1',
      'prices OutcomesRefused 1',
      '(unreadable) OutcomesRefused 1',
      'prices SyncsSynchronized 1',
    ]);
    expect(told()).toMatchObject([
      {
        level: 'ERROR',
        messageId: unknown.messageId,
        remote: 'stores/nobody',
        sender: `AROAEXAMPLEEXAMPLE2:${HOST}`,
        reason: 'the registry has no remote stores/nobody',
        fix: expect.stringContaining('register it'),
      },
      {
        level: 'ERROR',
        messageId: foreign.messageId,
        remote: 'stores/good',
        reason: expect.stringContaining('the sender is i-0000000c'),
        fix: expect.stringContaining('remote.conf of i-0000000c'),
      },
      {
        level: 'ERROR',
        messageId: unreadable.messageId,
        sender: `AROAEXAMPLEEXAMPLE2:${HOST}`,
        reason: expect.stringContaining('is not JSON'),
        fix: expect.stringContaining('sync-remote.sh'),
      },
    ]);
  });

  it('fails the invocation where nothing else is in it, so that no mapping takes it for done', async () => {
    await expect(handler({ Records: [message(line({ remote: 'stores/nobody' }))] })).rejects.toThrow(
      'None of 1 outcomes is recorded',
    );
  });

  it('is recorded when it comes again and the cause is mended', async () => {
    const late = message(line({ remote: 'stores/late' }));
    await expect(handler({ Records: [late] })).rejects.toThrow();
    await register('late');
    expect(await handler({ Records: [late] })).toEqual({ batchItemFailures: [] });
    expect(await itemOf('late')).toMatchObject({ lastOutcome: 'synchronized' });
  });
});

describe('what cannot be done now', () => {
  it.each([
    ['the item cannot be read', 'GetItem'],
    ['the item cannot be written', 'UpdateItem'],
  ])('%s: the message comes again, and the others are recorded', async (_what, operation) => {
    const names = [`first-${operation}`, `second-${operation}`];
    for (const name of names) await register(name);
    const messages = names.map((name) => message(line({ remote: `stores/${name}` })));
    door.next(operation, { error: 'AccessDeniedException', message: 'not authorized to perform it' });
    expect(await handler({ Records: messages })).toEqual({
      batchItemFailures: [{ itemIdentifier: messages[0]?.messageId }],
    });
    expect(await itemOf(`second-${operation}`)).toMatchObject({ lastOutcome: 'synchronized' });
    expect(told()).toMatchObject([
      {
        level: 'ERROR',
        remote: `stores/first-${operation}`,
        reason: 'AccessDeniedException: not authorized to perform it',
      },
    ]);
    expect(measured()).toEqual(['prices SyncsSynchronized 1']);
    expect(await handler({ Records: messages })).toEqual({ batchItemFailures: [] });
    expect(await itemOf(`first-${operation}`)).toMatchObject({ lastOutcome: 'synchronized' });
  });

  it('the item is damaged: somebody is told which and why', async () => {
    await register('damaged', { hosts: ['localhost'] });
    await expect(handler({ Records: [message(line({ remote: 'stores/damaged' }))] })).rejects.toThrow();
    expect(told()).toMatchObject([{ reason: expect.stringContaining('item of stores/damaged is damaged: hosts.0') }]);
  });

  it('DynamoDB does not answer at first', async () => {
    await register('patient');
    door.next('GetItem', 'drop', { error: 'InternalServerError', status: 500 });
    expect(await handler({ Records: [message(line({ remote: 'stores/patient' }))] })).toEqual({
      batchItemFailures: [],
    });
  });
});

describe('the door', () => {
  it.each([
    ['no event', null],
    ['no messages', { Records: [] }],
    ['a message without its sender', { Records: [{ ...message(line()), attributes: { SentTimestamp: '1' } }] }],
    ['a message without its time', { Records: [{ ...message(line()), attributes: { SenderId: 'AROAX:y' } }] }],
  ])('takes %s for no event of a queue', async (_what, event) => {
    await expect(handler(event)).rejects.toThrow('Not the event of a queue');
    expect(door.calls).toEqual([]);
  });

  it('names every variable that is missing', () => {
    expect(() => readEnvironment({})).toThrow(
      /record-outcomes is wrong: MOBILINK_REGISTRY_TABLE: is missing; MOBILINK_REGISTRY_SHARDS: is missing; MOBILINK_METRIC_NAMESPACE/,
    );
  });
});

interface Told {
  readonly run: string;
  readonly second: number;
  readonly good: boolean;
  /** Told by collect, of a schedule outside the database. */
  readonly outside: boolean;
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();
const later = (one: Told, other: Told) => one.second - other.second || (one.run < other.run ? -1 : 1);

/** Outcomes of which no two ended in the same second by the same run, and what of them is told, how often, in which order. */
const histories = fc
  .uniqueArray(
    fc.record({
      run: fc
        .constantFrom('prices', 'sales', 'nightly')
        .chain((schedule) =>
          fc.integer({ min: 0, max: 2 }).map((hour) => `${schedule}@2026-01-05T0${hour}:00:00.000Z`),
        ),
      second: fc.integer({ min: 0, max: 9 }),
      good: fc.boolean(),
      outside: fc.boolean(),
    }),
    { selector: ({ run, second }) => `${run} ${second}`, minLength: 1, maxLength: 7 },
  )
  .chain((all) =>
    fc.record({
      inOrder: fc.boolean(),
      sequence: fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 10 }),
      sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    }),
  )
  .map(({ inOrder, sequence, sizes }) => ({ sequence: inOrder ? [...sequence].sort(later) : sequence, sizes }));

describe('the registry after outcomes that were lost, repeated and reordered, from inside and outside', () => {
  let remotes = 0;

  it('holds the latest that was told, goes never back, and counts failures as in their order wherever that can be known', async () => {
    const writer = new OutcomeWriter(table, {});
    let exact = 0;
    await fc.assert(
      fc.asyncProperty(histories, async ({ sequence, sizes }) => {
        const remoteName = `history-${remotes++}`;
        await register(remoteName);
        let before: Record<string, unknown> = {};
        const seen = async () => {
          const item = (await itemOf(remoteName)) ?? {};
          for (const name of ['lastOutcomeAt', 'lastSuccessAt', 'lastAttemptAt']) {
            expect(String(item[name] ?? '') >= String(before[name] ?? ''), `${name} goes back`).toBe(true);
          }
          before = item;
        };
        const queue = [...sequence];
        for (let turn = 0; queue.length > 0; turn++) {
          const [first] = queue;
          if (first?.outside) {
            queue.shift();
            const { run: runId, second, good } = first;
            const settlement: Settlement = good
              ? { outcome: 'synchronized', at: at(second), host: HOST }
              : { outcome: 'failed', at: at(second), detail: 'x' };
            const shard = shardOf(remoteName, SHARDS);
            await writer.note({ group: 'stores', shard, remoteName }, { runId, settlement, attempted: true });
          } else {
            const inside = queue.findIndex(({ outside }) => outside);
            const size = Math.min(sizes[turn % sizes.length] ?? 1, inside < 0 ? queue.length : inside);
            const Records = queue.splice(0, size).map(({ run, second, good }) =>
              message(
                line({
                  remote: `stores/${remoteName}`,
                  run,
                  result: good ? 'synchronized' : 'failed',
                  startedAt: at(0).replace('.000Z', 'Z'),
                  seconds: second,
                }),
              ),
            );
            expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
          }
          await seen();
        }
        const distinct = [...new Set(sequence)];
        const ordered = [...distinct].sort(later);
        const last = ordered.at(-1);
        const successes = ordered.filter(({ good }) => good);
        const failures = ordered.slice(ordered.map(({ good }) => good).lastIndexOf(true) + 1);
        const item = (await itemOf(remoteName)) ?? {};
        const count = Number(item.consecutiveFailures ?? 0);
        expect(item).toMatchObject({
          lastOutcome: last?.good ? 'synchronized' : 'failed',
          lastOutcomeAt: at(last?.second ?? 0),
          lastAttemptAt: at(last?.second ?? 0),
          lastRunId: last?.run,
        });
        expect(item.lastSuccessAt).toBe(successes.length > 0 ? at(successes.at(-1)?.second ?? 0) : undefined);
        if (last?.good) expect(count).toBe(0);
        else expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(distinct.length - successes.length);
        const success = successes.at(-1);
        const suffix = distinct.filter((it) => !success || later(it, success) >= 0);
        if (suffix.every((it, index) => index === 0 || later(suffix[index - 1] as Told, it) < 0)) {
          exact++;
          expect(count).toBe(failures.length);
        }
      }),
      { numRuns: 60, seed: 20261123 },
    );
    // Otherwise the last line of the property would promise nothing.
    expect(exact).toBeGreaterThan(30);
  });
});
