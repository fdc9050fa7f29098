import { expect } from 'vitest';
import { isPaused } from '../../lambda/records/pauses';
import { type Run, runIdOf } from '../../lambda/records/sync-run';
import type { Simulation } from './simulation';

/** The outcome of each remote of a run, as the ledger holds it; more than one would be an error of the functions. */
export function outcomesOf(simulation: Simulation, run: Run): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const batch of simulation.table.batches.values()) {
    if (batch.runId !== runIdOf(run)) continue;
    for (const [name, { outcome }] of Object.entries(batch.settled))
      found.set(name, [...(found.get(name) ?? []), outcome]);
  }
  return found;
}

/** What holds of every run, whatever went wrong meanwhile. */
export function expectPromisesKept(simulation: Simulation, run: Run): void {
  const { fleet, registry, announced } = simulation;
  const runId = runIdOf(run);
  expect(fleet.violations).toEqual([]);
  expect(simulation.unfinished).toBe(0);

  const outcomes = outcomesOf(simulation, run);
  expect([...outcomes.keys()].sort()).toEqual([...registry.remotes.keys()].sort());
  for (const [name, ends] of outcomes) {
    expect(ends, `the outcomes of ${name}`).toHaveLength(1);
    expect(registry.remotes.get(name)?.lastRunId, name).toBe(runId);
    expect(registry.remotes.get(name)?.lastOutcome, name).toBe(ends[0]);
    const did = fleet.synchronized.filter((it) => it === `${runId} stores/${name}`);
    expect(did.length, `syncs of ${name}`).toBeLessThanOrEqual(1);
    if (ends[0] === 'synchronized') expect(did, name).toHaveLength(1);
    // Each round's pauses are there before it begins, and stay.
    const paused = registry.remotes.get(name)?.paused || isPaused('stores', registry.pauses);
    expect(ends[0] === 'paused', `whether ${name} was paused`).toBe(paused);
  }
  if (isPaused('stores', registry.pauses)) expect(fleet.commands).toEqual([]);

  const told = announced.filter((it) => it.runId === runId);
  expect(told.length).toBeGreaterThanOrEqual(1);
  for (const { counts } of told) {
    const { remotes, ordered: _, ...each } = counts;
    expect(remotes).toBe(registry.remotes.size);
    expect(Object.values(each).reduce((one, other) => one + other, 0)).toBe(remotes);
  }
}
