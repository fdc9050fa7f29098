import { beforeEach, describe, expect, it } from 'vitest';
import { positionOf } from '../../lambda/records/names';
import { commentOf } from '../../lambda/records/sync-batch';
import { deadlineOf, runIdOf } from '../../lambda/records/sync-run';
import { HOST, KEY, NINE, PARTNER, RUN } from '../records/round-fixture';
import { DUE, hostOf, OrderBench, remote, remotes } from './order-bench';

let bench: OrderBench;

beforeEach(() => {
  bench = new OrderBench();
});

const stored = (batch = '0') => bench.runs.read({ ...KEY, batch });

describe('a firing', () => {
  it('becomes one order a group and shard, each group once', async () => {
    bench.now = NINE + 1_000;
    await bench.start({ ...RUN, groups: ['stores', 'vans', 'stores'] });
    const orders = bench.dispatched.map(({ message, delaySeconds }) => ({ ...message, delaySeconds }));
    expect(orders).toMatchObject([
      { kind: 'order', group: 'stores', shard: 0, batch: 0, delaySeconds: 0 },
      { kind: 'order', group: 'stores', shard: 1, batch: 0, delaySeconds: 0 },
      { kind: 'order', group: 'vans', shard: 0, batch: 0, delaySeconds: 0 },
      { kind: 'order', group: 'vans', shard: 1, batch: 0, delaySeconds: 0 },
    ]);
    expect(bench.table.runs.get(runIdOf(RUN))).toMatchObject({ shards: 4, startedAt: '2026-01-05T09:00:01.000Z' });
  });

  it.each([
    ['in time to the millisecond', 900_000, undefined],
    ['a millisecond late', 900_001, 'late'],
    ['early, by a clock that goes ahead', -2_000, undefined],
  ])('%s', async (_what, after, reason) => {
    bench.now = NINE + after;
    await bench.start(RUN);
    expect(bench.dispatched).toHaveLength(reason ? 0 : 2);
    expect(bench.collected.map(({ message }) => message)).toEqual(
      reason ? [{ kind: 'run-skipped', run: RUN, reason }] : [],
    );
    expect(bench.metered).toEqual(reason ? [`skipped ${reason}`] : []);
    expect(bench.table.runs.size).toBe(reason ? 0 : 1);
  });

  it('after a younger one is skipped', async () => {
    bench.now = NINE + 700_000;
    const younger = { ...RUN, scheduledAt: '2026-01-05T09:10:00.000Z' };
    await bench.start(younger);
    await bench.start(RUN);
    expect(bench.collected).toMatchObject([
      { message: { reason: 'superseded', run: { scheduledAt: RUN.scheduledAt } } },
    ]);
    expect(bench.dispatched).toHaveLength(2);
  });
});

describe('a shard', () => {
  it('is commanded fifty hosts at a time, in the order of its jitter, at its pace', async () => {
    bench.entries = remotes(120);
    await bench.order();
    expect(bench.sent.map(({ hosts }) => hosts.length)).toEqual([50, 50, 20]);
    const inOrder = Array.from({ length: 120 }, (_, index) => index).sort((one, other) =>
      positionOf(`store-${one}`) < positionOf(`store-${other}`) ? -1 : 1,
    );
    expect(bench.sent.flatMap(({ hosts }) => hosts)).toEqual(inOrder.map(hostOf));
    expect(bench.slept).toEqual([1_000, 1_000, 1_000]);
    expect(bench.metered).toEqual(['ordered 50', 'ordered 50', 'ordered 20']);
    expect(bench.collected.map(({ message, delaySeconds }) => [message.kind, delaySeconds])).toEqual([
      ['in-flight', 45],
      ['in-flight', 45],
      ['in-flight', 45],
      ['shard-ended', 0],
    ]);
    expect(bench.collected.at(-1)?.message).toMatchObject({ batches: 3 });
    expect(bench.dispatched).toEqual([]);
  });

  it('that is empty ends with no batch', async () => {
    await bench.order();
    expect(bench.collected).toMatchObject([{ message: { kind: 'shard-ended', batches: 0 }, delaySeconds: 0 }]);
    expect(bench.metered).toEqual([]);
  });

  it('asks for what the run says, by a comment of its own for each batch', async () => {
    bench.entries = [remote('one', [HOST], { profile: 'own' }), remote('two', [PARTNER])];
    await bench.order({ run: { ...RUN, timeLimitSeconds: 777 } });
    expect(bench.sent).toEqual(
      [
        { profile: 'own', hosts: [HOST] },
        { profile: undefined, hosts: [PARTNER] },
      ]
        .sort((one) => (positionOf('one') < positionOf('two') ? 0 : one.profile ? 1 : -1))
        .map((part) => ({
          ...part,
          runId: KEY.runId,
          comment: commentOf(KEY),
          timeLimitSeconds: 777,
          deliverySeconds: 300,
        })),
    );
  });

  it('is not told to deliver after the deadline, nor in less than Systems Manager allows', async () => {
    bench.entries = [remote('one', [HOST])];
    for (const left of [200, 30, 3]) {
      const run = { ...RUN, schedule: `with-${left}-left` };
      bench.now = deadlineOf(run) - left * 1000;
      await bench.order({ run });
    }
    expect(bench.sent.map(({ deliverySeconds }) => deliverySeconds)).toEqual([200, 30, 30]);
  });

  it('commands nobody after the deadline, and says so of each remote', async () => {
    bench.entries = [remote('one', [HOST]), remote('two', [PARTNER], { paused: true })];
    bench.primary = { state: 'failing-over', observedAt: new Date(deadlineOf(RUN)).toISOString() };
    bench.now = deadlineOf(RUN);
    await bench.order();
    expect(bench.sent).toEqual([]);
    expect((await stored())?.members.map(({ outcome }) => outcome).sort()).toEqual(['deadline-missed', 'paused']);
    expect(bench.collected).toMatchObject([
      { message: { kind: 'in-flight', commands: [], refused: {} }, delaySeconds: 0 },
      { message: { kind: 'shard-ended' } },
    ]);
    expect(bench.metered).toEqual(['ordered 0']);
  });

  it('waits for what is not due yet, as long as a queue can hold it', async () => {
    bench.entries = [remote('one', [HOST])];
    bench.now = NINE;
    await bench.order({ run: { ...RUN, windowSeconds: 86_400, deadlineSeconds: 90_000 } });
    expect(bench.takeBack()).toMatchObject({ message: { kind: 'order', batch: 0 }, delaySeconds: 900 });
    expect(bench.sent).toEqual([]);
    expect(await stored()).toBeUndefined();
  });

  it('leaves the rest to a message when its function has too little time', async () => {
    bench.entries = remotes(120);
    await bench.order({}, 31_500);
    expect(bench.sent).toHaveLength(2);
    const { message, delaySeconds } = bench.takeBack();
    expect(message).toMatchObject({ kind: 'order', batch: 2, ratePerMinute: 60 });
    expect(delaySeconds).toBe(1);
    await bench.receive(message);
    expect(bench.sent.map(({ hosts }) => hosts.length)).toEqual([50, 50, 20]);
    expect(new Set(bench.sent.flatMap(({ hosts }) => hosts)).size).toBe(120);
  });

  it('tells once how old the oldest success is, of those that are not paused', async () => {
    const ago = (seconds: number) => ({ lastSuccessAt: new Date(DUE - seconds * 1000).toISOString() });
    bench.entries = [
      remote('one', [HOST], ago(100)),
      remote('two', [PARTNER], ago(5_000)),
      remote('three', [hostOf(3)], { ...ago(9_000), paused: true }),
      remote('four', [hostOf(4)]),
      { kind: 'damaged', remoteName: 'five', problem: 'x' },
    ];
    await bench.order();
    expect(bench.metered).toEqual(['oldestSuccess 5000', 'ordered 3']);
    bench.metered.length = 0;
    await bench.order({ batch: 1, after: positionOf('zzz') });
    expect(bench.metered).not.toContain('oldestSuccess 5000');
  });
});

describe('the consolidated database', () => {
  const away = () => ({ state: 'failing-over' as const, observedAt: new Date(bench.now - 5_000).toISOString() });

  beforeEach(() => {
    bench.entries = [remote('one', [HOST])];
  });

  it('that fails over holds the orders back, and then they go slowly', async () => {
    bench.primary = away();
    await bench.order();
    const first = bench.takeBack();
    expect(first).toMatchObject({ message: { heldSince: new Date(DUE).toISOString() }, delaySeconds: 15 });
    bench.now += 15_000;
    bench.primary = away();
    await bench.receive(first.message);
    const second = bench.takeBack();
    expect(second.message.heldSince).toBe(new Date(DUE).toISOString());
    expect(bench.sent).toEqual([]);
    expect(await stored()).toBeUndefined();
    bench.now += 15_000;
    bench.primary = { state: 'stable', observedAt: new Date(bench.now).toISOString() };
    await bench.receive(second.message);
    expect(bench.sent).toHaveLength(1);
    expect(bench.slept).toEqual([Math.round(60_000 / 9)]);
  });

  it('holds nothing back for ever', async () => {
    bench.primary = away();
    await bench.order({ heldSince: new Date(DUE - 600_000).toISOString() });
    expect(bench.sent).toHaveLength(1);
    expect(bench.metered).toContain('holdBackOverrun');
  });

  it('holds further attempts back too', async () => {
    bench.primary = away();
    await bench.retry({ remotes: [{ remoteName: 'one', hosts: [HOST] }] });
    expect(bench.takeBack()).toMatchObject({ message: { kind: 'retry', batch: '0.1' }, delaySeconds: 15 });
  });

  it('holds nobody back who is not commanded', async () => {
    bench.entries = [remote('one', [HOST], { paused: true })];
    bench.primary = away();
    await bench.order();
    expect(bench.collected).toHaveLength(2);
    expect(bench.slept).toEqual([0]);
  });
});

describe('a group that is paused', () => {
  beforeEach(() => {
    bench.entries = [
      remote('one', [HOST], { lastSuccessAt: new Date(NINE).toISOString() }),
      remote('two', [PARTNER], { paused: true }),
      { kind: 'damaged', remoteName: 'three', problem: 'x' },
    ];
    bench.pausedGroups.add('stores');
  });

  it('commands nobody, waits for nobody, and says of each remote that it is paused', async () => {
    bench.primary = { state: 'failing-over', observedAt: new Date(bench.now).toISOString() };
    await bench.order();
    expect(bench.sent).toEqual([]);
    expect((await stored())?.members.map(({ outcome }) => outcome)).toEqual(['paused', 'paused', 'paused']);
    expect(bench.collected).toMatchObject([
      { message: { kind: 'in-flight', commands: [], refused: {} }, delaySeconds: 0 },
      { message: { kind: 'shard-ended', batches: 1 } },
    ]);
    expect(bench.dispatched).toEqual([]);
    // Nor is it told how long ago it synchronized: nobody wants it to.
    expect(bench.metered).toEqual(['ordered 0']);
  });

  it('is asked about once a message, whatever the number of batches, and not for further attempts', async () => {
    bench.pausedGroups.clear();
    bench.entries = remotes(120);
    await bench.order();
    expect(bench.askedForPause).toEqual(['stores']);
    bench.pausedGroups.add('stores');
    await bench.retry({ remotes: [{ remoteName: 'one', hosts: [HOST] }] });
    expect(bench.askedForPause).toEqual(['stores']);
    expect(bench.sent).toHaveLength(4);
  });

  it('is paused from the next message on, and the batches before it end as they began', async () => {
    bench.pausedGroups.clear();
    bench.entries = remotes(120);
    await bench.order({}, 31_500);
    const { message } = bench.takeBack();
    bench.pausedGroups.add('stores');
    await bench.receive(message);
    expect(bench.sent).toHaveLength(2);
    const batches = await Promise.all(['0', '1', '2'].map(stored));
    expect(batches.map((batch) => batch?.members.filter(({ outcome }) => outcome === 'paused').length)).toEqual([
      0, 0, 20,
    ]);
    expect(bench.collected.at(-1)?.message).toMatchObject({ kind: 'shard-ended', batches: 3 });
  });

  it('does not pause another', async () => {
    await bench.order({ group: 'vans' });
    expect(bench.sent).toHaveLength(1);
    expect(bench.askedForPause).toEqual(['vans']);
  });
});

describe('when too many commands wait in the account', () => {
  it('a shard goes at half the rate, once for each time', async () => {
    bench.entries = remotes(120);
    bench.table.rateExceededAt = new Date(NINE + 1_000).toISOString();
    await bench.order();
    expect(bench.slept).toEqual([33, 36, 39].map((rate) => Math.round(60_000 / rate)));
  });

  it.each([
    ['before the run', NINE],
    ['before, and it has slowed down for that', NINE + 5_000],
  ])('%s, it goes on as it was', async (_when, at) => {
    bench.entries = remotes(2);
    bench.table.rateExceededAt = new Date(at).toISOString();
    await bench.order(at === NINE ? {} : { slowedFor: new Date(at).toISOString() });
    expect(bench.slept).toEqual([1_000]);
  });
});

describe('a registry that changes while a shard is ordered', () => {
  it('leaves the batches that were written as they are', async () => {
    bench.entries = remotes(60);
    bench.answers.push(() => ({ kind: 'throttled' }));
    await bench.order();
    const { message } = bench.takeBack();
    const before = await stored();
    bench.entries = [];
    await bench.receive(message);
    expect(bench.sent).toHaveLength(2);
    expect(bench.sent[1]?.hosts).toEqual(before?.members.flatMap(({ targets }) => targets));
    expect(bench.collected.at(-1)?.message).toMatchObject({ kind: 'shard-ended', batches: 1 });
  });

  it('goes on where the batch that was written ends', async () => {
    bench.entries = remotes(60);
    bench.answers.push(() => ({ kind: 'throttled' }));
    await bench.order();
    const { message } = bench.takeBack();
    const before = await stored();
    const first = before?.members[0]?.remoteName;
    bench.entries = remotes(60).filter((entry) => entry.kind === 'remote' && entry.remote.remoteName !== first);
    await bench.receive(message);
    const members = [...(before?.members ?? []), ...((await stored('1'))?.members ?? [])];
    expect(new Set(members.map(({ remoteName }) => remoteName)).size).toBe(60);
    expect(members).toHaveLength(60);
  });
});
