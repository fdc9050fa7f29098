import { beforeEach, describe, expect, it } from 'vitest';
import { deadlineOf } from '../../lambda/records/sync-run';
import { batch, HOST, KEY, member, NINE, PARTNER, RUN, report } from '../records/round-fixture';
import { invocation, LookBench } from './look-bench';

const GOOD = invocation(HOST, 'Success', { responseCode: 0, output: report('synchronized') });
const MIRROR = invocation(HOST, 'Failed', { responseCode: 75, output: report('not-primary') });
const AT_WORK = invocation(HOST, 'InProgress');

let bench: LookBench;

beforeEach(() => {
  bench = new LookBench();
});

describe('a look', () => {
  it('that finds everything at an end writes it down and closes the run', async () => {
    await bench.runs.open(RUN, 1, NINE);
    await bench.runs.create(batch());
    await bench.receive({ kind: 'shard-ended', run: RUN, group: 'stores', shard: 0, batches: 1 });
    bench.said.set('c-1', [GOOD]);
    await bench.look();
    expect(bench.noted).toMatchObject([{ remoteName: 'one', settlement: { outcome: 'synchronized', host: HOST } }]);
    expect(bench.settled).toEqual([{ outcomes: ['synchronized'], latencies: [2] }]);
    expect(bench.announced).toMatchObject([
      {
        runId: KEY.runId,
        schedule: 'nightly',
        startedAt: RUN.scheduledAt,
        finishedAt: '2026-01-05T09:01:00.000Z',
        counts: { remotes: 1, ordered: 1, synchronized: 1, failed: 0 },
      },
    ]);
    expect(bench.finished).toEqual([1]);
    expect(bench.awaited).toEqual([]);
  });

  it('that finds nothing new comes again later, and never after the deadline', async () => {
    await bench.runs.create(batch());
    bench.said.set('c-1', [AT_WORK]);
    await bench.look();
    await bench.look({ look: 9 });
    bench.now = deadlineOf(RUN) - 7_000;
    await bench.look({ look: 9 });
    expect(bench.awaited).toMatchObject([
      { message: { look: 1 }, delaySeconds: 90 },
      { message: { look: 10 }, delaySeconds: 900 },
      { message: { look: 10 }, delaySeconds: 7 },
    ]);
    expect(bench.table.batches.get(`${KEY.runId} batch/stores/0/0`)?.version).toBe(0);
  });

  it('that Systems Manager throttles is taken again, and is the same look', async () => {
    await bench.runs.create(batch());
    await bench.look({ look: 4 });
    expect(bench.awaited).toMatchObject([{ message: { look: 4 }, delaySeconds: 30 }]);
  });

  it('asks for no command that nobody waits for any more', async () => {
    const settled = { one: { outcome: 'failed', at: RUN.scheduledAt } as const };
    await bench.runs.create(batch({ members: [member('one'), member('two', { targets: [PARTNER] })], settled }));
    bench.said.set('c-2', [invocation(PARTNER, 'InProgress')]);
    const commands = [
      { commandId: 'c-1', hosts: [HOST] },
      { commandId: 'c-2', hosts: [PARTNER] },
    ];
    await bench.look({ commands });
    // Asking for c-1 would have been throttled.
    expect(bench.awaited).toMatchObject([{ message: { look: 1 } }]);
  });

  it('of a batch that is not there is an error that names it', async () => {
    await expect(bench.look({ batch: '7' })).rejects.toThrow(`The run ${KEY.runId} has no batch 7 of stores/0`);
  });
});

describe('a host that its command does not list', () => {
  it.each([
    ['is waited for at first', 0, 'Cancelled', undefined],
    ['is waited for while the command is open', 1, 'InProgress', undefined],
    ['was not reached, when the command is over', 1, 'Cancelled', { attempt: 2, batch: '0.1' }],
    ['was one too many, by the command', 1, 'Rate Exceeded', { attempt: 1, batch: '0.1' }],
    ['was one too many, spelt otherwise', 1, 'RateExceeded', { attempt: 1, batch: '0.1' }],
    ['is waited for while the command is not known', 1, undefined, undefined],
  ])('%s', async (_what, look, status, child) => {
    await bench.runs.create(batch());
    bench.said.set('c-1', []);
    if (status !== undefined) bench.statuses.set('c-1', status);
    await bench.look({ look });
    if (child) expect(bench.ordered).toMatchObject([{ message: { kind: 'retry', ...child } }]);
    else expect(bench.ordered).toEqual([]);
    const slower = await bench.runs.lastRateExceeded();
    expect(slower).toBe(child?.attempt === 1 ? '2026-01-05T09:01:00.000Z' : undefined);
  });

  it('does not hide what a second command of the batch says of it', async () => {
    await bench.runs.create(batch());
    bench.said.set('c-1', []);
    bench.said.set('c-2', [GOOD]);
    bench.statuses.set('c-1', 'Cancelled');
    const commands = ['c-1', 'c-2'].map((commandId) => ({ commandId, hosts: [HOST] }));
    await bench.look({ look: 1, commands });
    expect(bench.noted).toMatchObject([{ settlement: { outcome: 'synchronized' } }]);
  });
});

describe('a look that died', () => {
  const pair = batch({ members: [member('one', { hosts: [HOST, PARTNER] }), member('two', { targets: [PARTNER] })] });
  const commands = [{ commandId: 'c-1', hosts: [HOST, PARTNER] }];

  it.each(['note', 'dispatch', 'collect'])('at %s does everything that follows once it comes back', async (dieAt) => {
    await bench.runs.create({ ...pair, members: [...pair.members, member('three', { targets: ['i-0000000c'] })] });
    bench.said.set('c-1', [MIRROR, invocation(PARTNER, 'ExecutionTimedOut')]);
    const all = [{ commandId: 'c-1', hosts: [HOST, PARTNER, 'i-0000000c'] }];
    bench.dieAt = dieAt;
    await expect(bench.look({ commands: all })).rejects.toThrow(`killed at ${dieAt}`);
    bench.now += 360_000;
    // What Systems Manager says by then is for the next look.
    bench.said.set('c-1', [MIRROR, GOOD]);
    await bench.look({ commands: all });
    expect(new Set(bench.noted.map(({ remoteName, settlement }) => `${remoteName} ${settlement.outcome}`))).toEqual(
      new Set(['two failed']),
    );
    expect(bench.ordered.at(-1)).toMatchObject({ message: { batch: '0.1', remotes: [{ remoteName: 'one' }] } });
    expect(bench.awaited).toMatchObject([{ message: { look: 1 } }]);
  });

  /* A message that is delivered twice makes two chains of looks, and one of them can be ahead of the other. */
  it('is brought to its end though another chain of looks has gone on meanwhile', async () => {
    await bench.runs.create(pair);
    bench.said.set('c-1', [MIRROR, invocation(PARTNER, 'InProgress')]);
    bench.dieAt = 'dispatch';
    await expect(bench.look({ commands })).rejects.toThrow('killed at dispatch');
    bench.said.set('c-1', [MIRROR, invocation(PARTNER, 'ExecutionTimedOut')]);
    bench.now += 90_000;
    await bench.look({ commands, look: 1 });
    expect(bench.ordered).toEqual([]);
    bench.now += 270_000;
    await bench.look({ commands });
    expect(bench.ordered).toMatchObject([{ message: { batch: '0.1', remotes: [{ remoteName: 'one' }] } }]);
  });

  it('tells the registry what it found though another chain of looks has gone on meanwhile', async () => {
    await bench.runs.create(pair);
    bench.said.set('c-1', [
      invocation(HOST, 'Success', { responseCode: 0, output: report('synchronized') }),
      invocation(PARTNER, 'InProgress'),
    ]);
    bench.dieAt = 'note';
    await expect(bench.look({ commands })).rejects.toThrow('killed at note');
    bench.said.set('c-1', [GOOD, invocation(PARTNER, 'ExecutionTimedOut')]);
    bench.now += 90_000;
    await bench.look({ commands, look: 1 });
    bench.now += 270_000;
    await bench.look({ commands });
    expect(bench.noted.map(({ remoteName }) => remoteName)).toContain('one');
  });
});

describe('a run that is skipped', () => {
  it.each(['late', 'superseded'] as const)('because it is %s is told with no counts', async (reason) => {
    await bench.receive({ kind: 'run-skipped', run: RUN, reason });
    expect(bench.announced).toMatchObject([{ runId: KEY.runId, skipped: reason, counts: { remotes: 0, ordered: 0 } }]);
    expect(bench.announced[0]).not.toHaveProperty('startedAt');
  });
});
