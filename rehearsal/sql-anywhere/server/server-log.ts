import { appendFileSync } from 'node:fs';

/** The server's own messages, on its standard output and in the file of `-o`. Their wording is UNSOURCED. */
export class ServerLog {
  constructor(private readonly file: string | undefined) {}

  public info(text: string): void {
    this.write('I', text);
  }

  public error(text: string): void {
    this.write('E', text);
  }

  private write(level: string, text: string): void {
    const at = new Date().toISOString().replace('T', ' ').slice(0, 23);
    const line = `${level}. ${at}. ${text}\n`;
    process.stdout.write(line);
    if (this.file) appendFileSync(this.file, line);
  }
}
