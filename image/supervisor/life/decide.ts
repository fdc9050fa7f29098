import { afterEnd } from './after-end';
import { afterProbe } from './after-probe';
import { afterMissingProvision, afterProvision, afterSecret } from './after-secret';
import { afterConnectionError, afterStart, whenListening } from './after-start';
import type { Decision } from './decision';
import { dueSteps } from './due';
import type { Observation } from './observation';
import type { State } from './state';
import { TIMING, type Timing } from './timing';

/**
 * The decisions of the supervisor, pure: (state, observation, now, chance) -> (state, effects). First what the observation means, then
 * what is due because of it or because of the time.
 *
 * @param now milliseconds of a clock that is never set back.
 * @param chance at least 0 and less than 1, another for each decision.
 */
export function decide(
  state: State,
  observation: Observation,
  now: number,
  chance: number,
  timing: Timing = TIMING,
): Decision {
  if (state.isOver) return { state, effects: [] };
  const seen = take(state, observation, now, chance, timing);
  const due = dueSteps(seen.state, now, timing);
  return { state: due.state, effects: [...seen.effects, ...due.effects] };
}

function take(state: State, observation: Observation, now: number, chance: number, timing: Timing): Decision {
  switch (observation.kind) {
    case 'tick':
      return { state, effects: [] };
    case 'probed':
      return afterProbe(state, observation, now, chance, timing);
    case 'provisioned':
      return afterProvision(state, observation.version, now, chance, timing);
    case 'not-provisioned':
      return afterMissingProvision(state, observation.detail, now, timing);
    case 'started':
      return afterStart(state, observation, now, timing);
    case 'listening':
      return whenListening(state, now);
    case 'connection-error':
      return afterConnectionError(state, now, timing);
    case 'ended':
      return afterEnd(state, observation.ending, now, timing);
    case 'mlstop-failed':
      return afterMlstop(state, observation.detail, now, timing);
    case 'secret-seen':
      return afterSecret(state, observation.version, now, chance, timing);
    case 'secret-unseen':
      return { state: { ...state, secret: { ...state.secret, isLooking: false } }, effects: [] };
    case 'terminate':
      return terminate(state, observation.signal);
  }
}

/** A second signal changes nothing. */
function terminate(state: State, signal: string): Decision {
  if (state.isTerminating) return { state, effects: [] };
  return {
    state: { ...state, isTerminating: true },
    effects: [{ kind: 'say', saying: { event: 'stopping', signal } }],
  };
}

function afterMlstop(state: State, detail: string, now: number, timing: Timing): Decision {
  const { server } = state;
  if (server.kind !== 'leaving') return { state, effects: [] };
  const again = server.timing.grace === undefined ? undefined : now + timing.mlstopAgain;
  return {
    state: { ...state, server: { ...server, mlstopAgainAt: again } },
    effects: [{ kind: 'say', saying: { event: 'mlstop-failed', detail } }],
  };
}
