import type { LogEntry, LogPoint } from '../sql-anywhere/mirroring/messages';
import type { Log } from '../sql-anywhere/mirroring/ports';

const BEGINNING: LogPoint = { position: 0, sequence: 0 };

/** The transaction log of one partner on its volume: it outlives its server and its host. */
export class PairLog implements Log {
  private readonly entries: LogEntry[] = [];

  public last(): LogPoint {
    return this.entries.at(-1) ?? BEGINNING;
  }

  public pointAt(position: number): LogPoint | undefined {
    return position === 0 ? BEGINNING : this.entries[position - 1];
  }

  public after(position: number, limit: number): readonly LogEntry[] {
    return this.entries.slice(position, position + limit);
  }

  public append(entries: readonly LogEntry[]): void {
    this.entries.push(...entries);
  }

  public truncateAfter(position: number): void {
    this.entries.length = position;
  }
}
