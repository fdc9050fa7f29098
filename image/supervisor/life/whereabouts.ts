import { lookup } from 'node:dns/promises';
import { socketsOf, type TcpSocket } from '../sockets';
import { answers } from './answers';
import type { Endpoint } from './endpoints';
import type { Connections } from './observation';

export interface WhereaboutsSettings {
  readonly endpoints: readonly Endpoint[];
  /** @default 1000 */
  readonly patienceMillis?: number;
}

/** Tells where the connections of a process to the database lead. */
export type Whereabouts = (pid: number) => Promise<Connections | undefined>;

/** Of a data source whose name may move from one address to another. */
export function whereabouts({ endpoints, patienceMillis = 1_000 }: WhereaboutsSettings): Whereabouts {
  const ports = new Set(endpoints.map(({ port }) => port));
  const resolve = resolver(patienceMillis);
  return async (pid) => {
    const [sockets, places] = await Promise.all([socketsOf(pid), placesOf(endpoints, resolve)]);
    if (sockets === undefined || places === undefined) return undefined;
    const ours = sockets.filter(({ remote }) => ports.has(remote.port));
    const established = ours.filter(({ state }) => state === 'established');
    const here = established.filter(({ remote }) => places.has(placeOf(remote.address, remote.port)));
    const dead = await deadAmong(here, places.size, patienceMillis);
    return {
      current: here.length - dead,
      elsewhere: established.length - here.length + dead,
      closed: ours.filter(({ state }) => state === 'closed-by-peer').length,
    };
  };
}

function placeOf(address: string, port: number): string {
  return `${address} ${port}`;
}

/** Undefined when the names cannot be resolved now: then nothing can be said of any connection. */
async function placesOf(
  endpoints: readonly Endpoint[],
  resolve: (host: string) => Promise<string[]>,
): Promise<Set<string> | undefined> {
  try {
    const found = await Promise.all(
      endpoints.map(async ({ host, port }) => {
        const addresses = await resolve(host);
        return addresses.map((address) => placeOf(address, port));
      }),
    );
    return new Set(found.flat());
  } catch {
    return undefined;
  }
}

/** One question for a name at a time: each that hangs keeps one of the few threads that read files too. */
function resolver(patienceMillis: number): (host: string) => Promise<string[]> {
  const asked = new Map<string, Promise<string[]>>();
  return (host) => {
    const question =
      asked.get(host) ??
      lookup(host, { all: true })
        .then((found) => found.map(({ address }) => address))
        .finally(() => asked.delete(host));
    asked.set(host, question);
    return inTime(question, patienceMillis);
  };
}

/**
 * How many of the connections lead to a place where nobody answers any more. Of one place the probe has just shown that somebody does;
 * of several, as for both partners of a mirrored pair, it has shown it of one.
 */
async function deadAmong(sockets: readonly TcpSocket[], places: number, patienceMillis: number): Promise<number> {
  if (places < 2) return 0;
  const remotes = new Map(sockets.map(({ remote }) => [placeOf(remote.address, remote.port), remote]));
  const dead = new Set<string>();
  await Promise.all(
    [...remotes].map(async ([place, { address, port }]) => {
      if (!(await answers(address, port, patienceMillis))) dead.add(place);
    }),
  );
  return sockets.filter(({ remote }) => dead.has(placeOf(remote.address, remote.port))).length;
}

async function inTime<T>(promise: Promise<T>, millis: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came within ${millis} ms`)), millis);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
