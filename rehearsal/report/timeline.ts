/** Prints what happens while it happens, in virtual time since the scenario began. */
export class Timeline {
  private last = '';

  constructor(
    private readonly start: number,
    private readonly now: () => number,
    private readonly write: (line: string) => void,
  ) {}

  public say(who: string, what: string): void {
    const line = `  ${elapsed(this.now() - this.start)}  ${who.padEnd(9)} ${what}`;
    if (line === this.last) return;
    this.last = line;
    this.write(line);
  }
}

/** `12:05.3`: minutes, seconds and tenths. */
export function elapsed(millis: number): string {
  const tenths = Math.floor(millis / 100);
  const minutes = Math.floor(tenths / 600);
  const seconds = Math.floor((tenths % 600) / 10);
  return `${String(minutes).padStart(3)}:${String(seconds).padStart(2, '0')}.${tenths % 10}`;
}
