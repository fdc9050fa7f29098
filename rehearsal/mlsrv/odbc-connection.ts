import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One session with the database, held by a child. */
export interface Connection {
  /** Gives the error; undefined when the statement was carried out. */
  ask(sql: string): Promise<string | undefined>;
  kill(): void;
}

/** Opens a session that lasts, over the real driver manager and the real driver. */
export async function openConnection(connectionString: string): Promise<Connection> {
  // isql writes into a pipe by blocks; line by line it can be spoken with.
  const child = spawn('stdbuf', ['-oL', 'isql', '-k', connectionString, '-b', '-v', '-d|'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let settle: ((error: string | undefined) => void) | undefined;
  let asked = 0;
  let gone: string | undefined;
  const answer = (error: string | undefined) => {
    settle?.(error);
    settle = undefined;
  };
  const read = (line: string) => {
    if (line === `done-${asked}`) answer(undefined);
    else if (/^\[\w{5}\]/.test(line)) answer(line);
  };
  createInterface({ input: child.stdout }).on('line', read);
  createInterface({ input: child.stderr }).on('line', read);
  child.once('close', () => {
    gone = '[08S01] the session has ended';
    answer(gone);
  });
  child.stdin.on('error', () => {});
  return {
    ask(sql) {
      if (gone !== undefined) return Promise.resolve(gone);
      asked++;
      child.stdin.write(`${sql}\nSELECT 'done-${asked}'\n`);
      return new Promise((resolve) => {
        settle = resolve;
      });
    },
    kill: () => child.kill('SIGKILL'),
  };
}
