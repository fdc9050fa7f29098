import { decide } from '../../../image/supervisor/life/decide';
import type { State } from '../../../image/supervisor/life/state';
import { TIMING, type Timing } from '../../../image/supervisor/life/timing';
import type { Decide } from './world';

const timed =
  (change: Partial<Timing>): Decide =>
  (state, observation, now, chance) =>
    decide(state, observation, now, chance, { ...TIMING, ...change });

const changed =
  (change: (state: State) => State): Decide =>
  (state, observation, now, chance, timing) => {
    const decision = decide(state, observation, now, chance, timing);
    return { ...decision, state: change(decision.state) };
  };

/** Cores that are wrong on purpose, by the law that each of them breaks. */
export const WRONG_CORES: readonly { readonly what: string; readonly law: string; readonly decide: Decide }[] = [
  {
    what: 'starts as soon as it has the login',
    law: 'starts only while the last probe says serving and no server lives',
    decide: (state, observation, now, chance, timing) =>
      observation.kind === 'provisioned'
        ? startingAtOnce(state, observation.version, now, chance)
        : decide(state, observation, now, chance, timing),
  },
  {
    what: 'starts again at once what has ended',
    law: 'starts only while the last probe says serving and no server lives',
    decide: (state, observation, now, chance, timing) => {
      const decision = decide(state, observation, now, chance, timing);
      const isGone = observation.kind === 'ended' && decision.state.server.kind === 'down';
      return isGone ? { ...decision, effects: [...decision.effects, { kind: 'start' }] } : decision;
    },
  },
  {
    what: 'starts with what was used up',
    law: 'starts each server with a login and files of its own',
    decide: changed((state) =>
      state.login.version !== undefined && state.login.readyAt === undefined
        ? { ...state, login: { ...state.login, readyAt: 1e9 } }
        : state,
    ),
  },
  {
    what: 'takes every answer of a probe',
    law: 'takes no answer of a probe that was asked before a server ended by itself',
    decide: changed((state) => ({ ...state, probing: { ...state.probing, isStale: false } })),
  },
  {
    what: 'restarts after each outage',
    law: 'never stops a healthy server',
    decide: changed((state) =>
      state.server.kind === 'up' && state.server.outage && state.database.proofs > 0
        ? { ...state, server: { ...state.server, restart: { at: 0, why: '', isByErrors: false } } }
        : state,
    ),
  },
  {
    what: 'takes errors of the outage for errors after it',
    law: 'never stops a healthy server',
    decide: changed((state) =>
      state.server.kind === 'up' && state.server.lastErrorAt !== undefined && state.database.proofs > 0
        ? { ...state, server: { ...state.server, restart: { at: 0, why: '', isByErrors: false } } }
        : state,
    ),
  },
  {
    what: 'takes connections that were idle for dead ones',
    law: 'never stops a healthy server',
    decide: changed((state) =>
      state.server.kind === 'up' ? { ...state, server: { ...state.server, idleClosed: 0 } } : state,
    ),
  },
  { what: 'waits for too many proofs', law: 'is back 10 s after the database', decide: timed({ proofs: 10 }) },
  {
    what: 'spreads its restarts too far',
    law: 'is back 10 s after the database',
    decide: timed({ restartJitter: 20_000 }),
  },
  { what: 'probes too rarely', law: 'is back 10 s after the database', decide: timed({ probeEvery: 15_000 }) },
  {
    what: 'never restarts',
    law: 'is back 10 s after the database',
    decide: changed((state) =>
      state.server.kind === 'up' ? { ...state, server: { ...state.server, restart: undefined } } : state,
    ),
  },
  {
    what: 'kills too late',
    law: 'starts nothing after SIGTERM and ends within 120 s, with the code that tells how',
    decide: timed({ finalStop: { ...TIMING.finalStop, kill: 125_000 } }),
  },
  {
    what: 'forgets that it was told to stop',
    law: 'starts nothing after SIGTERM and ends within 120 s, with the code that tells how',
    decide: (state, observation, now, chance, timing) =>
      observation.kind === 'terminate' && state.server.kind === 'down'
        ? { state, effects: [] }
        : decide(state, observation, now, chance, timing),
  },
  {
    what: 'closes the health port while the database is away',
    law: 'never closes the health port because of the database',
    decide: (state, observation, now, chance, timing) => {
      const decision = decide(state, observation, now, chance, timing);
      const isAway = observation.kind === 'probed' && observation.result.kind !== 'serving' && state.isHealthOpen;
      return isAway ? { ...decision, effects: [...decision.effects, { kind: 'close-health' }] } : decision;
    },
  },
  {
    what: 'asks again before the answer',
    law: 'asks one thing at a time',
    decide: changed((state) => ({ ...state, probing: { ...state.probing, isAsked: false } })),
  },
  {
    what: 'hammers at Secrets Manager',
    law: 'fetches a login that is refused at most every 10 s',
    decide: timed({ refetchEvery: 500 }),
  },
];

function startingAtOnce(state: State, version: string, now: number, chance: number): ReturnType<Decide> {
  const serving: State = { ...state, database: { ...state.database, result: { kind: 'serving' } } };
  const login = { ...serving.login, isFetching: false, version, readyAt: now };
  return decide({ ...serving, login }, { kind: 'tick' }, now, chance);
}
