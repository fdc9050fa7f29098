import type { ProbeResult } from '../probe-result';
import type { Ending } from './observation';
import type { StopTiming } from './timing';

/** The short-lived children that look at the database. */
export interface Probing {
  readonly isAsked: boolean;
  /** What is asked right now was asked too early to tell anything. */
  readonly isStale: boolean;
  readonly askedAt: number;
  readonly dueAt: number;
}

/** What is known of the database. */
export interface Database {
  /** Of the last probe; undefined: none was made since it matters. */
  readonly result?: ProbeResult;
  /** Of the login of the last probe. */
  readonly version?: string;
  /** Probes in a row that found it serving. */
  readonly proofs: number;
  readonly servesSince?: number;
  /** When the last probe was asked that found it serving. */
  readonly lastServedAt?: number;
  /** What the log has been told of it. */
  readonly said?: ProbeResult['kind'];
  readonly hasServed: boolean;
}

/** Login and files, fetched for the probe and for the next start. */
export interface Login {
  readonly isFetching: boolean;
  readonly version?: string;
  /** When it was fetched; undefined: a start has used it up. */
  readonly readyAt?: number;
  /** After a failed fetch. */
  readonly notBefore: number;
  /** After a login that was refused. */
  readonly refetchAt: number;
  readonly failures: number;
  readonly failingSince?: number;
}

/** Errors of a server whose database was never seen away. */
export interface Suspicion {
  readonly since: number;
  readonly lastErrorAt: number;
  readonly proofs: number;
  /** An error came although the database had been found serving since the first one. */
  readonly isConfirmed: boolean;
}

export interface DownServer {
  readonly kind: 'down';
  readonly notBefore: number;
  /** It has ended by itself; the next probe tells whether the database was the reason. */
  readonly unexplained?: { readonly at: number; readonly ending: Ending };
}

export interface UpServer {
  readonly kind: 'up';
  readonly startedAt: number;
  /** Of the login it was started with. */
  readonly version: string;
  readonly listensSince?: number;
  readonly lastErrorAt?: number;
  /** The database was away, and the server has not shown yet that it got over it. */
  readonly outage?: { readonly since: number };
  readonly suspicion?: Suspicion;
  /** Connections that the database had closed when all was well, for being idle: the next sync replaces them. */
  readonly idleClosed: number;
  /** At the last look: an outage that begins closes connections before a probe sees it. */
  readonly closedLately: number;
  /** Looks in a row that found a connection to where the database is not. */
  readonly looksElsewhere: number;
  readonly restart?: { readonly at: number; readonly why: string; readonly isByErrors: boolean };
  readonly rotation?: { readonly at: number; readonly version: string };
}

export interface LeavingServer {
  readonly kind: 'leaving';
  readonly why: 'stale' | 'rotation' | 'silent' | 'final';
  readonly since: number;
  readonly timing: StopTiming;
  readonly mlstopAgainAt?: number;
  /** The database was away in the meantime: what it waits for can come to nothing. */
  readonly wasAway?: boolean;
  readonly signalled?: 'SIGHUP' | 'SIGKILL';
}

export type Server = DownServer | { readonly kind: 'spawning'; readonly version: string } | UpServer | LeavingServer;

/** Everything that the supervisor remembers. */
export interface State {
  readonly probing: Probing;
  readonly database: Database;
  readonly login: Login;
  readonly secret: { readonly isLooking: boolean; readonly dueAt: number };
  readonly server: Server;
  /** Of crashes while the database was serving. */
  readonly crashes: readonly number[];
  /** Since the server last stayed. */
  readonly crashesInRow: number;
  readonly lastErrorRestartAt?: number;
  readonly isHealthOpen: boolean;
  readonly isTerminating: boolean;
  readonly isOver: boolean;
}

/** The supervisor as it begins. */
export function initialState(now: number): State {
  return {
    probing: { isAsked: false, isStale: false, askedAt: now, dueAt: now },
    database: { proofs: 0, hasServed: false },
    login: { isFetching: false, notBefore: now, refetchAt: now, failures: 0 },
    secret: { isLooking: false, dueAt: now },
    server: { kind: 'down', notBefore: now },
    crashes: [],
    crashesInRow: 0,
    isHealthOpen: false,
    isTerminating: false,
    isOver: false,
  };
}

/** Whether the last probe found the database serving. */
export function isServing(state: State): boolean {
  return state.database.result?.kind === 'serving';
}

/** Nothing holds that was seen before: the next probe counts, not one that is under way. */
export function unproven(state: State, now: number): State {
  const { probing, database } = state;
  return {
    ...state,
    database: { ...database, result: undefined, proofs: 0, servesSince: undefined },
    probing: probing.isAsked ? { ...probing, isStale: true } : { ...probing, dueAt: now },
  };
}
