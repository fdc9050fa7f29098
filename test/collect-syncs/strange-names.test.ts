import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countsOf } from '../../lambda/collect-syncs/counts';
import { viewOf } from '../../lambda/collect-syncs/host-view';
import { candidates, planBatch } from '../../lambda/dispatch-syncs/plan-batch';
import { parse } from '../../lambda/door/parse';
import { fromItem, toItem } from '../../lambda/records/item';
import { batchSchema, type Member } from '../../lambda/records/sync-batch';
import { batch, HOST, KEY, member, NINE, RUN, report } from '../records/round-fixture';
import { decideAll, invocation, LookBench } from './look-bench';

/* Names are keys of objects too, and JavaScript's objects have names of their own. */
const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'prototype'];

const names = fc.oneof(fc.constantFrom(...INHERITED), fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/));
/** The owner of the registry may have written any text; what is no name is damaged, and must not damage the batch. */
const keys = fc.oneof(
  names,
  fc.constantFrom('__proto__', 'a/b', 'Filiale 12', '#', ' ', 'ü'),
  fc.string({ minLength: 1 }),
);

describe('remotes of any name', () => {
  it('each end once, and are read as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(keys, { minLength: 1, maxLength: 8 }), async (drawn) => {
        const plan = planBatch(
          candidates(
            drawn.map((remoteName) => ({ kind: 'damaged', remoteName, problem: 'hosts: is missing' })),
            RUN,
            NINE,
            { groupPaused: false },
          ),
          undefined,
          RUN,
        );
        const members: Member[] = plan?.members ?? [];
        const written = batch({ members });
        expect(parse(batchSchema, fromItem(toItem(written)), 'damaged')).toEqual(written);
        const { settled, closed } = decideAll(written, {});
        expect(Object.keys(settled).sort()).toEqual([...drawn].sort());
        expect(closed).toBe(true);
        const ended = { ...written, settled };
        expect(parse(batchSchema, fromItem(toItem(ended)), 'damaged')).toEqual(ended);
        expect(countsOf(ended, ended.settled)).toMatchObject({ remotes: drawn.length, failed: drawn.length });
      }),
      { numRuns: 300, seed: 20261123 },
    );
  });

  it.each(INHERITED)('%s is waited for, and ends', async (remoteName) => {
    const members = [member(remoteName)];
    expect(decideAll(batch({ members }), { [HOST]: { kind: 'open' } }).closed).toBe(false);
    const output = report('synchronized', { remote: `stores/${remoteName}` });
    const good = invocation(HOST, 'Success', { responseCode: 0, output });
    const decision = decideAll(batch({ members }), { [HOST]: viewOf(good) });
    expect(Object.entries(decision.settled)).toMatchObject([[remoteName, { outcome: 'synchronized' }]]);

    const bench = new LookBench();
    await bench.runs.create(batch({ members }));
    bench.said.set('c-1', [good]);
    await bench.look();
    expect(bench.noted).toMatchObject([{ remoteName }]);
    expect(bench.table.batches.get(`${KEY.runId} batch/stores/0/0`)?.closed).toBe(true);
  });
});
