import { constants } from 'node:os';
import type { Decision } from './decision';
import type { Effect, Saying } from './effect';
import type { Ending } from './observation';
import { type LeavingServer, type State, unproven } from './state';
import type { Timing } from './timing';

/** The exit codes of a container that was told to stop: softly, by SIGHUP, by SIGKILL. */
export const STOP_CODES = { soft: 0, SIGHUP: 3, SIGKILL: 4 } as const;

/** EX_SOFTWARE of sysexits.h: a server that ends as if all were well is wrong too. */
const ENDED_WITHOUT_REASON = 70;

/** The code that a container ends with because its server keeps ending. */
export function codeOf(ending: Ending): number {
  if ('signal' in ending) return 128 + constants.signals[ending.signal];
  return ending.code === 0 ? ENDED_WITHOUT_REASON : ending.code;
}

/** The server's process is gone. */
export function afterEnd(state: State, ending: Ending, now: number, timing: Timing): Decision {
  const { server } = state;
  if (server.kind === 'leaving') return afterStop(state, server, ending, now);
  if (state.isTerminating) return stopped(state, { event: 'stopped', ...ending }, STOP_CODES.soft);
  const said: Effect = { kind: 'say', saying: { event: 'server-gone', ...ending } };
  if (server.kind === 'up' && server.outage !== undefined) {
    // It is no crash when the database was away; whether it is there now, a probe must say first.
    return {
      state: unproven({ ...state, crashesInRow: 0, server: { kind: 'down', notBefore: now } }, now),
      effects: [said],
    };
  }
  const stayed = server.kind === 'up' && now - (server.listensSince ?? now) >= timing.crashWindow;
  return {
    state: unexplained({ ...state, crashesInRow: stayed ? 0 : state.crashesInRow }, ending, now),
    effects: [said],
  };
}

/** The container's end. */
export function stopped(state: State, saying: Saying, code: number): Decision {
  const close: readonly Effect[] = state.isHealthOpen ? [{ kind: 'close-health' }] : [];
  return {
    state: { ...state, isTerminating: true, isOver: true, isHealthOpen: false },
    effects: [...close, { kind: 'say', saying: { ...saying, exitCode: code } }, { kind: 'end', code }],
  };
}

function afterStop(state: State, server: LeavingServer, ending: Ending, now: number): Decision {
  if (state.isTerminating) {
    return stopped(state, { event: 'stopped', ...ending }, STOP_CODES[server.signalled ?? 'soft']);
  }
  if (server.why === 'silent') return { state: unexplained(state, ending, now), effects: [] };
  return { state: { ...state, server: { kind: 'down', notBefore: now } }, effects: [] };
}

function unexplained(state: State, ending: Ending, now: number): State {
  return unproven({ ...state, server: { kind: 'down', notBefore: now, unexplained: { at: now, ending } } }, now);
}
