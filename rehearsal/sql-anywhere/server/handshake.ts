import type { DefinedSubscription } from '../files/database-file';
import type { MirrorMode } from '../mirroring/messages';
import type { Change } from '../sql/change';

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

export type Request =
  | { readonly execute: string }
  /** dbmlsync begins: it names a profile, or subscriptions. */
  | { readonly beginSynchronization: { readonly profile?: string; readonly subscriptions?: readonly string[] } }
  /** dbmlsync has uploaded and downloaded. */
  | { readonly endSynchronization: Omit<Extract<Change, { kind: 'synchronized' }>, 'kind'> }
  | { readonly backup: { readonly database: boolean; readonly renameLog: boolean } }
  | { readonly stop: true };

export type Reply =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] }
  | { readonly file: string; readonly part: string; readonly last: boolean }
  | { readonly synchronization: SynchronizationState }
  | { readonly done: true }
  | { readonly error: string };

export interface SelectedSubscription extends DefinedSubscription {
  readonly name: string;
  readonly tables: readonly string[];
  /** Rows go up, and do not only come down. */
  readonly uploads: boolean;
}

/** What a database tells dbmlsync. */
export interface SynchronizationState {
  /** Of the database; its logs bear it. */
  readonly database: string;
  readonly remoteId: string;
  readonly role: string;
  /** The active log. */
  readonly log: string;
  /** Up to here the log is committed. */
  readonly position: number;
  /** The option `delete_old_logs`. */
  readonly deleteOldLogs: string;
  /** Those that are to be synchronized. */
  readonly subscriptions: readonly SelectedSubscription[];
  /** The least that any subscription of the same MobiLink user has been acknowledged. */
  readonly oldest: number;
}
