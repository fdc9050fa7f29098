import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../lambda/track-primary/core';
import { type Decide, keepsItsPromises } from './promises';
import { histories } from './rds-history';
import { WRONG_CORES } from './wrong-cores';

function property(core: Decide) {
  return fc.property(histories, (history) => keepsItsPromises(core, history));
}

describe('any history of an RDS instance or cluster, its signals lost, repeated, reordered, late, its API without answers', () => {
  // A history that fails is shrunk, and its error is a timeline; the whole of it as JSON would fill the screen.
  it('one change of primary is one epoch, and the record is true whenever the API answers: 100 000 histories', () => {
    const { failed, seed, counterexamplePath, errorInstance } = fc.check(property(decide), { numRuns: 100_000 });
    const how = `seed ${seed}, path ${counterexamplePath}`;
    expect(failed ? `${how}: ${String(errorInstance)}` : '').toBe('');
  }, 900_000);

  it('a history that fails is told as a timeline', () => {
    const [, core] = WRONG_CORES.find(([name]) => name === 'counts addresses') ?? [];
    const { errorInstance } = fc.check(property(core ?? decide), { numRuns: 2_000, seed: 1 });
    const [promise, of, ...lines] = String((errorInstance as Error).message).split('\n');
    expect(promise).toBe('an epoch is one member');
    expect(of).toMatch(/^an RDS (instance|cluster)$/);
    for (const line of lines) expect(line).toMatch(/^ *\+\d+\.\d s /);
    expect(lines.some((line) => / (failover|switch-over) begins$/.test(line))).toBe(true);
    expect(lines.length).toBeLessThan(30);
  });

  it.each(WRONG_CORES)('a core that %s is caught', (_name, core) => {
    expect(fc.check(property(core), { numRuns: 2_000, endOnFailure: true }).failed).toBe(true);
  });
});
