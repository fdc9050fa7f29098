import type { MirrorMode } from '../mirroring/messages';

/** The first line on every connection to a database server. */
export type Hello = ClientHello | ServerHello;

export interface ClientHello {
  readonly hello: 'client';
  /** The server's own name, or the alias of the role that it has. */
  readonly server: string | undefined;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

export interface ServerHello {
  readonly hello: 'server';
  readonly name: string;
  readonly database: string;
  readonly authentication: string;
  readonly mode: MirrorMode;
  /** Real milliseconds after which silence on this link means that the other is gone. */
  readonly liveness: number;
}

/** What comes back. `code` is the exit code of a client that gets this. UNSOURCED. */
export type Welcome = { readonly welcome: true } | { readonly error: string; readonly code: number };

export const NOT_FOUND = { error: 'Database server not found (SQLCODE -100)', code: 11 };
export const NOT_ACCESSIBLE = { error: 'Specified database is not accessible (SQLCODE -83)', code: 7 };
export const BAD_LOGIN = { error: 'Invalid user ID or password (SQLCODE -103)', code: 7 };

/** What the database knows of its synchronization. */
export interface SynchronizationState {
  /** By which the consolidated database knows it. */
  readonly remote: string;
  /** The active log. */
  readonly log: string;
  /** The end of what is committed. */
  readonly last: number;
  readonly progress: number;
  /** The option `delete_old_logs`. */
  readonly deleteOldLogs: string;
}

export type Request =
  | { readonly execute: string }
  | { readonly backup: { readonly database: boolean; readonly renameLog: boolean } }
  /** dbmlsync begins, and has ended. */
  | { readonly synchronization: true }
  | { readonly synchronized: { readonly progress: number; readonly downloaded: readonly string[] } }
  | { readonly stop: true };

export type Reply =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] }
  | { readonly file: string; readonly part: string; readonly last: boolean }
  | SynchronizationState
  | { readonly done: true }
  | { readonly error: string };
