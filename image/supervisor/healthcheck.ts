import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

const SOCKET = 'supervisor.sock';
const PATIENCE = 2_000;

/** Answers on a socket in the scratch folder with one line, for as long as the supervisor is not stuck. */
export function answerHealthchecks(scratch: string, state: () => object, onTrouble: (error: Error) => void): Server {
  const path = join(scratch, SOCKET);
  // Of the container before this one, when it is started again in place.
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${JSON.stringify(state())}\n`);
  });
  server.on('error', onTrouble);
  server.listen(path);
  server.unref();
  return server;
}

/**
 * Whether the supervisor answers, shallow: a container that waits for its database is healthy, and replacing it would help nobody.
 * Prints what the supervisor says; gives the exit code.
 */
export function healthcheck(scratch: string, print: (line: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ path: join(scratch, SOCKET), timeout: PATIENCE });
    let answer = '';
    const settle = (code: number, words: string) => {
      socket.destroy();
      print(words);
      resolve(code);
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.once('end', () =>
      answer.endsWith('\n') ? settle(0, answer.trim()) : settle(1, 'The supervisor broke off'),
    );
    socket.once('timeout', () => settle(1, `The supervisor does not answer within ${PATIENCE} ms`));
    socket.once('error', (error) => settle(1, `The supervisor cannot be reached: ${error.message}`));
  });
}
