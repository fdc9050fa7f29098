import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandRequest, SendResult } from '../../lambda/dispatch-syncs/ports';
import { commentOf } from '../../lambda/records/sync-batch';
import { HOST, KEY, PARTNER } from '../records/round-fixture';
import { DUE, hostOf, OrderBench, remote, remotes, TIMEOUT } from './order-bench';

let bench: OrderBench;

beforeEach(() => {
  bench = new OrderBench();
});

const stored = () => bench.runs.read(KEY);

describe('a command', () => {
  it('that is throttled waits, at half the rate, with what was sent before', async () => {
    bench.entries = [remote('one', [HOST], { profile: 'own' }), remote('two', [PARTNER])];
    bench.answers.push(
      () => ({ kind: 'sent', commandId: 'c-1' }),
      () => ({ kind: 'throttled' }),
    );
    await bench.order();
    const { message, delaySeconds } = bench.takeBack();
    expect(message).toMatchObject({
      ratePerMinute: 30,
      resume: { claims: 1, sent: [{ commandId: 'c-1' }], refused: {} },
    });
    expect(delaySeconds).toBe(2);
    expect(bench.metered).toContain('throttled');
    expect(bench.collected).toEqual([]);
    await bench.receive(message);
    expect(bench.sent).toHaveLength(3);
    expect(bench.searched).toEqual([]);
    expect(bench.collected[0]?.message).toMatchObject({ commands: [{ commandId: 'c-1' }, { commandId: 'c-3' }] });
    expect((await stored())?.claims).toBe(2);
    // What is ordered is counted once.
    expect(bench.metered.filter((it) => it.startsWith('ordered'))).toEqual(['ordered 2']);
  });

  it('that is throttled again and again is tried every half minute', async () => {
    bench.entries = [remote('one', [HOST])];
    bench.answers.push(() => ({ kind: 'throttled' }));
    await bench.order({ ratePerMinute: 3 });
    expect(bench.takeBack()).toMatchObject({ message: { ratePerMinute: 2 }, delaySeconds: 30 });
  });

  it('that is refused for one host goes to the others, though the answer does not name it', async () => {
    bench.entries = remotes(9);
    const bad = [hostOf(3), hostOf(7)];
    bench.answers.push(
      ...Array.from({ length: 30 }, () => ({ hosts }: CommandRequest): SendResult => {
        const refused = hosts.some((host) => bad.includes(host));
        if (refused) return { kind: 'refused', hosts: [], reason: 'InvalidInstanceId: ' };
        return { kind: 'sent', commandId: `c-${hosts.join()}` };
      }),
    );
    await bench.order();
    const [flight] = bench.collected;
    if (flight?.message.kind !== 'in-flight') throw new Error('nothing is in flight');
    expect(flight.message.refused).toEqual({ [hostOf(3)]: 'InvalidInstanceId: ', [hostOf(7)]: 'InvalidInstanceId: ' });
    const commanded = flight.message.commands.flatMap(({ hosts }) => hosts);
    expect(commanded.sort()).toEqual([0, 1, 2, 4, 5, 6, 8].map(hostOf));
  });

  it('that is refused for the hosts that the answer names goes to the others at once', async () => {
    bench.entries = remotes(9);
    bench.answers.push(() => ({ kind: 'refused', hosts: [hostOf(3), hostOf(7)], reason: 'no' }));
    await bench.order();
    expect(bench.sent).toHaveLength(2);
    expect(bench.sent[1]?.hosts).toHaveLength(7);
    expect(bench.collected[0]?.message).toMatchObject({ refused: { [hostOf(3)]: 'no', [hostOf(7)]: 'no' } });
  });

  it('that every host is refused for leaves collect to say so at once', async () => {
    bench.entries = remotes(2);
    bench.answers.push(() => ({ kind: 'refused', hosts: [hostOf(0), hostOf(1)], reason: 'no' }));
    await bench.order();
    expect(bench.collected[0]).toMatchObject({ message: { commands: [] }, delaySeconds: 0 });
  });

  it('that may have been sent is looked for when nobody can be sending it any more', async () => {
    bench.entries = remotes(2);
    bench.answers.push(() => ({ kind: 'unknown', reason: 'socket hang up' }));
    await bench.order();
    const { message, delaySeconds } = bench.takeBack();
    expect(message).not.toHaveProperty('resume.sent');
    expect(delaySeconds).toBe((TIMEOUT + 15_000) / 1000);

    bench.now += 40_000;
    await bench.receive(message);
    expect(bench.searched).toEqual([]);
    expect(bench.takeBack().delaySeconds).toBe(35);

    bench.now += 35_000;
    bench.found = undefined;
    await bench.receive(message);
    expect(bench.takeBack()).toMatchObject({ message: { ratePerMinute: 30 }, delaySeconds: 2 });

    bench.found = [{ commandId: 'c-x', hosts: [hostOf(0)] }];
    await bench.receive(message);
    expect(bench.searched.at(-1)).toEqual({
      comment: commentOf(KEY),
      from: new Date(DUE - 60_000).toISOString(),
      to: new Date(DUE + 135_000).toISOString(),
    });
    expect(bench.sent.map(({ hosts }) => hosts)).toEqual([expect.any(Array), [hostOf(1)]]);
    expect(bench.collected[0]?.message).toMatchObject({
      commands: [{ commandId: 'c-x', hosts: [hostOf(0)] }, { hosts: [hostOf(1)] }],
    });
  });

  it('is not begun when there is too little time for its answer', async () => {
    bench.entries = remotes(2);
    await bench.order({}, 14_999);
    expect(bench.sent).toEqual([]);
    expect(bench.takeBack()).toMatchObject({ message: { resume: { claims: 1, sent: [] } }, delaySeconds: 0 });
    expect(bench.metered).not.toContain('throttled');
  });

  it('is sent by nobody when collect has its batch', async () => {
    bench.entries = remotes(2);
    await bench.order();
    const batch = await stored();
    if (!batch) throw new Error('there is no batch');
    await bench.ledger.record(batch, { look: 0, settled: {}, children: [], closed: false });
    bench.now += 120_000;
    bench.collected.length = 0;
    await bench.order();
    expect(bench.sent).toHaveLength(1);
    expect(bench.collected.map(({ message }) => message.kind)).toEqual(['shard-ended']);
  });

  it('is sent by one of two messages that know the same', async () => {
    bench.entries = remotes(2);
    bench.answers.push(() => ({ kind: 'throttled' }));
    await bench.order();
    const message = bench.takeBack().message;
    await bench.receive(message);
    await bench.receive(message);
    expect(bench.sent).toHaveLength(2);
    expect(bench.takeBack().delaySeconds).toBe(74);
  });
});
