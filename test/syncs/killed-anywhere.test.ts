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

describe('a firing that comes back', () => {
  it('is brought to its end although it is late by then and a younger slot has fired', async () => {
    const simulation = new Simulation({
      seed: 7,
      shards: 3,
      // Orders for all shards are sent, the function dies, and its message comes back six minutes later.
      fault: (call) => (call === 2 ? 'kill-before' : undefined),
    });
    const { fleet, registry } = simulation;
    fleet.add({ id: 'i-0000000a', remote: 'stores/one', role: 'primary' });
    registry.add('stores', { remoteName: 'one', hosts: ['i-0000000a'] });
    const hasty = { ...run, startWithinSeconds: 60 };
    const younger = { ...hasty, scheduledAt: new Date(START + 120_000).toISOString() };
    simulation.fire(hasty);
    simulation.fire(younger, 120_000);
    await simulation.time.runUntil(START + 24 * 3_600_000);
    expect(simulation.calls[2]).toBe('dispatch send to dispatch');
    expect(simulation.unfinished).toBe(0);
    for (const it of [hasty, younger]) {
      expect(outcomesOf(simulation, it).get('one')).toHaveLength(1);
      expect(simulation.announced.some(({ runId }) => runId.endsWith(it.scheduledAt))).toBe(true);
    }
  });
});

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
