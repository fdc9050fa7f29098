/** Lets so many do something at once; the others wait in the order in which they came. */
export class Lanes {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  public async enter(): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  public leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}
