import { describe, expect, it } from 'vitest';
import type { Run } from '../../lambda/records/sync-run';
import { expectPromisesKept, outcomesOf } from './promises';
import { type Fault, Simulation, START } from './simulation';

const run: Run = {
  schedule: 'nightly',
  scheduledAt: new Date(START).toISOString(),
  groups: ['stores'],
  windowSeconds: 20,
  startWithinSeconds: 3_600,
  deadlineSeconds: 12 * 3_600,
  attempts: 3,
  timeLimitSeconds: 3_600,
};

/** A short run with everything in it: a pair whose known primary is none, a single host that is away for a while, a paused one. */
async function rehearse(fault?: (call: number) => Fault | undefined): Promise<Simulation> {
  const simulation = new Simulation({ seed: 7, shards: 1, fault });
  const { fleet, registry } = simulation;
  fleet.add({ id: 'i-0000000a', remote: 'stores/pair', role: 'mirror' });
  fleet.add({ id: 'i-0000000b', remote: 'stores/pair', role: 'primary' });
  registry.add('stores', { remoteName: 'pair', hosts: ['i-0000000a', 'i-0000000b'], primaryHost: 'i-0000000a' });
  fleet.add({ id: 'i-0000000c', remote: 'stores/single', role: 'primary' });
  registry.add('stores', { remoteName: 'single', hosts: ['i-0000000c'] });
  fleet.add({ id: 'i-0000000d', remote: 'stores/unknown', role: 'primary', unknown: true });
  fleet.add({ id: 'i-0000000e', remote: 'stores/unknown', role: 'primary' });
  registry.add('stores', { remoteName: 'unknown', hosts: ['i-0000000d', 'i-0000000e'] });
  registry.add('stores', { remoteName: 'paused', hosts: ['i-0000000f'], paused: true });
  simulation.fire(run);
  await simulation.time.runUntil(START + 24 * 3_600_000);
  return simulation;
}

describe('a function that is killed, or hears no answer, at any one of its calls', () => {
  it.each<Fault>(['kill-before', 'kill-after', 'lost', 'repeated', 'failed'])('%s', async (fault) => {
    const usual = await rehearse();
    expectPromisesKept(usual, run);
    expect(usual.calls.length).toBeGreaterThan(30);
    for (let at = 0; at < usual.calls.length; at++) {
      const simulation = await rehearse((call) => (call === at ? fault : undefined));
      try {
        expectPromisesKept(simulation, run);
        expect(simulation.deadLetters).toEqual([]);
        const outcomes = Object.fromEntries(outcomesOf(simulation, run));
        expect(outcomes).toEqual({
          pair: ['synchronized'],
          single: ['synchronized'],
          unknown: ['synchronized'],
          paused: ['paused'],
        });
      } catch (error) {
        throw new Error(`${fault} at call ${at}, ${usual.calls[at]}: ${String(error)}`, { cause: error });
      }
    }
  });
});
