import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectPromisesKept, outcomesOf } from './promises';
import { play, rounds, runOf } from './random-round';

/** More of them: `SYNC_ROUNDS=20000 npx vitest run test/syncs`, as `npm run soak` does. */
const ROUNDS = Number(process.env.SYNC_ROUNDS ?? 400);

describe('a round, whatever goes wrong', () => {
  it('ends each remote in exactly one outcome, and starts no host twice at once', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (round) => {
        const simulation = await play(round);
        expectPromisesKept(simulation, runOf(round));
      }),
      { numRuns: ROUNDS },
    );
  }, 600_000);

  it('is seen to break its promises by a dispatcher that forgets the pauses of groups', async () => {
    const property = fc.asyncProperty(rounds, async (round) => {
      expectPromisesKept(await play(round, { forgetsPauses: true }), runOf(round));
    });
    const { failed, counterexample } = await fc.check(property, { numRuns: ROUNDS, endOnFailure: true });
    expect(failed).toBe(true);
    const paused = counterexample?.[0].pauses.filter(
      ({ remoteName, paused }) => paused && /^(stores|[*])$/.test(remoteName),
    );
    expect(paused).not.toEqual([]);
  }, 600_000);

  it('synchronizes every remote when nothing does', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (round) => {
        const calm = {
          ...round,
          offline: 0,
          strange: 0,
          failing: 0,
          slow: 0,
          paused: 0,
          pauses: [],
          moving: 0,
          failover: undefined,
        };
        const quiet = { ...calm, deadlineMinutes: 120, attempts: 3, throttle: 0, rateExceeded: 0, faults: 0 };
        const simulation = await play(quiet);
        expectPromisesKept(simulation, runOf(quiet));
        for (const [name, ends] of outcomesOf(simulation, runOf(quiet))) expect(ends, name).toEqual(['synchronized']);
      }),
      { numRuns: ROUNDS / 4 },
    );
  }, 600_000);
});
