/** Numbers that look random and are the same for the same seed. */
export class Dice {
  constructor(private state: number) {}

  /** From 0 up to, not including, 1. */
  public next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let it = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
    return ((it ^ (it >>> 14)) >>> 0) / 2 ** 32;
  }

  public between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  public hits(probability: number): boolean {
    return this.next() < probability;
  }
}
