import { appendFileSync } from 'node:fs';

/** A sync cannot go on; what its log says of that. */
export class SyncError extends Error {}

/** What dbmlsync writes: lines that begin with `I.`, or with `E.` for an error. */
export class SyncLog {
  constructor(private readonly file: string | undefined) {}

  public info(text: string): void {
    this.write('I', text);
  }

  public error(text: string): void {
    this.write('E', text);
  }

  private write(level: string, text: string): void {
    const line = `${level}. ${new Date().toISOString().slice(0, 19).replace('T', ' ')}. ${text}\n`;
    if (this.file) appendFileSync(this.file, line, { mode: 0o600 });
    else process.stdout.write(line);
  }
}
