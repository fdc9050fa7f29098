import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Program {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A file that it reads as its stdin. A pipe would hand it half a statement when this process is killed. */
  readonly input?: string;
}

/** How a program ended, and the end of what it said. */
export interface Outcome {
  /** Null after a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_OUTPUT = 262_144;

/** Runs a program to its end, or until the signal, which kills it and all that it has started. Rejects when it cannot be started. */
export function runProgram(it: Program, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const input = openSync(it.input ?? '/dev/null', 'r');
    const child = spawn(it.program, [...it.arguments], {
      env: { ...it.environment },
      // A group of its own, so that everything in it can be killed at once.
      detached: true,
      stdio: [input, 'pipe', 'pipe'],
    });
    closeSync(input);
    const stdout = endOf(child.stdout);
    const stderr = endOf(child.stderr);
    const kill = () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // All of them have ended.
      }
    };
    signal.addEventListener('abort', kill, { once: true });
    const settle = () => signal.removeEventListener('abort', kill);
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (exitCode) => {
      settle();
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** Reads all, so that no child waits for its reader, and keeps the end. */
function endOf(stream: NodeJS.ReadableStream | null): () => string {
  let chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < 2 * MOST_OUTPUT) return;
    chunks = [Buffer.concat(chunks).subarray(-MOST_OUTPUT)];
    length = MOST_OUTPUT;
  });
  return () => Buffer.concat(chunks).subarray(-MOST_OUTPUT).toString('utf8');
}
