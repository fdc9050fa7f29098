import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../lambda/track-primary/core';
import { loneClaim } from '../../lambda/track-primary/decide-pair';
import { type History, pairHistories } from './pair-history';
import { FIRST, OTHER } from './pair-lines';
import { keepsItsPairPromises, type Remember } from './pair-promises';
import type { Decide } from './promises';
import { WRONG_PAIR_CORES } from './wrong-pair-cores';

const RUNS = 2_000;

function property(core: Decide, remember: Remember = loneClaim, change: (it: History) => History = (it) => it) {
  return fc.property(pairHistories, (history) => keepsItsPairPromises(core, remember, change(history)));
}

const isCaught = (tried: ReturnType<typeof property>) =>
  expect(fc.check(tried, { numRuns: RUNS, endOnFailure: true }).failed).toBe(true);

describe('any history of a mirrored pair: roles, cut links, both claiming, answers lost, late, of another server, a mirror without HTTP', () => {
  it('who is published was primary by its own word under the rules, and the record is true once the truth can be seen', () => {
    fc.assert(property(decide), { numRuns: RUNS });
  });

  it.each(WRONG_PAIR_CORES)('a core that %s is caught', (_name, core) => isCaught(property(core)));

  it('an adapter that takes the first lone claim for a second look is caught', () => {
    isCaught(
      property(decide, (seen) => {
        const claim = loneClaim({ ...seen, candidate: undefined });
        return claim && { ...claim, seenAt: new Date(seen.at - 10_000).toISOString() };
      }),
    );
  });

  it('an adapter that does not look at the name of the server is caught', () => {
    isCaught(property(decide, loneClaim, anyServer));
  });
});

/** As if the answer of either server were that of the one whose address was asked. */
function anyServer(history: History): History {
  const looks = history.looks.map((look) => {
    const partners = look.observation.partners.map((partner, index) => {
      const role = look.texts[index]?.match(new RegExp(`server=(?:${FIRST}|${OTHER});role=(\\w+)`))?.[1];
      const links = { state: 'synchronized', partner: 'connected', arbiter: 'connected', mode: 'synchronous' };
      return role ? { ...partner, answer: { role, ...links, clockSkew: 0 } } : partner;
    });
    return { ...look, observation: { ...look.observation, partners } };
  });
  return { ...history, looks };
}
