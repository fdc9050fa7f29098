import type { ProbeResult } from '../probe-result';

/** Where the server's connections to the database lead. */
export interface Connections {
  /** Established, to where the database is now. */
  readonly current: number;
  /** Established, to where it is not, or where nobody answers any more. */
  readonly elsewhere: number;
  /** Closed by the other end, and still held. */
  readonly closed: number;
}

/** How a process ended. */
export type Ending = { readonly code: number } | { readonly signal: NodeJS.Signals };

/** What can happen to the supervisor. */
export type Observation =
  /** Time has passed. */
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'probed';
      readonly result: ProbeResult;
      /** Of the login it was made with. */
      readonly version: string;
      /** Undefined: there is no server, or nobody can tell. */
      readonly connections?: Connections;
    }
  /** Login and files for one start are there. */
  | { readonly kind: 'provisioned'; readonly version: string }
  | { readonly kind: 'not-provisioned'; readonly detail: string }
  | { readonly kind: 'started'; readonly pid: number; readonly name: string }
  | { readonly kind: 'listening' }
  /** The server's log tells of a connection to the database that does not work. */
  | { readonly kind: 'connection-error' }
  | { readonly kind: 'ended'; readonly ending: Ending }
  /** mlstop came back without success. */
  | { readonly kind: 'mlstop-failed'; readonly detail: string }
  | { readonly kind: 'secret-seen'; readonly version: string }
  | { readonly kind: 'secret-unseen' }
  /** SIGTERM. */
  | { readonly kind: 'terminate'; readonly signal: string };
