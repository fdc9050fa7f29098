import type { Connections } from './observation';
import type { Database, UpServer } from './state';
import type { Timing } from './timing';

/** What the signs say about a living server while the database serves. */
export type Verdict =
  | { readonly kind: 'undecided' }
  /** It works on connections to the database as it is now. */
  | { readonly kind: 'healthy' }
  | { readonly kind: 'stale'; readonly why: string; readonly isByErrors: boolean };

const UNDECIDED: Verdict = { kind: 'undecided' };
const HEALTHY: Verdict = { kind: 'healthy' };

const stale = (why: string, isByErrors = false): Verdict => ({ kind: 'stale', why, isByErrors });

/**
 * Whether the server sits on dead connections. Only with several probes in a row that found the database serving: a server that gets
 * over an outage by itself needs a moment, and must be left alone.
 */
export function judge(
  server: UpServer,
  { proofs, servesSince }: Database,
  connections: Connections | undefined,
  timing: Timing,
): Verdict {
  if (proofs < timing.proofs || servesSince === undefined) return UNDECIDED;
  const { outage, lastErrorAt = Number.NEGATIVE_INFINITY } = server;
  if (outage === undefined) return judgeWithoutOutage(server, timing);
  const hasCurrent = (connections?.current ?? 0) > 0;
  if ((connections?.elsewhere ?? 0) > 0) return stale('its connections lead to where the database is not');
  if ((connections?.closed ?? 0) > server.idleClosed) return stale('it holds connections that the database has closed');
  if (lastErrorAt > servesSince + timing.echo) return stale('it logs errors of the database, which serves');
  if (!hasCurrent && lastErrorAt >= outage.since)
    return stale('it logged errors of the database and has not connected since');
  if (server.listensSince === undefined) return stale('it was starting while the database was away');
  return hasCurrent ? HEALTHY : UNDECIDED;
}

/** A change that no probe has seen: one that was quick, or between two of them. */
function judgeWithoutOutage({ looksElsewhere, suspicion, listensSince }: UpServer, timing: Timing): Verdict {
  if (looksElsewhere >= timing.proofs) return stale('its connections lead to where the database is not');
  if (suspicion?.isConfirmed && suspicion.proofs >= timing.proofs && listensSince !== undefined) {
    return stale('it logs errors of the database, which serves', true);
  }
  return HEALTHY;
}
