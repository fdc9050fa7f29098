import type { ProbeResult } from '../probe-result';
import { codeOf, stopped } from './after-end';
import type { Decision } from './decision';
import type { Ending } from './observation';
import type { State } from './state';
import type { Timing } from './timing';

/** A server has ended by itself, and the first probe after that is there: with a database that serves it was a crash. */
export function afterVerdictOnEnd(
  state: State,
  { at, ending }: { readonly at: number; readonly ending: Ending },
  result: ProbeResult,
  now: number,
  timing: Timing,
): Decision {
  if (result.kind !== 'serving') {
    return { state: { ...state, crashesInRow: 0, server: { kind: 'down', notBefore: now } }, effects: [] };
  }
  const crashes = [...state.crashes.filter((it) => at - it < timing.crashWindow), at];
  const crashesInRow = state.crashesInRow + 1;
  const code = codeOf(ending);
  if (crashes.length >= timing.crashMost) {
    return stopped({ ...state, crashes }, { event: 'stopped', why: 'crash loop', ...ending }, code);
  }
  const backoff = Math.min(timing.backoffMost, timing.backoffFirst * 2 ** (crashesInRow - 1));
  return {
    state: { ...state, crashes, crashesInRow, server: { kind: 'down', notBefore: at + backoff } },
    effects: [{ kind: 'say', saying: { event: 'crashed', ...ending, backoffMillis: backoff } }],
  };
}
