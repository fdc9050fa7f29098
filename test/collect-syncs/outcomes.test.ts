import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RemoteOutcomes } from '../../lambda/collect-syncs/remote-outcomes';
import type { Settlement } from '../../lambda/records/sync-batch';
import { OUTCOMES } from '../../lambda/records/sync-outcome';
import { Dynalite } from '../records/dynalite';
import { leadTo } from '../records/loopback-json';
import { batch, HOST, PARTNER } from '../records/round-fixture';

/* What the registry says of a remote after the outcomes of several runs, in a DynamoDB that evaluates every expression. */

const dynalite = new Dynalite();
let table: string;
let outcomes: RemoteOutcomes;
let remotes = 0;

beforeAll(async () => {
  await dynalite.start();
  leadTo(dynalite.endpoint);
  table = await dynalite.table('groupShard', 'remoteName');
  outcomes = new RemoteOutcomes(table);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await dynalite.stop();
});

interface Told {
  readonly runId: string;
  readonly settlement: Settlement;
}

async function tell(told: readonly Told[], item: object = {}): Promise<Record<string, unknown>> {
  const remoteName = `remote-${remotes++}`;
  await dynalite.put(table, { groupShard: 'stores#0', remoteName, hosts: [HOST, PARTNER], ...item });
  const members = [{ remoteName, hosts: [HOST, PARTNER], targets: [HOST] }];
  for (const { runId, settlement } of told) await outcomes.note(batch({ runId, members }), remoteName, settlement);
  return (await dynalite.get(table, { groupShard: 'stores#0', remoteName })) ?? {};
}

const FAILURES = ['failed', 'not-primary', 'unreachable', 'deadline-missed'];
const at = (second: number) => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();

/** The outcomes of a few runs of two schedules; some end in the same millisecond. */
const runs = fc
  .uniqueArray(
    fc.record({
      runId: fc.constantFrom('nightly@1', 'nightly@2', 'nightly@3', 'prices@1', 'prices@2'),
      second: fc.integer({ min: 0, max: 4 }),
      outcome: fc.constantFrom(...OUTCOMES),
    }),
    { selector: ({ runId }) => runId, minLength: 1, maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map(({ runId, second, outcome }): Told => {
      const base = { outcome, at: at(second) };
      if (outcome === 'synchronized') return { runId, settlement: { ...base, host: HOST } };
      if (outcome === 'not-primary') return { runId, settlement: { ...base, forgetPrimary: true } };
      return { runId, settlement: outcome === 'failed' ? { ...base, detail: `${runId} failed` } : base };
    }),
  );

const later = (one: Told, other: Told) =>
  one.settlement.at > other.settlement.at || (one.settlement.at === other.settlement.at && one.runId > other.runId);

describe('the registry after several runs', () => {
  it('holds the latest outcome and the latest success, in whatever order and however often they are told', async () => {
    const orders = runs.chain((all) =>
      fc.record({
        all: fc.constant(all),
        told: fc
          .array(fc.constantFrom(...all), { maxLength: 6 })
          .chain((again) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length })),
      }),
    );
    await fc.assert(
      fc.asyncProperty(orders, async ({ all, told }) => {
        const item = await tell(told);
        const last = all.reduce((one, other) => (later(one, other) ? one : other));
        expect(item).toMatchObject({
          lastOutcome: last.settlement.outcome,
          lastOutcomeAt: last.settlement.at,
          lastRunId: last.runId,
        });
        expect(item.lastDetail).toBe(last.settlement.detail);
        const successes = all.filter(({ settlement }) => settlement.outcome === 'synchronized');
        expect(item.lastSuccessAt).toBe(
          successes
            .map(({ settlement }) => settlement.at)
            .sort()
            .at(-1),
        );
        const failures = all.filter(({ settlement }) => FAILURES.includes(settlement.outcome));
        expect(Number(item.consecutiveFailures ?? 0)).toBeLessThanOrEqual(failures.length);
        if (last.settlement.outcome === 'synchronized') expect(item.consecutiveFailures).toBe(0);
      }),
      { numRuns: 60, seed: 20261123 },
    );
  });

  it('counts each failure in a row once when they are told in their order, each several times', async () => {
    const ordered = runs.map((all) => [...all].sort((one, other) => (later(one, other) ? 1 : -1)));
    await fc.assert(
      fc.asyncProperty(ordered, fc.integer({ min: 1, max: 3 }), async (all, times) => {
        const item = await tell(all.flatMap((told) => Array.from({ length: times }, () => told)));
        const success = all.map(({ settlement }) => settlement.outcome).lastIndexOf('synchronized');
        const since = all.slice(success + 1).filter(({ settlement }) => FAILURES.includes(settlement.outcome));
        expect(item.consecutiveFailures ?? 0).toBe(since.length);
      }),
      { numRuns: 40, seed: 20261123 },
    );
  });

  it.each<[string, Settlement, string | undefined]>([
    ['is the host that synchronized', { outcome: 'synchronized', at: at(1), host: HOST }, HOST],
    ['stays after a failure', { outcome: 'failed', at: at(1), detail: 'x' }, PARTNER],
    ['is forgotten when no host is primary', { outcome: 'not-primary', at: at(1), forgetPrimary: true }, undefined],
    ['stays when nobody is reached', { outcome: 'unreachable', at: at(1) }, PARTNER],
    ['stays while the remote is paused', { outcome: 'paused', at: at(1) }, PARTNER],
  ])('the primary that is known %s', async (_what, settlement, primary) => {
    const item = await tell([{ runId: 'nightly@1', settlement }], { primaryHost: PARTNER });
    expect(item.primaryHost).toBe(primary);
  });

  it('keeps what its owner wrote', async () => {
    const item = await tell([{ runId: 'nightly@1', settlement: { outcome: 'failed', at: at(1), detail: 'x' } }], {
      profile: 'daily',
      note: 'ours',
    });
    expect(item).toMatchObject({ profile: 'daily', note: 'ours', hosts: [HOST, PARTNER] });
  });

  it('has no remote that was deleted, and none under another shard', async () => {
    await outcomes.note(batch({ members: [] }), 'gone', { outcome: 'synchronized', at: at(1), host: HOST });
    expect(await dynalite.get(table, { groupShard: 'stores#0', remoteName: 'gone' })).toBeUndefined();
  });
});
