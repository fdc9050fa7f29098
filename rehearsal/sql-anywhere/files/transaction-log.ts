import { appendFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import type { LogEntry, LogPoint } from '../mirroring/messages';
import type { Log } from '../mirroring/ports';
import { replaceFile } from './durable';
import { isLogFile, type LogFile, logText, readLogFile } from './log-file';

/** The active log of a database and the offline ones in its folder, all of which a partner reads at start (facts §4.9). */
export class TransactionLog implements Log {
  private readonly offline: LogFile[] = [];
  private active: LogFile;

  /** `file` is the active one. Throws when what it finds does not belong together. */
  constructor(
    public readonly file: string,
    private readonly database: string,
    private readonly base: LogPoint,
  ) {
    const folder = path.dirname(file);
    const found: LogFile[] = [];
    for (const name of readdirSync(folder).sort()) {
      const each = path.join(folder, name);
      if (name.startsWith('.') || each === file || !isLogFile(each)) continue;
      const read = readLogFile(each);
      if (read.database === database) found.push(read);
    }
    found.sort((one, other) => one.previous.position - other.previous.position);
    this.offline.push(...found);
    this.active = this.openActive();
    const first = this.entries()[0];
    if (first && first.position > base.position + 1)
      throw new Error(`a transaction log before ${first.position} is missing`);
  }

  /** The active log begins after this position. */
  public get start(): number {
    return this.active.previous.position;
  }

  /** Those after the point up to which the database file has them. */
  public *since(position: number): Iterable<LogEntry> {
    for (const entry of this.entries()) if (entry.position > position) yield entry;
  }

  public last(): LogPoint {
    const { entries, previous } = this.active;
    const { position, sequence } = entries.at(-1) ?? previous;
    return { position, sequence };
  }

  public pointAt(position: number): LogPoint | undefined {
    if (position === 0) return { position: 0, sequence: 0 };
    for (const { previous, entries } of [this.active, ...this.available()]) {
      if (position === previous.position) return previous;
      const entry = entries[position - previous.position - 1];
      if (entry) return { position, sequence: entry.sequence };
    }
    return undefined;
  }

  public after(position: number, limit: number): readonly LogEntry[] {
    return this.entries()
      .filter((entry) => entry.position > position)
      .slice(0, limit);
  }

  public append(entries: readonly LogEntry[]): void {
    appendFileSync(this.file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    this.active.entries.push(...entries);
  }

  public truncateAfter(position: number): void {
    const { previous, entries } = this.active;
    if (position < previous.position) throw new Error('a renamed log cannot be taken back');
    this.active = this.write(previous, entries.slice(0, position - previous.position));
  }

  /** Everything up to a position goes to a file of its own; the active log begins after it. */
  public rename(name: string, position: number): void {
    const { previous, entries } = this.active;
    const count = position - previous.position;
    const file = path.join(path.dirname(this.file), name);
    const before = { file, database: this.database, previous, entries: entries.slice(0, count) };
    replaceFile(file, logText(before));
    this.offline.push(before);
    const { sequence } = before.entries.at(-1) ?? previous;
    this.active = this.write({ position, sequence }, entries.slice(count));
  }

  /** Names of the offline logs that are still there, oldest first. */
  public offlineNames(): string[] {
    return this.available()
      .reverse()
      .map(({ file }) => path.basename(file));
  }

  /** A mirror keeps no log that its primary does not have (facts §4.9). */
  public deleteOlderThan(oldest: string): void {
    const names = this.offlineNames();
    for (const name of names.slice(0, Math.max(0, names.indexOf(oldest)))) {
      rmSync(path.join(path.dirname(this.file), name));
    }
  }

  public activeText(): string {
    return logText(this.active);
  }

  private openActive(): LogFile {
    if (!existsSync(this.file)) {
      const last = this.offline.at(-1)?.entries.at(-1);
      return this.write(last ? { position: last.position, sequence: last.sequence } : this.base, []);
    }
    const read = readLogFile(this.file);
    if (read.database !== this.database) throw new Error(`${this.file} belongs to another database`);
    return read.torn ? this.write(read.previous, read.entries) : read;
  }

  /** Newest first, as long as there is no gap: somebody deletes old ones. */
  private available(): LogFile[] {
    const found: LogFile[] = [];
    let start = this.active.previous.position;
    for (const log of [...this.offline].reverse()) {
      const end = log.previous.position + log.entries.length;
      if (end !== start || !existsSync(log.file)) break;
      found.push(log);
      start = log.previous.position;
    }
    return found;
  }

  private entries(): LogEntry[] {
    return [...this.available().reverse(), this.active].flatMap(({ entries }) => entries);
  }

  private write(previous: LogPoint, entries: LogEntry[]): LogFile {
    const log = { file: this.file, database: this.database, previous, entries };
    replaceFile(this.file, logText(log));
    return log;
  }
}
