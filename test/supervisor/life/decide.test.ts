import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../image/supervisor/life/decide';
import { LAWS } from './laws';
import { plans } from './plan';
import { WRONG_CORES } from './wrong-cores';

const RUNS = Number(process.env.LIFE_RUNS ?? 300);

describe('whatever happens, the supervisor', () => {
  test.each(Object.entries(LAWS))('%s', (_, law) => {
    fc.assert(
      fc.property(plans, (plan) => {
        expect(law(plan, decide)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the laws find a supervisor that', () => {
  test.each(WRONG_CORES)('$what', ({ law, decide: wrong }) => {
    const check = LAWS[law];
    if (check === undefined) throw new Error(`There is no law "${law}"`);
    const found = fc.check(
      fc.property(plans, (plan) => check(plan, wrong).length === 0),
      // Ends with the first that is found; some need a rare one.
      { numRuns: 10_000, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});
