import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOff, CALLS_PER_SECOND, eventLooksAMinute, lookEvery } from '../../lambda/track-primary/pace';
import { ASKED_AT_ONCE, groupsOf, type Listed } from '../../lambda/track-primary/rds-group';

/** The calls of the worst minute: one look of the watch before, then those of its own, and all that events may make. */
function callsAMinute(calls: number, perSecond: number): number {
  return calls * (60_000 / lookEvery(calls, perSecond) + 1) + eventLooksAMinute(calls, perSecond);
}

describe('the pace of looks', () => {
  it.each([
    [1, 10_000],
    [9, 10_000],
    [10, 10_949],
    [20, 26_786],
    [1_000, 60_000],
  ])('looks of %i calls are %i ms apart', (calls, every) => {
    expect(lookEvery(calls, CALLS_PER_SECOND)).toBe(every);
  });

  it('leaves to events what the watch does not need', () => {
    expect([1, 5, 9, 10].map((calls) => eventLooksAMinute(calls, CALLS_PER_SECOND))).toEqual([65, 37, 9, 7]);
  });

  it('never takes more than it may, as long as two looks a minute fit in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        (calls, perSecond) => {
          fc.pre(60 * perSecond >= (2 * calls) / 0.9);
          expect(callsAMinute(calls, perSecond)).toBeLessThanOrEqual(60 * perSecond);
          expect(lookEvery(calls, perSecond)).toBeGreaterThanOrEqual(10_000);
        },
      ),
    );
  });

  it('backs off twice as long each time, up to 30 s, and never looks sooner than it would otherwise', () => {
    const longest = [1, 2, 3, 50].map((refusals) => backOff(refusals, 10_000, 1));
    const shortest = [1, 2, 3, 50].map((refusals) => backOff(refusals, 10_000, 0));
    expect([longest, shortest]).toEqual([
      [20_000, 30_000, 30_000, 30_000],
      [10_000, 15_000, 15_000, 15_000],
    ]);
    expect(backOff(1, 25_000, 0)).toBe(25_000);
    expect(backOff(3, 40_000, 1)).toBe(40_000);
  });
});

describe('which questions name which databases', () => {
  it('each database is in one question, of its kind, with at most a hundred, and there is no question too many', () => {
    const kinds = fc.constantFrom<Listed['kind']>('rds-instance', 'rds-cluster');
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 350 }), (all) => {
        const databases = all.map((kind, index) => ({ listed: { kind, identifier: `db-${index}` } }));
        const groups = groupsOf(databases);
        expect(new Set(groups.flatMap(({ members }) => members))).toEqual(new Set(databases));
        expect(groups.flatMap(({ members }) => members)).toHaveLength(databases.length);
        for (const { kind, members } of groups) {
          expect(members.every(({ listed }) => listed.kind === kind)).toBe(true);
          expect(members.length).toBeLessThanOrEqual(ASKED_AT_ONCE);
        }
        const least = (kind: Listed['kind']) => Math.ceil(all.filter((it) => it === kind).length / ASKED_AT_ONCE);
        expect(groups).toHaveLength(least('rds-instance') + least('rds-cluster'));
      }),
    );
  });
});
