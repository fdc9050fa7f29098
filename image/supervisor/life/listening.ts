import { socketsOf } from '../sockets';
import { answers } from './answers';

const LOOPBACK = '127.0.0.1';
const PATIENCE = 1_000;

/** Whether the process itself listens on all the ports. Its log is never asked, and no connection made that it would log. */
export async function listensOn(pid: number, ports: readonly number[]): Promise<boolean> {
  const sockets = await socketsOf(pid);
  if (sockets === undefined) {
    // Nobody may look into it: then by a connection each.
    return (await Promise.all(ports.map((port) => answers(LOOPBACK, port, PATIENCE)))).every(Boolean);
  }
  const open = new Set(sockets.flatMap(({ state, local }) => (state === 'listen' ? [local.port] : [])));
  return ports.every((port) => open.has(port));
}
