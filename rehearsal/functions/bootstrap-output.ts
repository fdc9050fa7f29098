import type { FromProcess } from './protocol';

type Written = (error?: Error | null) => void;

/** Sends what a bundle writes to its standard streams to the rehearsal, a line at a time, with the moment it was written. */
export function captureOutput(send: (message: FromProcess) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    let unfinished = '';
    stream.write = (chunk: string | Uint8Array, ...rest: (BufferEncoding | Written | undefined)[]) => {
      const encoding = rest.find((it) => typeof it === 'string');
      const text =
        typeof chunk === 'string' ? Buffer.from(chunk, encoding).toString('utf8') : Buffer.from(chunk).toString('utf8');
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) if (line !== '') send({ type: 'log', at: Date.now(), text: line });
      const written = rest.find((it) => typeof it === 'function');
      if (written) process.nextTick(written);
      return true;
    };
  }
}
