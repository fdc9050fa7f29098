import type { Decision } from './decision';
import { isServing, type State, unproven } from './state';
import type { Timing } from './timing';

/** Login and files are there: the next probe uses them, and so does the next start. */
export function afterProvision(state: State, version: string, now: number, chance: number, timing: Timing): Decision {
  const login = { ...state.login, isFetching: false, version, readyAt: now, failures: 0, failingSince: undefined };
  // What the old login showed is no answer any more.
  const isNews = version !== state.login.version || !isServing(state);
  const next = isNews ? unproven({ ...state, login }, now) : { ...state, login };
  return withRotation(next, version, now, chance, timing);
}

/** The login could not be had, or the files not be written. */
export function afterMissingProvision(state: State, detail: string, now: number, timing: Timing): Decision {
  const failures = state.login.failures + 1;
  const wait = Math.min(timing.backoffFirst * 2 ** (failures - 1), timing.refetchEvery);
  return {
    state: {
      ...state,
      login: {
        ...state.login,
        isFetching: false,
        failures,
        failingSince: state.login.failingSince ?? now,
        notBefore: now + wait,
      },
    },
    effects: [{ kind: 'say', saying: { event: 'not-provisioned', detail } }],
  };
}

/** Someone has looked which version of the login is in force. */
export function afterSecret(state: State, version: string, now: number, chance: number, timing: Timing): Decision {
  return withRotation({ ...state, secret: { ...state.secret, isLooking: false } }, version, now, chance, timing);
}

function withRotation(state: State, version: string, now: number, chance: number, timing: Timing): Decision {
  const { server } = state;
  if (server.kind !== 'up' || server.rotation?.version === version) return { state, effects: [] };
  if (server.version === version)
    return { state: { ...state, server: { ...server, rotation: undefined } }, effects: [] };
  const rotation = { version, at: now + chance * timing.rotationJitter };
  return {
    state: { ...state, server: { ...server, rotation } },
    effects: [{ kind: 'say', saying: { event: 'secret-rotated', version } }],
  };
}
