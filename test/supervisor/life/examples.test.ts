import { describe, expect, test } from 'vitest';
import { codeOf } from '../../../image/supervisor/life/after-end';
import { decide } from '../../../image/supervisor/life/decide';
import { TIMING } from '../../../image/supervisor/life/timing';
import { HOUR, type Outage, type Plan } from './plan';
import { simulate, type Trace } from './world';

const CALM: Plan = {
  reaction: 'exits',
  outages: [],
  isAwayAtFirst: false,
  rotations: [],
  crashes: [],
  brokenSecrets: [],
  exitMillis: 400,
  probeSees: 'end',
  idleClosed: 0,
  listenMillis: 100,
  secretMillis: 20,
  probeMillis: 30,
  softStopMillis: 500,
  mlstop: 'works',
  hangUp: 'clean',
  chances: [0.5],
};
const MOVED: Outage = { at: 61_000, lasts: 400, looksLike: 'unreachable', isBlip: false, moves: true };

const timesOf = ({ moments }: Trace, kind: string) =>
  moments.filter(({ effect }) => effect.kind === kind).map(({ at }) => at);
const sayings = ({ moments }: Trace) =>
  moments.flatMap(({ effect }) => (effect.kind === 'say' ? [effect.saying.event] : []));

describe('a calm hour', () => {
  const trace = simulate(CALM, decide);

  test('is one start, and a probe every 2 s', () => {
    expect(timesOf(trace, 'start')).toHaveLength(1);
    expect(sayings(trace)).toEqual(['accepts-logins', 'started', 'serving']);
    const probes = timesOf(trace, 'probe');
    expect(probes.length).toBeGreaterThan(890);
    expect(probes.length).toBeLessThan(910);
  });

  test('opens the health port when the server listens, and not before', () => {
    const [started = 0] = timesOf(trace, 'start');
    expect(timesOf(trace, 'open-health')).toEqual([started + 1 + CALM.listenMillis]);
  });

  test('looks for a rotation once a minute', () => {
    expect(timesOf(trace, 'look-at-secret').length).toBeGreaterThan(28);
    expect(timesOf(trace, 'look-at-secret').length).toBeLessThan(31);
  });
});

describe('a server that crashes again and again', () => {
  const trace = simulate({ ...CALM, livesFor: 500 }, decide);

  test('ends the container with its code at the fifth crash', () => {
    expect(timesOf(trace, 'start')).toHaveLength(TIMING.crashMost);
    expect(trace.endCode).toBe(9);
    expect(trace.endedAt).toBeLessThan(TIMING.crashWindow);
  });

  test('is started later each time', () => {
    const starts = timesOf(trace, 'start');
    const gaps = starts.slice(1).map((at, index) => Math.floor((at - (starts[index] ?? 0) - 500) / 1_000));
    expect(gaps).toEqual([1, 2, 4, 8]);
  });

  test('closes the health port at its second crash, and opens it again while it listens', () => {
    const events = trace.moments.flatMap(({ effect }) => (/health$|^start$/.test(effect.kind) ? [effect.kind] : []));
    expect(events.slice(0, 6)).toEqual(['start', 'open-health', 'start', 'close-health', 'start', 'open-health']);
  });

  test('is waited for at most 30 s when it lives too long for a crash loop', () => {
    const slow = simulate({ ...CALM, livesFor: 40_000 }, decide);
    const starts = timesOf(slow, 'start');
    const gaps = starts.slice(1).map((at, index) => Math.floor((at - (starts[index] ?? 0) - 40_000) / 1_000));
    expect(slow.endedAt).toBeUndefined();
    expect(gaps.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  test('gives its container a code that is never 0', () => {
    expect(codeOf({ code: 3 })).toBe(3);
    expect(codeOf({ code: 0 })).toBe(70);
    expect(codeOf({ signal: 'SIGKILL' })).toBe(137);
    expect(codeOf({ signal: 'SIGSEGV' })).toBe(139);
  });
});

describe('a failover between two probes', () => {
  test('is seen by where the connections lead', () => {
    const trace = simulate({ ...CALM, reaction: 'hangs', outages: [MOVED] }, decide);
    expect(sayings(trace)).not.toContain('primary-gone');
    expect(trace.recoveries).toEqual([{ at: 61_400, isBack: true }]);
  });

  test('is seen by the errors that go on', () => {
    const trace = simulate({ ...CALM, reaction: 'errors', outages: [{ ...MOVED, lasts: 100, moves: false }] }, decide);
    expect(sayings(trace)).not.toContain('primary-gone');
    expect(trace.recoveries).toEqual([{ at: 61_100, isBack: true }]);
  });
});

describe('a server that logs errors of a database that serves', () => {
  const restarts = (errsEvery: number, more: Partial<Plan> = {}) =>
    timesOf(simulate({ ...CALM, ...more, errsEvery }, decide), 'mlstop').length;

  test('is restarted, but not again and again when that does not help', () => {
    expect(restarts(1_000)).toBeGreaterThanOrEqual(5);
    expect(restarts(1_000)).toBeLessThanOrEqual(7);
  });

  test('is left alone when the errors have nothing to do with each other', () => {
    expect(restarts(TIMING.errorMemory + 1_000)).toBe(0);
  });

  test('is restarted softly at once when there is a new login', () => {
    const trace = simulate({ ...CALM, rotations: [20_000], errsEvery: 30_000, chances: [0.99] }, decide);
    const [restart] = trace.moments.filter(({ effect }) => effect.kind === 'mlstop');
    expect(restart?.effect).toMatchObject({ graceMillis: TIMING.softStop.grace });
    // The second error is at 60 s, the rotation would be due at 80 s.
    expect(restart?.at).toBeLessThan(65_000);
  });
});

describe('a new login', () => {
  test('restarts the server softly once a probe has logged in with it', () => {
    const trace = simulate({ ...CALM, rotations: [100_000] }, decide);
    const restarts = trace.moments.filter(({ effect }) => effect.kind === 'mlstop');
    expect(restarts).toHaveLength(1);
    expect(restarts[0]).toMatchObject({ effect: { graceMillis: TIMING.softStop.grace }, lastProbe: 'serving' });
    expect(timesOf(trace, 'start')).toHaveLength(2);
    expect((restarts[0]?.at ?? 0) - 100_000).toBeLessThan(TIMING.secretEvery + TIMING.rotationJitter);
    expect(timesOf(trace, 'close-health')).toEqual([]);
  });

  test('that the database does not accept never costs a server that works', () => {
    const trace = simulate({ ...CALM, brokenSecrets: [100_000] }, decide);
    expect(sayings(trace)).toContain('login-failed');
    expect(timesOf(trace, 'mlstop')).toEqual([]);
    expect(timesOf(trace, 'close-health')).toEqual([]);
  });

  test('is no outage: it is fetched at once, and probed with at once', () => {
    const trace = simulate({ ...CALM, rotations: [100_000] }, decide);
    expect(sayings(trace).slice(3)).toEqual([
      'login-failed',
      'secret-rotated',
      'accepts-logins',
      'restarting',
      'started',
      'serving',
    ]);
    const said = (event: string) =>
      trace.moments.filter(({ effect }) => effect.kind === 'say' && effect.saying.event === event).map(({ at }) => at);
    expect((said('accepts-logins')[1] ?? 0) - (said('login-failed')[0] ?? 0)).toBe(
      CALM.secretMillis + CALM.probeMillis,
    );
  });

  test.each([
    ['while the database is away', [18_016], [{ ...MOVED, at: 20_000, lasts: 178_016, moves: false }]],
    [
      'while a soft stop for it is under way',
      [18_016],
      [
        { ...MOVED, at: 20_000, lasts: 156_006, looksLike: 'hung', moves: false },
        { ...MOVED, at: 196_006, lasts: 6_000, moves: false },
      ],
    ],
  ] as const)('does not keep a server on dead connections: %s', (_, rotations, outages) => {
    const trace = simulate({ ...CALM, reaction: 'errors', mlstop: 'hangs', rotations, outages, chances: [0] }, decide);
    expect(trace.recoveries.length).toBeGreaterThan(0);
    expect(trace.recoveries.filter(({ isBack }) => !isBack)).toEqual([]);
  });

  test('is not waited for when an outage needs the server to be started anyway', () => {
    const trace = simulate({ ...CALM, rotations: [62_000], outages: [{ ...MOVED, lasts: 20_000 }] }, decide);
    expect(timesOf(trace, 'start')).toHaveLength(2);
    expect(timesOf(trace, 'mlstop')).toEqual([]);
  });
});

describe('an outage', () => {
  test('is no crash of a server that ends because of it, even if it ends late', () => {
    const trace = simulate({ ...CALM, exitMillis: 6_500, outages: [{ ...MOVED, lasts: 6_000 }] }, decide);
    expect(sayings(trace)).toContain('server-gone');
    expect(sayings(trace)).not.toContain('crashed');
  });

  test('is no crash of a server that was starting, however long it lasts', () => {
    const trace = simulate(
      {
        ...CALM,
        reaction: 'hangs',
        listenMillis: HOUR,
        outages: [{ ...MOVED, at: 10_000, lasts: 2 * TIMING.listenPatience }],
      },
      decide,
    );
    expect(sayings(trace).slice(0, 5)).toEqual([
      'accepts-logins',
      'started',
      'primary-gone',
      'accepts-logins',
      'restarting',
    ]);
  });

  test('ends with a restart as late as chance says after the third proof', () => {
    const trace = simulate({ ...CALM, reaction: 'hangs', outages: [{ ...MOVED, lasts: 10_000 }] }, decide);
    const probes = trace.moments.filter(({ effect, at }) => effect.kind === 'probe' && at > 71_400 - CALM.probeMillis);
    const [stop = 0] = timesOf(trace, 'mlstop');
    expect(stop - (probes[2]?.at ?? 0)).toBe(CALM.probeMillis + 0.5 * TIMING.restartJitter);
  });
});

describe('SIGTERM', () => {
  const at = 30_000;

  test.each([
    ['softly', { softStopMillis: 90_000 }, 0, 90_000],
    ['by SIGHUP when mlstop hangs', { mlstop: 'hangs' }, 3, 105_300],
    ['by SIGKILL when nothing else helps', { mlstop: 'hangs', hangUp: 'ignored' }, 4, 112_001],
  ] as const)('ends %s', (_, change, code, millis) => {
    const trace = simulate({ ...CALM, ...change, terminateAt: at }, decide);
    expect(trace.endCode).toBe(code);
    expect((trace.endedAt ?? 0) - at).toBe(millis);
    expect(timesOf(trace, 'close-health')).toEqual([at]);
  });

  test('ends within 120 s although not even SIGKILL ends the server', () => {
    const trace = simulate(
      { ...CALM, mlstop: 'hangs', hangUp: 'ignored', isUnkillable: true, terminateAt: at },
      decide,
    );
    expect(trace.endCode).toBe(4);
    expect((trace.endedAt ?? 0) - at).toBe(114_000);
  });

  test('asks mlstop again while it fails', () => {
    const trace = simulate({ ...CALM, mlstop: 'fails', terminateAt: at }, decide);
    const graces = trace.moments.flatMap(({ effect }) => (effect.kind === 'mlstop' ? [effect.graceMillis ?? 0] : []));
    expect(graces.slice(0, 2)).toEqual([100_000, 100_000 - TIMING.mlstopAgain - 20]);
    expect(Math.min(...graces)).toBeGreaterThan(0);
    expect(trace.endCode).toBe(3);
  });

  test('ends at once while there is no server', () => {
    const trace = simulate({ ...CALM, isAwayAtFirst: true, terminateAt: 5_000 }, decide);
    expect(trace).toMatchObject({ endedAt: 5_000, endCode: 0 });
  });

  test('ends a server that does not listen yet without asking mlstop', () => {
    const trace = simulate({ ...CALM, listenMillis: 3_000, terminateAt: 1_000 }, decide);
    expect(timesOf(trace, 'mlstop')).toEqual([]);
    expect(trace).toMatchObject({ endedAt: 1_300, endCode: 3 });
  });
});

test('a server that never listens is taken for crashed', () => {
  const trace = simulate({ ...CALM, listenMillis: 10 * TIMING.listenPatience, crashes: [] }, decide);
  const [first = 0, second = 0] = timesOf(trace, 'start');
  expect(sayings(trace)).toContain('crashed');
  expect(second - first).toBeGreaterThan(TIMING.listenPatience);
  expect(second - first).toBeLessThan(TIMING.listenPatience + 10_000);
});
