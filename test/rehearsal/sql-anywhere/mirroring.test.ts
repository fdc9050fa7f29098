import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEntry, LogPoint } from '../../../rehearsal/sql-anywhere/mirroring/messages';
import { LIVENESS, NAMES, type Name, SimulatedPair } from './simulated-pair';

const PAIRS = [
  ['first', 'second'],
  ['first', 'arbiter'],
  ['second', 'arbiter'],
] as const;

/** What happens to a pair. Numbers choose among what is there. */
const name = fc.constantFrom(...NAMES);
const pairOf = fc.constantFrom(...PAIRS);
const how = fc.constantFrom('reset' as const, 'hole' as const);

function does<Kind extends string, Rest extends object>(weight: number, kind: Kind, rest: fc.Arbitrary<Rest>) {
  return { weight, arbitrary: rest.map((it) => ({ do: kind, ...it })) };
}

const step = fc.oneof(
  does(3, 'deliver', fc.record({ index: fc.nat(30) })),
  does(1, 'repeat', fc.record({ index: fc.nat(30) })),
  does(1, 'drop', fc.record({ index: fc.nat(30) })),
  does(5, 'write', fc.record({ name })),
  does(1, 'tick', fc.record({ name })),
  does(1, 'wait', fc.record({ time: fc.nat(2 * LIVENESS) })),
  does(8, 'exchange', fc.record({ pair: pairOf, rounds: fc.integer({ min: 1, max: 3 }) })),
  does(3, 'settle', fc.record({ rounds: fc.constantFrom(1, 2, 5, 25) })),
  does(3, 'cut', fc.record({ pair: pairOf, how })),
  does(3, 'restore', fc.record({ pair: pairOf })),
  does(2, 'kill', fc.record({ name })),
  does(3, 'start', fc.record({ name })),
  does(2, 'fail-over', fc.record({ name })),
  does(1, 'checkpoint', fc.record({ name })),
  does(1, 'copy', fc.record({})),
  does(1, 'replace', fc.record({ partner: fc.constantFrom('first' as const, 'second' as const) })),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function apply(pair: SimulatedPair, it: Step, copies: (readonly LogEntry[] | undefined)[]): void {
  switch (it.do) {
    case 'deliver':
      pair.deliver(it.index);
      break;
    case 'repeat':
      pair.deliver(it.index, true);
      break;
    case 'drop':
      pair.drop(it.index);
      break;
    case 'write':
      pair.write(it.name);
      break;
    case 'tick':
      pair.connect();
      pair.tick(it.name);
      break;
    case 'wait':
      pair.now += it.time;
      break;
    case 'exchange':
      pair.exchange(it.pair[0], it.pair[1], it.rounds);
      break;
    case 'settle':
      pair.settle(it.rounds);
      break;
    case 'cut':
      pair.cut(it.pair[0], it.pair[1], it.how);
      break;
    case 'restore':
      pair.restore(it.pair[0], it.pair[1]);
      break;
    case 'kill':
      pair.kill(it.name);
      break;
    case 'start':
      pair.start(it.name);
      break;
    case 'fail-over':
      pair.failOver(it.name);
      break;
    case 'copy':
      copies.push(pair.copy());
      break;
    case 'replace': {
      const copy = copies.at(-1);
      // Whoever is primary has the only data that is sure.
      if (copy && pair.primaries.length > 0 && !pair.primaries.includes(it.partner)) pair.replace(it.partner, copy);
      break;
    }
    case 'checkpoint':
      pair.checkpoint(it.name);
      break;
  }
}

/** Long enough for every time-out to expire, twice. */
const LONG = 4 * LIVENESS;

function born(): SimulatedPair {
  const pair = new SimulatedPair();
  pair.settle(LONG);
  return pair;
}

describe('the rules of mirroring', () => {
  it('lose nothing that was acknowledged, whatever the network does and whoever is killed, and heal', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.array(step, { maxLength: 120 }), (defined, lingers, steps) => {
        const pair = new SimulatedPair({ lingers: lingers ? LIVENESS : 0, lonelyMirrorWaits: lingers });
        if (defined) pair.begin('first');
        pair.settle(LIVENESS);
        const copies: (readonly LogEntry[] | undefined)[] = [];
        for (const it of steps) apply(pair, it, copies);
        pair.heal();
        pair.settle(LONG);
        const [primary, ...more] = pair.primaries;
        expect(more).toEqual([]);
        if (!primary) throw new Error('nobody is primary');
        pair.checkNothingIsLost(primary);
        pair.write(primary);
        pair.settle(LONG);
        expect(pair.acknowledged.at(-1)).toMatchObject({ by: primary });
        expect(pair.valuesOf('first')).toEqual(pair.valuesOf('second'));
        expect(pair.partner(primary)?.state).toBe('synchronized');
      }),
      { numRuns: Number(process.env.MIRRORING_RUNS ?? 400) },
    );
  });

  it('let the lower server name be primary at the first start, once both partners are there', () => {
    const pair = new SimulatedPair();
    pair.kill('second');
    pair.settle(LONG);
    expect(pair.primaries).toEqual([]);
    pair.start('second');
    pair.settle(LONG);
    expect(pair.primaries).toEqual(['first']);
  });

  it('let two partners begin without an arbiter', () => {
    const pair = new SimulatedPair();
    pair.kill('arbiter');
    pair.settle(LONG);
    expect(pair.primaries).toEqual(['first']);
  });

  it.each([
    ['first', 'second'],
    ['second', 'first'],
  ] as const)('let the mirror take over when %s is gone, and take %s as it comes back', (primary, mirror) => {
    const pair = born();
    if (primary === 'second') {
      expect(pair.failOver('first')).toBeUndefined();
      pair.settle(LONG);
    }
    expect(pair.primaries).toEqual([primary]);
    pair.write(primary);
    pair.settle(2);
    pair.kill(primary);
    pair.settle(LONG);
    expect(pair.primaries).toEqual([mirror]);
    pair.write(mirror);
    pair.settle(2);
    pair.start(primary);
    pair.settle(LONG);
    expect(pair.primaries).toEqual([mirror]);
    expect(pair.valuesOf(primary)).toEqual(['value 1', 'value 2']);
    expect(pair.partner(primary)?.role).toBe('mirror');
  });

  it('let a mirror that was not synchronized never take over', () => {
    const pair = born();
    pair.cut('first', 'second', 'reset');
    pair.settle(LONG);
    pair.write('first');
    pair.settle(2);
    expect(pair.acknowledged).toHaveLength(1);
    pair.kill('first');
    pair.restore('first', 'second');
    pair.settle(LONG);
    expect(pair.primaries).toEqual([]);
    pair.start('first');
    pair.settle(LONG);
    expect(pair.primaries).toEqual(['first']);
  });

  it.each(['reset', 'hole'] as const)('let one cut link (%s) move nothing', (how) => {
    for (const [one, other] of PAIRS) {
      const pair = born();
      pair.cut(one, other, how);
      pair.settle(LONG);
      expect(pair.primaries).toEqual(['first']);
      pair.write('first');
      pair.settle(2);
      expect(pair.acknowledged).toHaveLength(1);
      expect(pair.disks.arbiter.stored?.sequence).toBe(1);
    }
  });

  it.each(['reset', 'hole'] as const)(
    'let a primary that is cut off (%s) acknowledge nothing, and come back as mirror',
    (how) => {
      const pair = born();
      pair.cut('first', 'second', how);
      pair.cut('first', 'arbiter', how);
      pair.write('first');
      pair.settle(LIVENESS - 1);
      expect(pair.acknowledged).toEqual([]);
      expect(pair.partner('first')?.role).toBe(how === 'hole' ? 'primary' : 'waiting');
      pair.settle(LONG);
      expect(pair.primaries).toEqual(['second']);
      pair.write('second');
      pair.settle(2);
      pair.heal();
      pair.settle(LONG);
      expect(pair.primaries).toEqual(['second']);
      expect(pair.valuesOf('first')).toEqual(['value 2']);
    },
  );

  it('let a planned failover that meets a cut link end with the old primary or the new one, not with both or none', () => {
    const pair = born();
    expect(pair.failOver('first')).toBeUndefined();
    pair.cut('first', 'second', 'reset');
    pair.settle(LONG);
    expect(pair.primaries).toHaveLength(1);
  });

  it('refuse a planned failover while the mirror is not synchronized', () => {
    const pair = born();
    pair.cut('first', 'second', 'reset');
    expect(pair.failOver('first')).toBe('the mirror is not synchronized');
    expect(pair.failOver('second')).toBe('the server is not the primary');
  });

  it('let nobody be primary without another server', () => {
    for (const lonely of NAMES as readonly Name[]) {
      const pair = born();
      for (const other of NAMES) if (other !== lonely) pair.kill(other);
      pair.settle(LONG);
      expect(pair.primaries).toEqual([]);
    }
  });

  it('let all three come back after a power cut, with everything', () => {
    const pair = born();
    for (let count = 0; count < 100; count++) pair.write('first');
    pair.settle(4);
    for (const name of NAMES) pair.kill(name);
    pair.heal();
    pair.settle(LONG);
    expect(pair.primaries).toHaveLength(1);
    expect(pair.acknowledged).toHaveLength(100);
    pair.checkNothingIsLost(pair.primaries[0] ?? 'arbiter');
  });

  it('do not let an arbiter go back to what a primary said before', () => {
    const pair = born();
    pair.cut('first', 'second', 'reset');
    pair.settle(2);
    pair.restore('first', 'second');
    pair.exchange('first', 'second', 3);
    const synchronized = pair.hold('first', 'arbiter', 'record');
    pair.cut('first', 'second', 'reset');
    pair.exchange('first', 'arbiter', 2);
    pair.write('first');
    expect(pair.acknowledged).toHaveLength(1);
    pair.arrive(synchronized);
    pair.kill('first');
    pair.settle(LONG);
    expect(pair.primaries).toEqual([]);
  });

  it('do not let an old primary that meets the arbiter again acknowledge anything', () => {
    const pair = new SimulatedPair({ lingers: 10 * LIVENESS });
    pair.settle(LONG);
    pair.cut('first', 'second', 'hole');
    pair.cut('first', 'arbiter', 'hole');
    pair.settle(2 * LIVENESS);
    expect(pair.primaries).toEqual(['first', 'second']);
    pair.write('first');
    pair.restore('first', 'arbiter');
    pair.connect();
    for (let round = 0; round < 3; round++) {
      pair.tick('first');
      // Nothing else tells it before.
      pair.hold('arbiter', 'first', 'status');
      pair.arrive(pair.hold('first', 'arbiter', 'record'));
      pair.arrive(pair.hold('arbiter', 'first', 'recorded'));
    }
    expect(pair.acknowledged).toEqual([]);
    expect(pair.primaries).toEqual(['second']);
  });

  it('do not let a new copy that has not caught up take over, though the arbiter thinks that it is synchronized', () => {
    const pair = born();
    const copy = pair.copy() ?? [];
    pair.cut('first', 'arbiter', 'reset');
    pair.cut('second', 'arbiter', 'reset');
    for (let count = 0; count < 100; count++) pair.write('first');
    pair.settle(5);
    expect(pair.acknowledged).toHaveLength(100);
    pair.replace('second', copy);
    const entries = () => pair.disks.second.entries.length;
    while (entries() === 0) {
      pair.connect();
      pair.tick('first');
      pair.tick('second');
      for (let count = pair.flying.length; count > 0 && entries() === 0; count--) pair.deliver(0);
    }
    expect(entries()).toBeLessThan(100);
    pair.kill('first');
    pair.heal();
    pair.kill('first');
    pair.settle(LONG);
    expect(pair.disks.arbiter.stored?.state).toBe('synchronized');
    expect(pair.primaries).toEqual([]);
  });

  it('let no partner agree to a shorter log, and none to two servers under one sequence', () => {
    const pair = born();
    pair.write('first');
    pair.settle(2);
    pair.kill('first');
    pair.kill('arbiter');
    pair.start('first');
    pair.connect();
    const answer = (sequence: number, last: LogPoint) => {
      const database = 'one';
      const message = { kind: 'stand', sequence, nonce: 'asked', last, database, state: 'synchronized' } as const;
      pair.arrive([{ from: 'second', to: 'first', message }]);
      return pair.hold('first', 'second', 'answer').at(-1)?.message;
    };
    const complete = pair.disks.first.last();
    expect(answer(9, { position: 0, sequence: 0 })).toMatchObject({ agreed: false });
    expect(answer(complete.sequence, complete)).toMatchObject({ agreed: false });
    expect(answer(9, complete)).toMatchObject({ agreed: true });
    expect(answer(9, complete)).toMatchObject({ agreed: false });
  });

  it('let no arbiter agree twice under one sequence', () => {
    const pair = born();
    pair.kill('first');
    const message = {
      kind: 'stand',
      sequence: pair.disks.arbiter.stored?.sequence ?? 0,
      nonce: 'asked',
      last: { position: 0, sequence: 0 },
      database: 'one',
      state: 'synchronized',
    } as const;
    pair.hold('arbiter', 'second', 'answer');
    pair.arrive([{ from: 'second', to: 'arbiter', message }]);
    expect(pair.hold('arbiter', 'second', 'answer').at(-1)?.message).toMatchObject({ agreed: false });
  });

  it('do not count what a mirror wrote that is not there any more', () => {
    const pair = born();
    pair.cut('first', 'second', 'hole');
    pair.write('first');
    const written = { kind: 'written', sequence: 1, incarnation: 'another', matched: true, position: 1 } as const;
    pair.arrive([{ from: 'second', to: 'first', message: written }]);
    expect(pair.acknowledged).toEqual([]);
  });

  it('let a mirror that may lag behind take over only if somebody wants that, and end the old primary', () => {
    for (const autoFailover of [false, true]) {
      const pair = new SimulatedPair({ mode: 'asynchronous', autoFailover });
      pair.settle(LONG);
      pair.cut('first', 'second', 'hole');
      pair.cut('first', 'arbiter', 'hole');
      pair.write('first');
      expect(pair.acknowledged).toHaveLength(1);
      pair.kill('first');
      pair.settle(LONG);
      expect(pair.primaries).toEqual(autoFailover ? ['second'] : []);
      if (!autoFailover) continue;
      pair.write('second');
      expect(() => {
        pair.heal();
        pair.settle(LONG);
      }).toThrow('first: its log holds transactions that the new primary never had');
    }
  });

  it('do not take an old confirmation of the arbiter for one of what it was told last', () => {
    const pair = new SimulatedPair();
    pair.begin('first');
    pair.connect();
    pair.tick('first');
    for (const record of pair.hold('first', 'arbiter', 'record')) pair.arrive([record]);
    const late = pair.hold('arbiter', 'first', 'recorded');
    pair.exchange('first', 'second', 4);
    pair.exchange('first', 'arbiter', 2);
    expect(pair.disks.arbiter.stored?.state).toBe('synchronized');
    pair.cut('first', 'second', 'reset');
    pair.arrive(late);
    pair.write('first');
    expect(late).not.toEqual([]);
    expect(pair.acknowledged).toEqual([]);
  });

  it('do not let a primary by its partner alone commit alone, while the arbiter knows nothing of it', () => {
    const pair = born();
    pair.cut('first', 'arbiter', 'reset');
    pair.cut('second', 'arbiter', 'reset');
    expect(pair.failOver('first')).toBeUndefined();
    while (pair.partner('second')?.role !== 'primary') pair.deliver(0);
    pair.cut('first', 'second', 'hole');
    pair.write('second');
    expect(pair.acknowledged).toEqual([]);
    pair.kill('second');
    pair.restore('first', 'arbiter');
    pair.settle(LONG);
    expect(pair.primaries).toEqual(['first']);
  });

  it('do not take a replaced mirror for the one that it replaces', () => {
    const pair = born();
    const copy = pair.copy() ?? [];
    pair.write('first');
    pair.settle(2);
    pair.cut('second', 'arbiter', 'reset');
    pair.cut('first', 'arbiter', 'reset');
    const written = () => pair.hold('second', 'first', 'written');
    pair.write('first');
    pair.deliver(0);
    pair.deliver(0);
    const late = written();
    pair.replace('second', copy);
    pair.connect();
    pair.arrive(late);
    expect(pair.partner('first')?.state).toBe('synchronizing');
  });
});
