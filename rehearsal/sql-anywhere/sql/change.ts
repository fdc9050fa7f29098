/** What a committed statement does to a database. It stands in the log so that the mirror does the same; never a password. */
export type Change =
  | { readonly kind: 'user'; readonly name: string; readonly hash: string }
  | { readonly kind: 'role'; readonly user: string; readonly role: string }
  /** `privilege`: words such as `EXECUTE` or `SELECT, INSERT`, and what they are granted on. */
  | { readonly kind: 'privilege'; readonly user: string; readonly privilege: string }
  | { readonly kind: 'option'; readonly name: string; readonly value: string }
  | ({ readonly kind: 'mirror-server'; readonly name: string } & MirrorServer)
  | { readonly kind: 'mirror-option'; readonly name: string; readonly value: string | null }
  | { readonly kind: 'procedure'; readonly name: string; readonly body: string }
  | { readonly kind: 'service'; readonly name: string; readonly procedure: string; readonly user: string }
  | ({ readonly kind: 'event'; readonly name: string } & DatabaseEvent)
  | { readonly kind: 'drop-event'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'table'; readonly name: string; readonly ifNotExists: boolean; readonly table: TableDefinition }
  | { readonly kind: 'publication'; readonly name: string; readonly publication: Publication }
  | { readonly kind: 'synchronization-user'; readonly name: string; readonly definition: string }
  | ({ readonly kind: 'subscription'; readonly name: string } & Subscription)
  | { readonly kind: 'profile'; readonly name: string; readonly options: string }
  | RowChange
  /** What one transaction did, all of it or nothing. */
  | { readonly kind: 'transaction'; readonly changes: readonly RowChange[] }
  /** Stands in the log though it never became part of the database. */
  | { readonly kind: 'rolled-back'; readonly changes: readonly RowChange[] }
  /** Written by dbmlsync: `rows` came by download, and everything up to `progress` is at the consolidated database. */
  | {
      readonly kind: 'synchronized';
      readonly subscription: string;
      readonly progress: number;
      readonly rows: readonly TableRow[];
    }
  /** The primary's log got another name; a mirror does the same with its own, and deletes what is older than `oldest`. */
  | { readonly kind: 'rename-log'; readonly file: string; readonly oldest: string };

export type RowChange =
  | ({ readonly kind: 'insert' } & TableRow)
  | { readonly kind: 'delete'; readonly table: string; readonly condition?: Condition };

export type Row = Readonly<Record<string, string | null>>;

export interface TableRow {
  readonly table: string;
  readonly row: Row;
}

/** `"column" = 'text'`, or `LIKE`. */
export interface Condition {
  readonly column: string;
  readonly like: boolean;
  readonly text: string;
}

export interface TableDefinition {
  readonly columns: readonly string[];
  /** Columns of the primary key. */
  readonly key: readonly string[];
}

/** `START TIME … EVERY … [ON …]`, in the time of the server's clock. */
export interface EventSchedule {
  /** Seconds after midnight. */
  readonly startSeconds: number;
  readonly everySeconds: number;
  /** 0 for Sunday. @default - each day */
  readonly weekdays?: readonly number[];
}

export interface DatabaseEvent {
  /** What fires it: a word such as `MirrorFailover`, or a schedule. */
  readonly on: string | EventSchedule;
  /** What its handler gives to xp_cmdshell. */
  readonly command: string;
  /** The handler ends its transaction before it calls. */
  readonly commits: boolean;
}

export interface Publication {
  readonly tables: readonly string[];
  /** Nothing of it is ever uploaded, so it needs no log. */
  readonly downloadOnly: boolean;
}

export interface Subscription {
  readonly publication: string;
  readonly user: string;
  /** As the statement has it. @default - the command line has to say where the MobiLink server is */
  readonly address?: string;
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
