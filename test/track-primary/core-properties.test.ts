import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../lambda/track-primary/core';
import { type Decide, keepsItsPromises } from './promises';
import { histories } from './rds-history';
import { WRONG_CORES } from './wrong-cores';

function property(core: Decide) {
  return fc.property(histories, (history) => keepsItsPromises(core, history));
}

describe('any history of an RDS instance, its signals lost, repeated, reordered, late, its API without answers', () => {
  it('one failover is one epoch, and the record is true whenever the API answers', () => {
    fc.assert(property(decide), { numRuns: 2_000 });
  });

  it.each(WRONG_CORES)('a core that %s is caught', (_name, core) => {
    expect(fc.check(property(core), { numRuns: 2_000, endOnFailure: true }).failed).toBe(true);
  });
});
