/** As much of a clock as a stand-in needs on its own: a queue of moments, each done in its order. */
export class QueueClock {
  private readonly queue: { time: number; order: number; action: () => unknown }[] = [];
  private order = 0;

  constructor(private time = Date.UTC(2026, 0, 5, 9, 0, 0)) {}

  public now(): number {
    return this.time;
  }

  public at(time: number, _what: string, action: () => unknown): { cancel(): void } {
    const entry = { time: Math.max(time, this.time), order: this.order++, action };
    this.queue.push(entry);
    return {
      cancel: () => {
        const index = this.queue.indexOf(entry);
        if (index >= 0) this.queue.splice(index, 1);
      },
    };
  }

  public after(millis: number, what: string, action: () => unknown): { cancel(): void } {
    return this.at(this.time + millis, what, action);
  }

  /** Lets so much time pass; what an action sets off is done before the next one. */
  public async run(millis: number): Promise<void> {
    const end = this.time + millis;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      this.queue.sort((a, b) => a.time - b.time || a.order - b.order);
      const [next] = this.queue;
      if (!next || next.time > end) break;
      this.queue.shift();
      this.time = next.time;
      await next.action();
    }
    this.time = end;
  }
}

/** Everything takes as long as the test says. */
export const taking = (millis: number) => ({ sample: () => millis });
