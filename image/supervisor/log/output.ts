import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Where lines go. */
export interface Output {
  /** Waits while the reader does: who writes many lines must wait for it, or they pile up in memory. */
  write(lines: readonly string[]): Promise<void>;
  /** For single lines of our own; dropped when too many pile up because nobody reads. */
  say(line: string): void;
  /** Until everything has been handed over, or the time is over. */
  drained(patienceMillis: number): Promise<void>;
}

const MOST_UNREAD = 1_048_576;

/** Writes to a stream whose reader may be slow, stop, or go away. */
export function outputTo(stream: Writable): Output {
  let isBroken = stream.destroyed;
  const broken = new Promise<void>((resolve) => {
    // Nobody reads the log any more: no reason to stop serving.
    const breakOff = () => {
      isBroken = true;
      resolve();
    };
    stream.on('error', breakOff);
    stream.on('close', breakOff);
  });
  // Many writers wait for one event.
  stream.setMaxListeners(0);
  return {
    async write(lines) {
      if (isBroken || lines.length === 0) return;
      if (stream.write(`${lines.join('\n')}\n`)) return;
      const patience = new AbortController();
      await Promise.race([once(stream, 'drain', { signal: patience.signal }), broken]).finally(() => patience.abort());
    },
    say(line) {
      if (!isBroken && stream.writableLength < MOST_UNREAD) stream.write(`${line}\n`);
    },
    async drained(patienceMillis) {
      const until = performance.now() + patienceMillis;
      while (!isBroken && stream.writableLength > 0 && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}
