import type { TableRow } from '../sql/change';

/*
 * What dbmlsync and the MobiLink server of the stand-ins say to each other: JSON lines, nothing of SAP's own protocol. Each word of the
 * client's gets one answer.
 */

export type ClientWord =
  | { readonly begin: Beginning }
  /** A part of the upload; it counts when its end is there. */
  | { readonly rows: readonly TableRow[] }
  /** All that was committed after `from`, up to `to`. */
  | { readonly uploaded: { readonly from: number; readonly to: number } }
  | { readonly download: { readonly tables: readonly string[] } }
  /** What was downloaded is committed on the remote. */
  | { readonly downloaded: number };

export interface Beginning {
  readonly remoteId: string;
  readonly subscription: string;
  readonly user: string;
  readonly password: string;
  /** The database server that dbmlsync works for, and its role: for those who look whether the rules are kept. */
  readonly server: string;
  readonly role: string;
}

export type ServerWord =
  /** What the consolidated database has of the subscription, which wins over what the remote believes (facts §5.5). */
  | { readonly progress: number | null }
  | { readonly acknowledged: number }
  | { readonly rows: readonly TableRow[]; readonly mark: number }
  | { readonly done: true }
  | { readonly error: string };
