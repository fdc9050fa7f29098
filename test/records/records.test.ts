import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromItem, toItem } from '../../lambda/records/item';
import { groupShard, jitterOf, positionOf, shardOf } from '../../lambda/records/names';
import { LONGEST_DELAY_SECONDS, nextLookSeconds } from '../../lambda/records/next-look';
import { commentOf } from '../../lambda/records/sync-batch';
import { expiryOf } from '../../lambda/records/sync-run';
import { isThrottle } from '../../lambda/records/throttle';
import { KEY, NINE, RUN } from './round-fixture';

describe('a name', () => {
  // printf %s NAME | sha256sum
  it.each([
    ['store-1', 'cd9eb030', 'bab0cbb7'],
    ['A', '559aead0', '8264d579'],
    ['x'.repeat(128), '24da1b81', 'd0b16df6'],
  ])('%s has the shard and the place of its digest', (name, first, second) => {
    for (const shards of [1, 2, 7, 64]) expect(shardOf(name, shards)).toBe(Number.parseInt(first, 16) % shards);
    expect(jitterOf(name)).toBe(Number.parseInt(second, 16) / 2 ** 32);
    expect(positionOf(name)).toBe(`${second} ${name}`);
  });

  it('stands where its jitter is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(jitterOf(one)).toBeGreaterThanOrEqual(0);
        expect(jitterOf(one)).toBeLessThan(1);
        if (jitterOf(one) < jitterOf(other)) expect(positionOf(one) < positionOf(other)).toBe(true);
        expect(positionOf(one) === positionOf(other)).toBe(one === other);
      }),
      { seed: 20261123 },
    );
  });

  it('of a group and a shard is the key of the registry', () => {
    expect(groupShard('stores', 12)).toBe('stores#12');
  });
});

describe('an item', () => {
  const values = fc.letrec<{ value: unknown; record: Record<string, unknown> }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => (it === 0 ? 0 : it)),
      fc.boolean(),
      fc.array(tie('value'), { maxLength: 4 }),
      tie('record'),
    ),
    record: fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  }));

  it('comes back as it was', () => {
    fc.assert(
      fc.property(values.record, (record) => {
        expect(fromItem(JSON.parse(JSON.stringify(toItem(record))))).toEqual(record);
      }),
      { seed: 20261123 },
    );
  });

  it('leaves out what is undefined, sorts sets, and refuses what no record holds', () => {
    expect(toItem({ one: undefined, two: 2, three: new Set(['b', 'a']) })).toEqual({
      two: { N: '2' },
      three: { SS: ['b', 'a'] },
    });
    expect(fromItem({ three: { SS: ['b', 'a'] } })).toEqual({ three: ['a', 'b'] });
    expect(fromItem({ nothing: { NULL: true } })).toEqual({ nothing: undefined });
    expect(() => toItem({ one: { two: null } })).toThrow('a record cannot hold null');
  });
});

describe('the comment of a batch', () => {
  it('is the digest of its key, and fits', () => {
    // printf 'nightly@2026-01-05T09:00:00.000Z\nstores\n0\n0' | sha256sum
    expect(commentOf(KEY)).toBe('mobilink-ha 70cdf25530be1e0f5a64c9b090f0ef85');
    expect(commentOf(KEY).length).toBeLessThanOrEqual(100);
  });

  it('is that of no other batch', () => {
    const keys = [
      KEY,
      { ...KEY, batch: '1' },
      { ...KEY, batch: '0.1' },
      { ...KEY, shard: 1 },
      { ...KEY, group: 'stores2' },
      { ...KEY, runId: `${KEY.runId}x` },
      { ...KEY, shard: 10, batch: '' },
    ];
    expect(new Set(keys.map(commentOf)).size).toBe(keys.length);
  });
});

describe('the pauses between looks', () => {
  it('double until no queue could hold a message longer', () => {
    expect([0, 1, 2, 3, 4, 5, 1_000].map(nextLookSeconds)).toEqual([90, 180, 360, 720, 900, 900, 900]);
    expect(LONGEST_DELAY_SECONDS).toBe(900);
  });
});

describe('the records of a run', () => {
  it('are kept for a fortnight after its deadline', () => {
    expect(expiryOf(RUN)).toBe(NINE / 1000 + 3_600 + 14 * 86_400);
  });
});

describe('a throttle', () => {
  const named = (name: string, message = '') => Object.assign(new Error(message), { name });
  it.each<[unknown, boolean]>([
    [named('ThrottlingException'), true],
    [named('Throttling'), true],
    [named('TooManyRequestsException'), true],
    [named('RequestLimitExceeded'), true],
    [named('ProvisionedThroughputExceededException'), true],
    [named('Error', 'Rate exceeded'), true],
    [named('Error', 'the rate exceeded the limit'), true],
    [named('Error', 'rates exceeded'), false],
    [named('AccessDeniedException', 'no'), false],
    ['Rate exceeded', false],
    [undefined, false],
  ])('%s: %s', (error, expected) => {
    expect(isThrottle(error)).toBe(expected);
  });
});
