import { beforeEach, describe, expect, it } from 'vitest';
import { deadlineOf } from '../../lambda/records/sync-run';
import { HOST, KEY, PARTNER, RUN } from '../records/round-fixture';
import { hostOf, OrderBench } from './order-bench';

let bench: OrderBench;

beforeEach(() => {
  bench = new OrderBench();
});

const stored = (batch: string) => bench.runs.read({ ...KEY, batch });

describe('a further attempt', () => {
  it('commands those hosts that were not asked, and is no order of the run', async () => {
    const tried = { [HOST]: 'not-primary' } as const;
    await bench.retry({ remotes: [{ remoteName: 'one', hosts: [HOST, PARTNER], tried }] });
    expect(bench.sent).toMatchObject([{ hosts: [PARTNER] }]);
    expect(bench.metered).toEqual(['ordered 0']);
    expect(bench.collected).toMatchObject([{ message: { kind: 'in-flight', batch: '0.1' }, delaySeconds: 45 }]);
    expect(await stored('0.1')).toMatchObject({ attempt: 2, members: [{ tried, targets: [PARTNER] }] });
  });

  it('of remotes that never ran is counted as ordered no second time', async () => {
    await bench.retry({ attempt: 1, remotes: [{ remoteName: 'one', hosts: [HOST] }] });
    expect(bench.sent).toHaveLength(1);
    expect(bench.metered).toEqual(['ordered 0']);
  });

  it('after the deadline ends them', async () => {
    bench.now = deadlineOf(RUN);
    await bench.retry({ remotes: [{ remoteName: 'one', hosts: [HOST] }] });
    expect(bench.sent).toEqual([]);
    expect((await stored('0.1'))?.members).toMatchObject([{ outcome: 'deadline-missed', targets: [] }]);
  });

  it('of many remotes with many hosts is sent in commands of fifty', async () => {
    const pairs = Array.from({ length: 40 }, (_, index) => ({
      remoteName: `store-${index}`,
      hosts: [hostOf(2 * index), hostOf(2 * index + 1)],
      tried: { [hostOf(2 * index)]: 'unreachable', [hostOf(2 * index + 1)]: 'not-primary' } as const,
    }));
    await bench.retry({ attempt: 3, remotes: pairs });
    expect(bench.sent.map(({ hosts }) => hosts.length)).toEqual([50, 30]);
    expect(new Set(bench.sent.flatMap(({ hosts }) => hosts)).size).toBe(80);
  });
});
