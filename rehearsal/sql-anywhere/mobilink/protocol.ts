/** What dbmlsync and the MobiLink server of the stand-ins say to each other: JSON lines, nothing of SAP's own protocol. */

export type ClientWord =
  | { readonly begin: { readonly remote: string; readonly server: string; readonly password: string } }
  /** Rows that were committed after `from`, up to `to`. */
  | { readonly upload: { readonly from: number; readonly to: number; readonly rows: readonly string[] } }
  | { readonly download: true }
  | { readonly end: true };

export type ServerWord =
  /** What the consolidated database has of this remote: it wins over what the remote believes (facts §5.5). */
  | { readonly progress: number }
  | { readonly acknowledged: number }
  | { readonly rows: readonly string[] }
  | { readonly error: string };
