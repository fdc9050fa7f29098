import type { Readable } from 'node:stream';
import type { LineSink } from './file-tail';
import { lineSplitter } from './lines';

/** Reads a pipe to its end, no faster than its lines are taken: the writer waits, memory does not grow. */
export async function readPipe(pipe: Readable, sink: LineSink): Promise<void> {
  const splitter = lineSplitter();
  try {
    for await (const chunk of pipe) await sink(splitter.push(chunk as Buffer));
  } catch (error) {
    // Destroyed by us, because somebody else kept it open after the server's end.
    if (!isPrematureClose(error)) throw error;
  }
  await sink(splitter.end());
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
