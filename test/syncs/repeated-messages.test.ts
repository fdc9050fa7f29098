import { describe, expect, it } from 'vitest';
import type { Run } from '../../lambda/records/sync-run';
import { expectPromisesKept, outcomesOf } from './promises';
import { Simulation, START } from './simulation';

const run: Run = {
  schedule: 'nightly',
  scheduledAt: new Date(START).toISOString(),
  groups: ['stores'],
  windowSeconds: 0,
  startWithinSeconds: 3_600,
  deadlineSeconds: 7_200,
  attempts: 3,
  timeLimitSeconds: 3_600,
};

/** Also those in which a sender tells himself to go on: two who go on with one batch would start its hosts twice. */
describe('messages that are all delivered twice', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('while Systems Manager throttles, seed %i', async (seed) => {
    const simulation = new Simulation({ seed, shards: 1, duplicates: 1, fleet: { throttle: 0.4, rateExceeded: 0 } });
    for (const name of ['one', 'two', 'three']) {
      const id = `i-${name.length}${seed.toString().padStart(7, '0')}`;
      simulation.fleet.add({ id: `${id}${name[0]}`, remote: `stores/${name}`, role: 'primary', syncSeconds: 90 });
      simulation.registry.add('stores', { remoteName: name, hosts: [`${id}${name[0]}`], profile: name });
    }
    simulation.fire(run);
    await simulation.time.runUntil(START + 24 * 3_600_000);
    expectPromisesKept(simulation, run);
    for (const [, ends] of outcomesOf(simulation, run)) expect(ends).toEqual(['synchronized']);
  });
});
