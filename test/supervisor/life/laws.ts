import { STOP_CODES } from '../../../image/supervisor/life/after-end';
import { TIMING } from '../../../image/supervisor/life/timing';
import type { Plan } from './plan';
import { type Decide, type Moment, simulate } from './world';

/** What must hold whatever happens; each gives the violations that it finds. */
export const LAWS: Readonly<Record<string, (plan: Plan, decide: Decide) => string[]>> = {
  'starts each server with a login and files of its own': (plan, decide) =>
    broken(plan, decide, ({ effect, isProvided }) =>
      effect.kind === 'start' && !isProvided ? 'start with what another was started with' : undefined,
    ),
  'takes no answer of a probe that was asked before a server ended by itself': (plan, decide) =>
    broken(plan, decide, ({ effect, isProbeOld }) =>
      effect.kind === 'start' && isProbeOld ? 'start after an old probe' : undefined,
    ),
  'starts only while the last probe says serving and no server lives': (plan, decide) =>
    broken(plan, decide, ({ effect, lastProbe, hasServer }) =>
      effect.kind === 'start' && (lastProbe !== 'serving' || hasServer)
        ? `start after ${lastProbe}, server: ${hasServer}`
        : undefined,
    ),
  'never stops a healthy server': (plan, decide) =>
    broken(plan, decide, ({ effect, isTerminated, isConnected, hasErred, hasOldLogin }) => {
      if (effect.kind !== 'mlstop' && effect.kind !== 'signal') return undefined;
      const isHealthy = isConnected && !hasErred && !hasOldLogin;
      return isHealthy && !isTerminated ? `${effect.kind} of a healthy server` : undefined;
    }),
  'is back 10 s after the database': (plan, decide) =>
    simulate(plan, decide).recoveries.flatMap(({ at, isBack }) => (isBack ? [] : [`not back ${at} + 10 s`])),
  'starts nothing after SIGTERM and ends within 120 s, with the code that tells how': (plan, decide) => {
    const { terminateAt } = plan;
    const { moments, endedAt, endCode } = simulate(plan, decide);
    if (terminateAt === undefined) return endedAt === undefined ? [] : [`ended at ${endedAt}`];
    const late = endedAt === undefined || endedAt > terminateAt + 120_000;
    const starts = moments.filter(({ effect, isTerminated }) => effect.kind === 'start' && isTerminated);
    const signals = moments.flatMap(({ effect, isTerminated }) =>
      effect.kind === 'signal' && isTerminated ? [effect.signal] : [],
    );
    const code = STOP_CODES[signals.at(-1) ?? 'soft'];
    return [
      ...(late ? [`SIGTERM at ${terminateAt}, end at ${endedAt}`] : []),
      ...starts.map(({ at }) => `start at ${at} after SIGTERM`),
      ...(signals.length > 0 && endCode !== code ? [`${endCode} after ${signals.join()}`] : []),
    ];
  },
  'never closes the health port because of the database': (plan, decide) => {
    const quiet = { ...plan, crashes: [] };
    const { moments } = simulate(quiet, decide);
    const opened = moments.filter(({ effect }) => effect.kind === 'open-health').length;
    return moments
      .flatMap(({ at, effect, isTerminated }) =>
        effect.kind === 'close-health' && !isTerminated ? [`closed at ${at}`] : [],
      )
      .concat(opened > 1 ? ['opened twice'] : []);
  },
  'asks one thing at a time': (plan, decide) => {
    const { moments } = simulate(plan, decide);
    // The fastest probe takes 10 ms, the fastest fetch 5 ms.
    const tooSoon = (kind: string, millis: number) => {
      const times = moments.filter(({ effect }) => effect.kind === kind).map(({ at }) => at);
      return times.flatMap((at, index) =>
        at - (times[index - 1] ?? -1_000) < millis ? [`${kind} twice at ${at}`] : [],
      );
    };
    return [...tooSoon('probe', plan.probeMillis), ...tooSoon('provision', plan.secretMillis)];
  },
  'fetches a login that is refused at most every 10 s': (plan, decide) => {
    const refused = { ...plan, outages: [], isAwayAtFirst: false, crashes: [], rotations: [], secretsAway: undefined };
    const times = simulate(refused, refusing(decide))
      .moments.filter(({ effect }) => effect.kind === 'provision')
      .map(({ at }) => at);
    // The first one is for the first probe of all.
    return times.flatMap((at, index) =>
      index > 1 && at - (times[index - 1] ?? 0) < TIMING.refetchEvery ? [`fetched again at ${at}`] : [],
    );
  },
};

function broken(plan: Plan, decide: Decide, find: (moment: Moment) => string | undefined): string[] {
  return simulate(plan, decide).moments.flatMap((moment) => {
    const found = find(moment);
    return found === undefined ? [] : [`${moment.at}: ${found}`];
  });
}

/** A database that never accepts the login. */
function refusing(decide: Decide): Decide {
  return (state, observation, ...rest) =>
    decide(
      state,
      observation.kind === 'probed' ? { ...observation, result: { kind: 'login-failed', detail: '' } } : observation,
      ...rest,
    );
}
