interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** Far more than any round needs; a world that never comes to rest must fail and not hang. */
const MOST_EVENTS = 200_000;

/** Time that moves only when everything that is going on waits for it. */
export class VirtualTime {
  private readonly entries: Entry[] = [];
  private order = 0;

  constructor(private time: number) {}

  public now(): number {
    return this.time;
  }

  public after(millis: number, action: () => void): void {
    const entry = { at: this.time + Math.max(0, millis), order: this.order++, action };
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.entries[middle] as Entry;
      if (other.at < entry.at || (other.at === entry.at && other.order < entry.order)) low = middle + 1;
      else high = middle;
    }
    this.entries.splice(low, 0, entry);
  }

  /** Until a moment, or until nothing is left to happen. */
  public async runUntil(end: number): Promise<void> {
    await settle();
    let events = 0;
    for (let next = this.entries[0]; next && next.at <= end; next = this.entries[0]) {
      if (++events > MOST_EVENTS) throw new Error('the world never comes to rest');
      this.entries.shift();
      this.time = next.at;
      next.action();
      await settle();
    }
    this.time = Math.max(this.time, end);
  }
}

/** One real turn of the event loop: every promise chain has run to its end. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
