import type { State } from './state';
import type { Timing } from './timing';

/**
 * When something can become due, if nothing happens before; a moment too many does no harm.
 *
 * @param decidedAt the moment of the last decision: all that was due then has been done, and nothing that is due since.
 */
export function wakeAt(state: State, decidedAt: number, timing: Timing): number | undefined {
  if (state.isOver) return undefined;
  const { probing, login, secret, server } = state;
  const moments: (number | undefined)[] = [
    probing.isAsked ? undefined : probing.dueAt,
    login.notBefore,
    login.refetchAt,
    secret.dueAt,
  ];
  if (server.kind === 'down') moments.push(server.notBefore);
  if (server.kind === 'up') {
    moments.push(server.restart?.at, server.rotation?.at, server.startedAt + timing.listenPatience);
  }
  if (server.kind === 'leaving') {
    const { since, timing: stop } = server;
    moments.push(
      since + stop.kill,
      since + (stop.hangUp ?? 0),
      since + stop.kill + timing.giveUp,
      server.mlstopAgainAt,
    );
  }
  const ahead = moments.filter((it): it is number => it !== undefined && it > decidedAt);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}
