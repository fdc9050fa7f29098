import { isServing, type Login, type State } from './state';
import type { Timing } from './timing';

/** Whether what was fetched is good for a start. */
export function isFresh({ readyAt }: Login, now: number, timing: Timing): boolean {
  return readyAt !== undefined && now - readyAt < timing.provisionLasts;
}

/** Whether login and files are to be fetched now. */
export function needsProvision(state: State, now: number, timing: Timing): boolean {
  const { login, server, database } = state;
  if (state.isTerminating || login.isFetching || now < login.notBefore) return false;
  if (login.version === undefined) return true;
  if (database.result?.kind === 'login-failed') return now >= login.refetchAt;
  if (server.kind === 'up') return server.rotation !== undefined && server.rotation.version !== login.version;
  const isNext = server.kind === 'leaving' || server.kind === 'down';
  return isNext && isServing(state) && !isFresh(login, now, timing);
}
