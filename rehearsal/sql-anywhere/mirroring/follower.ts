import type { Entries, LogPoint, MirrorMode, MirrorState, Status, Written } from './messages';
import type { Log } from './ports';

/** Entries in one message; a mirror that was away catches up in steps. */
const ENTRIES_AT_ONCE = 64;

/** The mirror, as its primary knows it: how far its log is the same. */
export class Follower {
  public readonly incarnation: string;
  /** Up to here, and not a guess. */
  public matched: number | undefined;
  private next: number;

  constructor({ incarnation, last }: Status, log: Log) {
    this.incarnation = incarnation;
    this.next = Math.min(last.position, log.last().position);
  }

  public hear({ matched, position }: Written): void {
    if (matched) {
      this.matched = Math.max(this.matched ?? 0, position);
      this.next = this.matched;
    } else if (this.matched === undefined) {
      this.next = Math.min(this.next, position);
    }
  }

  /** What it has to be told now; undefined when the logs do not reach back to where it stands. */
  public message(log: Log, sequence: number, state: MirrorState, mode: MirrorMode): Entries | undefined {
    const previous: LogPoint | undefined = log.pointAt(this.next);
    const entries = log.after(this.next, ENTRIES_AT_ONCE);
    const isGap = this.next < log.last().position && entries[0]?.position !== this.next + 1;
    return previous && !isGap ? { kind: 'entries', sequence, previous, entries, state, mode } : undefined;
  }
}
