import type { Decision } from './decision';
import type { State } from './state';
import type { Timing } from './timing';

/** The server's process is there. */
export function afterStart(
  state: State,
  { pid, name }: { readonly pid: number; readonly name: string },
  now: number,
  timing: Timing,
): Decision {
  const { server } = state;
  if (server.kind !== 'spawning') return { state, effects: [] };
  return {
    state: {
      ...state,
      secret: { ...state.secret, dueAt: now + timing.secretEvery },
      server: {
        kind: 'up',
        startedAt: now,
        version: server.version,
        idleClosed: 0,
        closedLately: 0,
        looksElsewhere: 0,
      },
    },
    effects: [{ kind: 'say', saying: { event: 'started', pid, name } }],
  };
}

/** All of its ports accept connections. */
export function whenListening(state: State, now: number): Decision {
  const { server } = state;
  if (server.kind !== 'up' || server.listensSince !== undefined) return { state, effects: [] };
  return {
    state: { ...state, server: { ...server, listensSince: now } },
    effects: [
      { kind: 'say', saying: { event: 'serving', restarted: true, millis: Math.round(now - server.startedAt) } },
    ],
  };
}

/** Its log tells of a connection to the database that does not work; what that means, the next probes say. */
export function afterConnectionError(state: State, now: number, timing: Timing): Decision {
  const { server, probing } = state;
  if (server.kind !== 'up') return { state, effects: [] };
  const old = server.suspicion;
  const isNew = old === undefined || now - old.lastErrorAt > timing.errorMemory;
  const suspicion = isNew
    ? { since: now, lastErrorAt: now, proofs: 0, isConfirmed: false }
    : { ...old, lastErrorAt: now, isConfirmed: old.isConfirmed || old.proofs > 0 };
  return {
    state: {
      ...state,
      server: { ...server, lastErrorAt: now, suspicion: server.outage ? undefined : suspicion },
      probing: { ...probing, dueAt: Math.min(probing.dueAt, probing.askedAt + timing.probeSoon) },
    },
    effects: [],
  };
}
