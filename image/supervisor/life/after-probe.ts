import type { ProbeResult } from '../probe-result';
import type { Decision } from './decision';
import type { Effect } from './effect';
import { judge } from './judge';
import type { Connections } from './observation';
import type { Database, DownServer, Server, State, UpServer } from './state';
import type { Timing } from './timing';
import { afterVerdictOnEnd } from './unexplained-end';

/** Nothing more comes to light after so many times the proofs. */
const SOON_FOR = 10;

interface Probed {
  readonly result: ProbeResult;
  readonly version: string;
  readonly connections?: Connections;
}

/** What a look at the database means for what is known of it, and for the server. */
export function afterProbe(state: State, probed: Probed, now: number, chance: number, timing: Timing): Decision {
  const { probing } = state;
  if (probing.isStale) {
    return { state: { ...state, probing: { ...probing, isAsked: false, isStale: false, dueAt: now } }, effects: [] };
  }
  const known = learn(state.database, probed, probing.askedAt, now);
  const server = serverAfter(state, known, probed, now, chance, timing);
  const isUnsettled = server.kind === 'up' && (server.outage !== undefined || server.suspicion !== undefined);
  const isSoon =
    probed.result.kind === 'serving' &&
    (known.proofs < timing.proofs || (isUnsettled && known.proofs < SOON_FOR * timing.proofs));
  const pace = isSoon ? timing.probeSoon : timing.probeEvery;
  const database = {
    ...known,
    said: probed.result.kind,
    hasServed: known.hasServed || probed.result.kind === 'serving',
  };
  const next: State = {
    ...state,
    database,
    server,
    probing: { isAsked: false, isStale: false, askedAt: probing.askedAt, dueAt: Math.max(now, probing.askedAt + pace) },
  };
  const said = [...sayDatabase(state.database, probed.result), ...sayServer(state.server, server)];
  if (!isUnexplained(server)) return { state: next, effects: said };
  const explained = afterVerdictOnEnd(next, server.unexplained, probed.result, now, timing);
  return { state: explained.state, effects: [...said, ...explained.effects] };
}

function serverAfter(
  state: State,
  database: Database,
  probed: Probed,
  now: number,
  chance: number,
  timing: Timing,
): Server {
  const { server } = state;
  if (server.kind === 'up') return seenBy(server, database, probed, state, now, chance, timing);
  if (server.kind !== 'leaving' || server.why !== 'rotation') return server;
  if (probed.result.kind !== 'serving') return { ...server, wasAway: true };
  const isPointless = server.wasAway && database.proofs >= timing.proofs;
  return isPointless ? { ...server, why: 'stale', since: now, timing: timing.staleStop } : server;
}

function isUnexplained(server: Server): server is DownServer & { unexplained: object } {
  return server.kind === 'down' && server.unexplained !== undefined;
}

function learn(database: Database, { result, version }: Probed, askedAt: number, now: number): Database {
  const base = { ...database, result, version };
  if (result.kind !== 'serving') return { ...base, proofs: 0, servesSince: undefined };
  return { ...base, proofs: database.proofs + 1, servesSince: database.servesSince ?? now, lastServedAt: askedAt };
}

function seenBy(
  server: UpServer,
  database: Database,
  { result, connections }: Probed,
  state: State,
  now: number,
  chance: number,
  timing: Timing,
): UpServer {
  if (result.kind !== 'serving') {
    const calm = { ...server, restart: undefined, suspicion: undefined, looksElsewhere: 0 };
    // A login that is refused says nothing against connections that are there.
    if (result.kind === 'login-failed') return calm;
    return { ...calm, outage: server.outage ?? { since: database.lastServedAt ?? server.startedAt } };
  }
  const looked = { ...server, ...counted(server, connections, now, timing) };
  const verdict = judge(looked, database, connections, timing);
  if (verdict.kind === 'undecided') return looked;
  if (verdict.kind === 'healthy') {
    const closedLately = connections?.closed ?? looked.closedLately;
    const idleClosed = Math.min(looked.closedLately, closedLately);
    return { ...looked, outage: undefined, restart: undefined, idleClosed, closedLately };
  }
  const { lastErrorRestartAt = Number.NEGATIVE_INFINITY } = state;
  if (verdict.isByErrors && now - lastErrorRestartAt < timing.errorRestartEvery) return looked;
  // A new login is the likely cause: the restart that is planned anyway ends it, without breaking what works.
  if (verdict.isByErrors && looked.rotation) return { ...looked, rotation: { ...looked.rotation, at: now } };
  const { why, isByErrors } = verdict;
  return { ...looked, restart: looked.restart ?? { at: now + chance * timing.restartJitter, why, isByErrors } };
}

function counted(server: UpServer, connections: Connections | undefined, now: number, timing: Timing) {
  const { suspicion, looksElsewhere } = server;
  const isOld = suspicion !== undefined && now - suspicion.lastErrorAt > timing.errorMemory;
  return {
    looksElsewhere: (connections?.elsewhere ?? 0) > 0 ? looksElsewhere + 1 : 0,
    suspicion: suspicion === undefined || isOld ? undefined : { ...suspicion, proofs: suspicion.proofs + 1 },
  };
}

function sayDatabase({ said, hasServed }: Database, result: ProbeResult): Effect[] {
  if (said === result.kind) return [];
  const detail = 'detail' in result ? result.detail : undefined;
  if (result.kind === 'serving') return [{ kind: 'say', saying: { event: 'accepts-logins' } }];
  if (result.kind === 'login-failed') return [{ kind: 'say', saying: { event: 'login-failed', detail } }];
  const event = hasServed && (said === 'serving' || said === 'login-failed') ? 'primary-gone' : 'waiting';
  return [{ kind: 'say', saying: { event, probe: result.kind, detail } }];
}

/** A server that got over an outage by itself serves again, too. */
function sayServer(before: Server, after: Server): Effect[] {
  const isOver =
    before.kind === 'up' && after.kind === 'up' && before.outage !== undefined && after.outage === undefined;
  return isOver ? [{ kind: 'say', saying: { event: 'serving', restarted: false } }] : [];
}
