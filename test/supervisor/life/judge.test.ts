import { describe, expect, test } from 'vitest';
import { judge } from '../../../image/supervisor/life/judge';
import type { Connections } from '../../../image/supervisor/life/observation';
import type { UpServer } from '../../../image/supervisor/life/state';
import { TIMING } from '../../../image/supervisor/life/timing';

const DATABASE = { proofs: TIMING.proofs, servesSince: 100_000, hasServed: true };
const AFTER_OUTAGE: UpServer = {
  kind: 'up',
  startedAt: 0,
  version: '1',
  listensSince: 100,
  outage: { since: 50_000 },
  idleClosed: 0,
  closedLately: 0,
  looksElsewhere: 0,
};
const here: Connections = { current: 3, elsewhere: 0, closed: 0 };
const none: Connections = { current: 0, elsewhere: 0, closed: 0 };

const verdict = (server: Partial<UpServer>, connections?: Connections, proofs = TIMING.proofs) =>
  judge({ ...AFTER_OUTAGE, ...server }, { ...DATABASE, proofs }, connections, TIMING).kind;

describe('after an outage a server', () => {
  test.each<[string, string, Partial<UpServer>, Connections | undefined]>([
    ['with connections to the database as it is', 'healthy', {}, here],
    ['that logged errors during it and has connected since', 'healthy', { lastErrorAt: 99_000 }, here],
    ['whose last error comes just after it', 'healthy', { lastErrorAt: 100_900 }, here],
    ['that goes on logging errors', 'stale', { lastErrorAt: 101_100 }, here],
    ['one of whose connections leads elsewhere', 'stale', {}, { ...here, elsewhere: 1 }],
    ['one of whose connections was closed', 'stale', {}, { ...here, closed: 1 }],
    ['whose connections had been closed before', 'healthy', { idleClosed: 1 }, { ...here, closed: 1 }],
    ['without connections that logged errors', 'stale', { lastErrorAt: 60_000 }, none],
    ['without connections that logged errors only before', 'undecided', { lastErrorAt: 49_000 }, none],
    ['without connections and without errors', 'undecided', {}, none],
    ['of whose connections nothing is known', 'undecided', {}, undefined],
    ['of whose connections nothing is known, but that logged errors', 'stale', { lastErrorAt: 60_000 }, undefined],
    ['that does not listen yet', 'stale', { listensSince: undefined }, here],
  ])('%s is %s', (_, kind, server, connections) => {
    expect(verdict(server, connections)).toBe(kind);
    // Never before there is proof enough.
    expect(verdict(server, connections, TIMING.proofs - 1)).toBe('undecided');
  });
});

describe('without an outage a server', () => {
  const suspicion = { since: 90_000, lastErrorAt: 95_000, proofs: 3, isConfirmed: true };
  test.each<[string, string, Partial<UpServer>]>([
    ['of which nothing bad is known', 'healthy', {}],
    ['whose connections were seen elsewhere three times', 'stale', { looksElsewhere: 3 }],
    ['whose connections were seen elsewhere twice', 'healthy', { looksElsewhere: 2 }],
    ['that logged errors before and after a proof', 'stale', { suspicion }],
    ['that logged errors, but none after a proof', 'healthy', { suspicion: { ...suspicion, isConfirmed: false } }],
    ['that logged errors, with too few proofs', 'healthy', { suspicion: { ...suspicion, proofs: 2 } }],
    ['that does not listen yet', 'healthy', { suspicion, listensSince: undefined }],
  ])('%s is %s', (_, kind, server) => {
    expect(verdict({ outage: undefined, ...server }, here)).toBe(kind);
  });
});
