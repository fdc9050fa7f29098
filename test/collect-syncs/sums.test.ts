import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isComplete } from '../../lambda/collect-syncs/close';
import { countsOf, NO_COUNTS, wordCounts } from '../../lambda/collect-syncs/counts';
import type { Batch, Child, Settlement } from '../../lambda/records/sync-batch';
import { OUTCOMES } from '../../lambda/records/sync-outcome';
import { batch, KEY, member, NINE, RUN } from '../records/round-fixture';
import { MemoryLedger, MemoryTable } from '../syncs/memory-tables';
import { LookBench } from './look-bench';

const at = RUN.scheduledAt;

describe('the counts of a batch', () => {
  const members = [member('one'), member('two'), member('three', { targets: [], outcome: 'paused' })];
  const settled: Record<string, Settlement> = {
    one: { outcome: 'not-primary', at },
    three: { outcome: 'paused', at },
  };

  it('hold each remote of a first attempt once, though it is tried again', () => {
    expect(countsOf(batch({ members }), settled)).toEqual({
      ...NO_COUNTS,
      remotes: 3,
      ordered: 2,
      'not-primary': 1,
      paused: 1,
    });
  });

  it.each([
    ['0.1', 2],
    ['0.1', 1],
    ['12.1.1', 3],
  ])('of batch %s, attempt %d, add outcomes and no remotes', (id, attempt) => {
    const again = batch({ batch: id, attempt, members });
    expect(countsOf(again, settled)).toEqual({ ...NO_COUNTS, 'not-primary': 1, paused: 1 });
  });

  it('are worded in full in the event, whatever is zero', () => {
    const worded = wordCounts({ ...NO_COUNTS, remotes: 3, ordered: 2, 'not-primary': 1, 'deadline-missed': 2 });
    expect(worded).toEqual({
      remotes: 3,
      ordered: 2,
      synchronized: 0,
      failed: 0,
      notPrimary: 1,
      unreachable: 0,
      busy: 0,
      deadlineMissed: 2,
      paused: 0,
    });
    expect(Object.keys(worded)).toHaveLength(OUTCOMES.length + 2);
  });
});

interface Tree {
  readonly id: string;
  readonly children: Tree[];
}

const flat = (tree: Tree): Tree[] => [tree, ...tree.children.flatMap(flat)];

/** A shard of some batches, each with further attempts of further attempts. */
const shards = fc.array(fc.array(fc.nat(2), { maxLength: 6 }), { maxLength: 4 }).map((drawn) =>
  drawn.map((numbers, first) => {
    const rest = [...numbers];
    const grow = (id: string, depth: number): Tree => {
      const count = depth > 3 ? 0 : (rest.shift() ?? 0);
      const children = Array.from({ length: count }, (_, index) => grow(`${id}.${index + 1}`, depth + 1));
      return { id, children };
    };
    return grow(String(first), 0);
  }),
);

function asBatch({ id, children }: Tree): Batch {
  const told = children.map(
    ({ id: child }): Child => ({ batch: child, look: 0, attempt: 2, delaySeconds: 30, remotes: [] }),
  );
  return batch({ batch: id, children: told, settled: { [id]: { outcome: 'synchronized', at } }, closed: true });
}

describe('a shard', () => {
  it('is complete after the last of its batches has closed, in whatever order, and not before', async () => {
    const closings = shards.chain((trees) => {
      const all = trees.flatMap(flat);
      const order = fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 });
      return fc.record({ trees: fc.constant(trees), all: fc.constant(all), order, endsAfter: fc.nat(all.length * 2) });
    });
    await fc.assert(
      fc.asyncProperty(closings, async ({ trees, all, order, endsAfter }) => {
        const ledger = new MemoryLedger(new MemoryTable());
        const closed = new Set<string>();
        let ended = false;
        for (let step = 0; step <= order.length; step++) {
          if (step === endsAfter) {
            ended = true;
            const progress = await ledger.endShard(KEY, trees.length);
            expect(isComplete(progress)).toBe(closed.size === all.length);
          }
          const tree = order[step];
          if (!tree) continue;
          closed.add(tree.id);
          const one = asBatch(tree);
          const progress = await ledger.closeBatch(one, countsOf(one, one.settled));
          expect(isComplete(progress)).toBe(ended && closed.size === all.length);
          expect(progress.counts.synchronized).toBe(closed.size);
        }
      }),
      { numRuns: 300, seed: 20261123 },
    );
  });
});

describe('a run', () => {
  it('is announced again only if it could not be noted that it was', async () => {
    const bench = new LookBench();
    await bench.runs.open(RUN, 1, NINE);
    const ended = { kind: 'shard-ended', run: RUN, group: 'stores', shard: 0, batches: 0 } as const;
    bench.dieAt = 'announce';
    await expect(bench.receive(ended)).rejects.toThrow('killed at announce');
    bench.dieAt = 'noteAnnounced';
    await expect(bench.receive(ended)).rejects.toThrow('killed at noteAnnounced');
    expect(bench.announced).toHaveLength(1);
    for (const _again of [1, 2]) await bench.receive(ended);
    expect(bench.announced).toHaveLength(2);
  });
});
