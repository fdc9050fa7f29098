import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import type { Ending } from './life/observation';

export interface ChildSettings {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** A process of ours, in a group of its own: a signal for the container reaches only the supervisor. */
export interface Child {
  /** Undefined when it could not be started. */
  readonly pid?: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Does not wait for the pipes: whoever the child has left behind may hold them. */
  readonly ended: Promise<Ending & { readonly detail?: string }>;
  /** To the process alone. */
  signal(name: NodeJS.Signals): void;
  /** To the process and to all that it has started. */
  killAll(): void;
}

/** What a shell says of a program that is not there, and of one that it may not run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** Starts a child in the foreground; one that cannot be started has ended at once. */
export function startChild({ program, arguments: args, environment, folder }: ChildSettings): Child {
  const child = spawn(program, [...args], {
    env: { ...environment },
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    pid: child.pid,
    // Without a descriptor left there is not even a pipe.
    stdout: child.stdout ?? Readable.from([]),
    stderr: child.stderr ?? Readable.from([]),
    ended: endOf(child),
    signal(name) {
      // Unlike process.kill this knows that the child has ended and its number may be another's.
      child.kill(name);
    },
    killAll() {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nobody is left in the group.
      }
    },
  };
}

function endOf(child: ChildProcess): Child['ended'] {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? { code: code ?? 0 } : { signal }));
    child.once('error', (error) => {
      // A signal that could not be sent comes here too, and is no end.
      if (child.pid !== undefined) return;
      const isMissing = 'code' in error && error.code === 'ENOENT';
      resolve({ code: isMissing ? NOT_FOUND : NOT_RUNNABLE, detail: error.message });
    });
  });
}
