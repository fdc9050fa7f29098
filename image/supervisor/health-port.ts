import { createServer, type Server } from 'node:net';

/** The port that the load balancer connects to: it accepts, says nothing and closes. */
export interface HealthPort {
  open(): void;
  close(): void;
}

const AGAIN = 1_000;

/** Listens on all interfaces while it is open. It never asks anything of anybody, so it cannot hang. */
export function healthPort(port: number, onTrouble: (error: Error) => void): HealthPort {
  let server: Server | undefined;
  let timer: NodeJS.Timeout | undefined;

  const listen = () => {
    const made = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => {});
      // An end that the balancer takes for one: destroying would be a reset.
      socket.end(() => socket.destroy());
    });
    server = made;
    made.on('error', (error) => {
      onTrouble(error);
      if (server !== made) return;
      timer = setTimeout(listen, AGAIN);
    });
    made.listen(port);
  };
  return {
    open() {
      if (server === undefined) listen();
    },
    close() {
      clearTimeout(timer);
      const closing = server;
      server = undefined;
      closing?.close(() => {});
    },
  };
}
