import type { Readable } from 'node:stream';
import { type LineSink, type TailedFile, tail } from './file-tail';
import { type LineMeaning, meaningOf } from './line-meaning';
import { onceOfTwo } from './once';
import type { Output } from './output';
import { readPipe } from './pipe';

export interface ServerLogSettings {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly file: TailedFile;
  readonly redact: (text: string) => string;
  readonly output: Output;
  readonly onLine: (line: string, meaning: LineMeaning) => void;
  readonly onTrouble: (error: Error) => void;
}

/** What one server writes, on its way to stdout. */
export interface ServerLog {
  /** Once the server has ended: until its last line is out, or the time is over. */
  finish(patienceMillis: number): Promise<void>;
}

const LOOK_EVERY = 250;

/** Passes the lines of a server on, each once, whichever way they come, and no faster than stdout is read. */
export function passLogOn(settings: ServerLogSettings): ServerLog {
  const { stdout, stderr, file, onTrouble } = settings;
  const [ofPipe, ofFile] = onceOfTwo();
  const fromPipe: LineSink = (lines) => pass(ofPipe(lines), settings);
  const tailed = tail(file, (lines) => pass(ofFile(lines), settings), LOOK_EVERY);
  const pipes = Promise.all([readPipe(stdout, fromPipe), readPipe(stderr, fromPipe)]).catch(onTrouble);
  return {
    async finish(patienceMillis) {
      const timer = setTimeout(() => {
        // Somebody whom the server has left behind keeps them open.
        stdout.destroy();
        stderr.destroy();
      }, patienceMillis / 2);
      const all = Promise.all([pipes, tailed.finish().catch(onTrouble)]);
      let late: NodeJS.Timeout | undefined;
      const patience = new Promise((resolve) => {
        late = setTimeout(resolve, patienceMillis);
      });
      await Promise.race([all, patience]);
      clearTimeout(timer);
      clearTimeout(late);
    },
  };
}

async function pass(lines: readonly string[], { redact, output, onLine }: ServerLogSettings): Promise<void> {
  for (const line of lines) onLine(line, meaningOf(line));
  await output.write(lines.map(redact));
}
