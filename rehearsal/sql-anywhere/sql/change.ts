/** What a committed statement does to a database. It stands in the log so that the mirror does the same; never a password. */
export type Change =
  | { readonly kind: 'user'; readonly name: string; readonly hash: string }
  | { readonly kind: 'role'; readonly user: string; readonly role: string }
  | { readonly kind: 'execute'; readonly user: string; readonly procedure: string }
  | { readonly kind: 'option'; readonly name: string; readonly value: string }
  | ({ readonly kind: 'mirror-server'; readonly name: string } & MirrorServer)
  | { readonly kind: 'mirror-option'; readonly name: string; readonly value: string | null }
  | { readonly kind: 'procedure'; readonly name: string; readonly body: string }
  | { readonly kind: 'service'; readonly name: string; readonly procedure: string; readonly user: string }
  | { readonly kind: 'event'; readonly name: string; readonly event: DatabaseEvent }
  | { readonly kind: 'drop-event'; readonly name: string }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'row'; readonly table: string; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'delete-rows'; readonly table: string; readonly column: string; readonly equal: string }
  /** Kept, and not looked into. */
  | { readonly kind: 'definition'; readonly what: string }
  /** By dbmlsync: how far the consolidated database has it, and what came from there. */
  | { readonly kind: 'synchronized'; readonly progress: number; readonly downloaded: readonly string[] }
  | { readonly kind: 'insert'; readonly value: string }
  /** The primary's log got another name; a mirror does the same with its own, and deletes what is older than `oldest`. */
  | { readonly kind: 'rename-log'; readonly file: string; readonly oldest: string };

/** What fires it, and what it runs. */
export interface DatabaseEvent {
  /** A system event. @default - it has a schedule */
  readonly type?: string;
  /** Seconds from one firing to the next. @default - it has a type */
  readonly every?: number;
  readonly command: string;
}

export interface MirrorServer {
  readonly type: 'PRIMARY' | 'MIRROR' | 'PARTNER' | 'ARBITER';
  readonly connectionString: string;
  readonly stateFile?: string;
}

export const MIRROR_OPTIONS = [
  'authentication_string',
  'auto_failover',
  'synchronization_mode',
  'max_disconnected_time',
  'max_logfile_size',
  'max_retry_connect_time',
  'page_timeout',
  'promotion_time',
  'lagtime',
];
