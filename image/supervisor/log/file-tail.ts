import { type FileHandle, open, stat } from 'node:fs/promises';
import { lineSplitter } from './lines';

/** What is done with lines; the next ones are read when it is done. */
export type LineSink = (lines: readonly string[]) => Promise<void>;

const CHUNK = 65_536;

export interface TailedFile {
  readonly path: string;
  /**
   * What stands before it is not of interest.
   * @default 0
   */
  readonly offset?: number;
}

export interface Tail {
  /** Reads to the end, then stops. */
  finish(): Promise<void>;
}

/** Follows a file that may not be there yet, and that its writer may move away to begin a new one. */
export function tail({ path, offset = 0 }: TailedFile, sink: LineSink, everyMillis: number): Tail {
  const stop = new AbortController();
  const done = follow(path, offset, sink, everyMillis, stop.signal);
  // Its error is told by finish; until then nobody waits for it.
  done.catch(() => {});
  return {
    finish() {
      stop.abort();
      return done;
    },
  };
}

async function follow(
  path: string,
  offset: number,
  sink: LineSink,
  everyMillis: number,
  stop: AbortSignal,
): Promise<void> {
  let from = offset;
  const buffer = Buffer.alloc(CHUNK);
  let splitter = lineSplitter();
  let file: FileHandle | undefined;
  try {
    for (;;) {
      const isLast = stop.aborted;
      file ??= await openIfThere(path);
      const isReplaced = file !== undefined && (await isAnother(path, file));
      if (file !== undefined) from = await readToEnd(file, from, buffer, async (chunk) => sink(splitter.push(chunk)));
      if (isReplaced) {
        await sink(splitter.end());
        splitter = lineSplitter();
        await file?.close();
        file = undefined;
        from = 0;
        continue;
      }
      if (isLast) break;
      await pause(everyMillis, stop);
    }
    await sink(splitter.end());
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function isAnother(path: string, file: FileHandle): Promise<boolean> {
  try {
    const [now, opened] = await Promise.all([stat(path), file.stat()]);
    return now.ino !== opened.ino;
  } catch (error) {
    // Moved away, and the new one is not there yet.
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Gives the place up to which everything has been read. */
async function readToEnd(
  file: FileHandle,
  from: number,
  buffer: Buffer,
  take: (chunk: Buffer) => Promise<void>,
): Promise<number> {
  let at = from;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    at += bytesRead;
    await take(buffer.subarray(0, bytesRead));
  }
}

function pause(millis: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, millis);
    function finish() {
      clearTimeout(timer);
      stop.removeEventListener('abort', finish);
      resolve();
    }
    stop.addEventListener('abort', finish, { once: true });
    if (stop.aborted) finish();
  });
}
