import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { isLogFile, type LogFile, readLogFile } from '../files/log-file';
import type { SynchronizationState } from '../server/handshake';
import type { Change, TableRow } from '../sql/change';
import type { Variants } from '../variants';
import { SyncError } from './sync-log';

type State = Pick<SynchronizationState, 'database' | 'log' | 'position'>;

/** The active log and the offline ones of the folder that dbmlsync was given, in their order. */
export class LogScan {
  /** Oldest first, without a gap from there to the end of what is committed. */
  public readonly logs: readonly LogFile[];

  /** Throws when the logs do not reach back to `from`, or not up to what the server has committed. */
  constructor(
    private readonly state: State,
    folder: string | undefined,
    from: number,
    private readonly variants: Variants,
  ) {
    this.logs = this.read(folder);
    if (this.start(this.logs) > from) throw new SyncError(this.missing(from, this.logs));
  }

  /** What was committed into these tables after `from`; not what came by download, nor what was rolled back. */
  public rows(from: number, tables: readonly string[]): TableRow[] {
    let last = from;
    const rows: TableRow[] = [];
    for (const { position, change } of this.logs.flatMap(({ entries }) => entries)) {
      // A copy of a log says nothing new.
      if (position <= last || position > this.state.position) continue;
      last = position;
      rows.push(...inserted(change as Change).filter(({ table }) => tables.includes(table)));
    }
    return rows;
  }

  /** The position from which on nothing is missing. */
  private start(logs: readonly LogFile[]): number {
    let start = this.state.position;
    for (const { previous, entries } of [...logs].reverse()) {
      if (previous.position + entries.length >= start) start = Math.min(start, previous.position);
    }
    return start;
  }

  private read(folder: string | undefined): LogFile[] {
    const { log: active, database } = this.state;
    const read = (file: string) => {
      if (!existsSync(file)) return [];
      if (!isLogFile(file)) return this.foreign(file);
      const log = readLogFile(file);
      return log.database === database ? [log] : this.foreign(file);
    };
    // First the active one: what a rename takes out of it stands in one of the others, which are listed after it.
    const found = read(active);
    if (folder !== undefined) found.push(...this.list(folder).flatMap((file) => (file === active ? [] : read(file))));
    return found.sort((one, other) => one.previous.position - other.previous.position);
  }

  private list(folder: string): string[] {
    if (!existsSync(folder)) throw new SyncError(`Cannot open the directory ${folder}`);
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && !name.endsWith('.db'))
      .map((name) => path.join(folder, name));
  }

  private foreign(file: string): LogFile[] {
    if (this.variants.foreign_files === 'ignored') return [];
    throw new SyncError(`${file} is not a transaction log of this database`);
  }

  /** The wording is UNSOURCED. */
  private missing(from: number, logs: readonly LogFile[]): string {
    const start = this.start(logs);
    switch (this.variants.missing_log) {
      case 'off-line':
        return `No off-line transaction log file found and on-line transaction log starts at offset ${start}`;
      case 'missing':
        return `Missing transaction log(s) before file ${path.basename(this.state.log)} (starting at ${start})`;
      case 'offset':
        return `Unable to find log operation at log offset ${from}`;
    }
  }
}

function inserted(change: Change): TableRow[] {
  switch (change.kind) {
    case 'insert':
      return [{ table: change.table, row: change.row }];
    case 'transaction':
      return change.changes.flatMap(inserted);
    default:
      return [];
  }
}
