import { vi } from 'vitest';

/** What a function writes into its log, from now on until the mocks are restored. */
export class WrittenLines {
  private written = '';

  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((text) => {
        this.written += String(text);
        return true;
      });
    }
    // Where it is not the stream that is written to.
    for (const name of ['debug', 'info', 'warn', 'error', 'log'] as const) {
      vi.spyOn(console, name).mockImplementation((...words: unknown[]) => {
        this.written += `${words.join(' ')}\n`;
      });
    }
  }

  public get text(): string {
    return this.written;
  }

  /** The lines of JSON. */
  public get json(): Record<string, unknown>[] {
    return this.written
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
