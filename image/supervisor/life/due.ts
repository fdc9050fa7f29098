import { STOP_CODES, stopped } from './after-end';
import type { Decision } from './decision';
import type { Effect } from './effect';
import { isFresh, needsProvision } from './provision-need';
import { isServing, type LeavingServer, type State } from './state';
import type { StopTiming, Timing } from './timing';

/** Something that is to be done now; undefined when it is not. What a rule does makes it say so. */
type Rule = (state: State, now: number, timing: Timing) => Decision | undefined;

/** Everything that is due, one after the other, until nothing is. */
export function dueSteps(state: State, now: number, timing: Timing): Decision {
  let current = state;
  const effects: Effect[] = [];
  for (let round = 0; round < 100; round++) {
    const step = current.isOver ? undefined : firstOf(current, now, timing);
    if (step === undefined) return { state: current, effects };
    current = step.state;
    effects.push(...step.effects);
  }
  throw new Error(`The rules of the supervisor never come to rest: ${JSON.stringify(current)}`);
}

function firstOf(state: State, now: number, timing: Timing): Decision | undefined {
  for (const rule of RULES) {
    const step = rule(state, now, timing);
    if (step !== undefined) return step;
  }
  return undefined;
}

const openHealth: Rule = (state) => {
  const { server } = state;
  const listens = server.kind === 'up' && server.listensSince !== undefined;
  if (state.isHealthOpen || state.isTerminating || !listens) return undefined;
  return { state: { ...state, isHealthOpen: true }, effects: [{ kind: 'open-health' }] };
};

/** Never because of the database: ECS would replace the whole farm for an outage that a new task cannot end either. */
const closeHealth: Rule = (state) => {
  const { server } = state;
  const listens = server.kind === 'up' && server.listensSince !== undefined;
  const isCrashLoop = state.crashesInRow >= 2 && !listens;
  if (!state.isHealthOpen || !(state.isTerminating || isCrashLoop)) return undefined;
  return { state: { ...state, isHealthOpen: false }, effects: [{ kind: 'close-health' }] };
};

const end: Rule = (state) =>
  state.isTerminating && state.server.kind === 'down'
    ? stopped(state, { event: 'stopped' }, STOP_CODES.soft)
    : undefined;

const stopForGood: Rule = (state, now, timing) => {
  const { server } = state;
  if (!state.isTerminating || server.kind !== 'up') return undefined;
  // Nothing is under way in a server that does not listen, and mlstop would not find it.
  return leave(state, 'final', server.listensSince === undefined ? timing.earlyStop : timing.finalStop, now);
};

const stopStale: Rule = (state, now, timing) => {
  const { server } = state;
  if (server.kind !== 'up' || !server.restart || server.restart.at > now) return undefined;
  const { why, isByErrors } = server.restart;
  const next = isByErrors ? { ...state, lastErrorRestartAt: now } : state;
  return leave(next, 'stale', timing.staleStop, now, why);
};

const stopRotated: Rule = (state, now, timing) => {
  const { server, database } = state;
  if (server.kind !== 'up' || !server.rotation || server.rotation.at > now || server.listensSince === undefined)
    return undefined;
  // A server that works is not given up for a login that has not been seen to work.
  if (!isServing(state) || database.version !== server.rotation.version) return undefined;
  // Whether it sits on dead connections comes first: then there is nothing to stop softly.
  if (server.restart || (server.outage && database.proofs < timing.proofs)) return undefined;
  return leave(state, 'rotation', timing.softStop, now, 'the login has a new version');
};

const stopSilent: Rule = (state, now, timing) => {
  const { server } = state;
  if (server.kind !== 'up' || server.listensSince !== undefined || server.outage || !isServing(state)) return undefined;
  if (now < server.startedAt + timing.listenPatience) return undefined;
  return leave(state, 'silent', timing.earlyStop, now, 'it does not listen');
};

const mlstopAgain: Rule = (state, now) => {
  const { server } = state;
  if (server.kind !== 'leaving' || server.signalled || (server.mlstopAgainAt ?? Number.POSITIVE_INFINITY) > now)
    return undefined;
  const left = server.since + (server.timing.grace ?? 0) - now;
  return {
    state: { ...state, server: { ...server, mlstopAgainAt: undefined } },
    effects: left > 0 ? [{ kind: 'mlstop', graceMillis: left }] : [],
  };
};

const kill: Rule = (state, now) => {
  const { server } = state;
  if (server.kind !== 'leaving' || server.signalled === 'SIGKILL' || now < server.since + server.timing.kill)
    return undefined;
  return signal(state, server, 'SIGKILL');
};

const hangUp: Rule = (state, now) => {
  const { server } = state;
  if (server.kind !== 'leaving' || server.signalled || server.timing.hangUp === undefined) return undefined;
  return now < server.since + server.timing.hangUp ? undefined : signal(state, server, 'SIGHUP');
};

/** Not even SIGKILL ends a process that waits for a device: the container's end does. */
const giveUp: Rule = (state, now, timing) => {
  const { server } = state;
  if (!state.isTerminating || server.kind !== 'leaving') return undefined;
  if (now < server.since + server.timing.kill + timing.giveUp) return undefined;
  return stopped(state, { event: 'stopped', why: 'the server does not end' }, STOP_CODES.SIGKILL);
};

const probe: Rule = (state, now) => {
  const { probing, login } = state;
  if (state.isTerminating || probing.isAsked || probing.dueAt > now || login.version === undefined) return undefined;
  return {
    state: { ...state, probing: { ...probing, isAsked: true, isStale: false, askedAt: now } },
    effects: [{ kind: 'probe' }],
  };
};

const provision: Rule = (state, now, timing) => {
  if (!needsProvision(state, now, timing)) return undefined;
  const isRefused = state.database.result?.kind === 'login-failed';
  const refetchAt = isRefused ? now + timing.refetchEvery : state.login.refetchAt;
  return {
    state: { ...state, login: { ...state.login, isFetching: true, refetchAt } },
    effects: [{ kind: 'provision' }],
  };
};

const start: Rule = (state, now, timing) => {
  const { server, login } = state;
  if (state.isTerminating || server.kind !== 'down' || server.unexplained || server.notBefore > now) return undefined;
  if (!isServing(state) || login.isFetching || login.version === undefined || !isFresh(login, now, timing))
    return undefined;
  return {
    state: { ...state, server: { kind: 'spawning', version: login.version }, login: { ...login, readyAt: undefined } },
    effects: [{ kind: 'start' }],
  };
};

const lookAtSecret: Rule = (state, now, timing) => {
  const { secret, server } = state;
  if (state.isTerminating || secret.isLooking || secret.dueAt > now || server.kind !== 'up') return undefined;
  return {
    state: { ...state, secret: { isLooking: true, dueAt: now + timing.secretEvery } },
    effects: [{ kind: 'look-at-secret' }],
  };
};

/** In this order: what ends comes before what begins. */
const RULES: readonly Rule[] = [
  closeHealth,
  end,
  stopForGood,
  giveUp,
  kill,
  hangUp,
  mlstopAgain,
  stopStale,
  stopRotated,
  stopSilent,
  openHealth,
  provision,
  start,
  probe,
  lookAtSecret,
];

function leave(state: State, why: LeavingServer['why'], timing: StopTiming, now: number, reason?: string): Decision {
  const isAtOnce = timing.hangUp === 0;
  return {
    state: { ...state, server: { kind: 'leaving', why, since: now, timing } },
    effects: [
      ...(reason === undefined
        ? []
        : [{ kind: 'say' as const, saying: { event: 'restarting' as const, why: reason } }]),
      ...(isAtOnce ? [] : [{ kind: 'mlstop' as const, graceMillis: timing.grace }]),
    ],
  };
}

function signal(state: State, server: LeavingServer, name: 'SIGHUP' | 'SIGKILL'): Decision {
  return {
    state: { ...state, server: { ...server, signalled: name } },
    effects: [
      {
        kind: 'say',
        saying: {
          event: 'signalled',
          signal: name,
          millis: Math.round(server.timing[name === 'SIGHUP' ? 'hangUp' : 'kill'] ?? 0),
        },
      },
      { kind: 'signal', signal: name },
    ],
  };
}
