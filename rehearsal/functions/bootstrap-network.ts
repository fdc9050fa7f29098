import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { promisify } from 'node:util';
import workerThreads from 'node:worker_threads';
import { CALLER_HEADER, type Connection, type FromProcess, SEQUENCE_HEADER, WIRE_HOST } from './protocol';

/**
 * Leads the function's sockets to the stand-ins and asks the rehearsal for names. Everything else is refused, by name: no
 * function of a rehearsal reaches anything outside of it.
 */
export function replaceNetwork(wirePort: number, send: (message: FromProcess) => void) {
  const open = new Set<string>();
  const lookUps = new Map<string, (addresses: string[] | undefined) => void>();
  const connecting = new Map<string, (connection: Connection) => void>();
  const requests: OpenRequests = { open, bySocket: new WeakMap() };
  let sequence = 0;

  const refuse = (what: string): Error => {
    send({ type: 'refused', what });
    return Object.assign(new Error(`The rehearsal refuses ${what}: it is not a part of the synthesized system`), {
      code: 'ECONNREFUSED',
    });
  };

  countRequests(requests, () => `request-${++sequence}`);
  const ask = (host: string, port: number, answered: (connection: Connection) => void) => {
    const asked = `connect-${++sequence}`;
    open.add(asked);
    connecting.set(asked, answered);
    send({ type: 'connect', sequence: asked, host, port });
  };
  replaceConnect(wirePort, { ask, refuse, requests });
  replaceNames(
    (name) =>
      new Promise((done) => {
        const asked = `name-${++sequence}`;
        open.add(asked);
        lookUps.set(asked, done);
        send({ type: 'resolve', sequence: asked, name });
      }),
    refuse,
  );
  // Not an arrow: Worker is called with "new".
  const forbidden = (what: string) =>
    function forbidden() {
      throw refuse(what);
    };
  for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const) {
    Object.defineProperty(childProcess, name, { value: forbidden(`a child process (${name})`), configurable: true });
  }
  for (const name of ['bind', 'connect', 'send'] as const) {
    const value = forbidden(`a datagram socket (${name})`);
    Object.defineProperty(dgram.Socket.prototype, name, { value, configurable: true });
  }
  Object.defineProperty(workerThreads, 'Worker', { value: forbidden('a worker thread'), configurable: true });
  syncBuiltinESMExports();

  return {
    /** What has been asked and not been answered, as this process sees it. */
    open: () => [...open].sort(),
    resolved(asked: string, addresses: string[] | undefined) {
      open.delete(asked);
      lookUps.get(asked)?.(addresses);
      lookUps.delete(asked);
    },
    connected(asked: string, connection: Connection) {
      open.delete(asked);
      connecting.get(asked)?.(connection);
      connecting.delete(asked);
    },
  };
}

interface OpenRequests {
  readonly open: Set<string>;
  /** Of those that wait for their connection. */
  readonly bySocket: WeakMap<net.Socket, string>;
}

/** Numbers every HTTP request and knows when it is over, whichever way it ends. */
function countRequests({ open, bySocket }: OpenRequests, next: () => string): void {
  const accessKey = process.env.AWS_ACCESS_KEY_ID ?? '';
  const construct = http.ClientRequest;
  class CountedRequest extends construct {
    constructor(...args: ConstructorParameters<typeof construct>) {
      super(...args);
      const number = next();
      this.setHeader(SEQUENCE_HEADER, number);
      this.once('close', () => open.delete(number));
      if (this.host === WIRE_HOST) {
        open.add(number);
      } else {
        // Nobody but this process knows of it before its connection is there.
        this.setHeader(CALLER_HEADER, accessKey);
        this.once('socket', (socket) => bySocket.set(socket, number));
      }
    }
  }
  Object.defineProperty(http, 'ClientRequest', { value: CountedRequest, configurable: true });
  const request = (...args: ConstructorParameters<typeof construct>) => new CountedRequest(...args);
  Object.defineProperty(http, 'request', { value: request, configurable: true });
  Object.defineProperty(http, 'get', {
    value: (...args: ConstructorParameters<typeof construct>) => request(...args).end(),
    configurable: true,
  });
}

interface ConnectPorts {
  ask(host: string, port: number, answered: (connection: Connection) => void): void;
  refuse(what: string): Error;
  readonly requests: OpenRequests;
}

function replaceConnect(wirePort: number, { ask, refuse, requests }: ConnectPorts): void {
  const connect: (this: net.Socket, options: net.TcpNetConnectOpts, callback?: () => void) => net.Socket =
    net.Socket.prototype.connect;
  type Destination = { host?: string; port?: number; path?: string | null };
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    // net.connect hands over its arguments already normalized, as one array; others call with (options) or (port, host).
    const given = Array.isArray(args[0]) ? args[0] : args;
    const [first, second] = given as unknown[];
    const destination: Destination =
      typeof first === 'object' && first !== null
        ? (first as Destination)
        : { port: Number(first), host: typeof second === 'string' ? second : 'localhost' };
    const { path, host = 'localhost', port = 0 } = destination;
    const lead = () => {
      const callback = given.find((it): it is () => void => typeof it === 'function');
      const led: net.TcpNetConnectOpts = { ...destination, host: '127.0.0.1', port: wirePort, lookup: undefined };
      return connect.call(this, led, callback);
    };
    if (!path && host === WIRE_HOST) return lead();
    if (path) {
      const error = refuse(`a connection to ${path}`);
      process.nextTick(() => this.destroy(error));
      return this;
    }
    // What is written meanwhile waits, as it does while a real connection is made.
    Object.assign(this, { connecting: true });
    ask(host, Number(port), (connection) => {
      if (this.destroyed) return;
      const request = requests.bySocket.get(this);
      if (connection.kind === 'open' && request !== undefined) {
        requests.open.add(request);
        Object.defineProperty(this, 'remoteAddress', { value: connection.address });
        lead();
      } else if (connection.kind !== 'silent') {
        this.destroy(failure(connection, host, port) ?? refuse(`a connection to ${host}:${port}`));
      }
    });
    return this;
  } as typeof net.Socket.prototype.connect;
}

/** As Node words it; undefined for what the rehearsal itself refuses, such as a protocol other than HTTP. */
function failure(connection: Connection, host: string, port: number): Error | undefined {
  if (connection.kind === 'unknown-name') {
    const message = `getaddrinfo ENOTFOUND ${host}`;
    return Object.assign(new Error(message), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
  }
  if (connection.kind !== 'refused') return undefined;
  const message = `connect ECONNREFUSED ${connection.address}:${port}`;
  return Object.assign(new Error(message), { code: 'ECONNREFUSED', syscall: 'connect' });
}

/** Only IPv4 addresses of names are answered; any other look-up would ask a real server. */
function replaceNames(ask: (name: string) => Promise<string[] | undefined>, refuse: (what: string) => Error): void {
  const notFound = (call: string, name: string) =>
    Object.assign(new Error(`${call} ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: call, hostname: name });
  const resolve4 = async (name: string, options?: { ttl?: boolean }) => {
    const addresses = await ask(name);
    if (!addresses) throw notFound('queryA', name);
    return options?.ttl ? addresses.map((address) => ({ address, ttl: TTL_SECONDS })) : addresses;
  };
  const resolve = (name: string, kind = 'A') =>
    kind === 'A' ? resolve4(name) : Promise.reject(refuse(`the ${kind} records of ${name}`));
  const lookup = async (name: string, options?: { all?: boolean } | number) => {
    const addresses = net.isIPv4(name) ? [name] : await ask(name);
    if (!addresses) throw notFound('getaddrinfo', name);
    const found = addresses.map((address) => ({ address, family: 4 }));
    return typeof options === 'object' && options.all ? found : found[0];
  };
  const answered: Record<string, (...args: never[]) => Promise<unknown>> = { resolve4, resolve, lookup };

  type Callback = (error: Error | null, ...values: unknown[]) => void;
  const byCallback =
    (name: string, work: (...args: never[]) => Promise<unknown>) =>
    (...args: unknown[]) => {
      const callback = args.pop() as Callback;
      work(...(args as never[])).then(
        (value) => {
          if (name !== 'lookup' || Array.isArray(value)) return callback(null, value);
          const one = value as { address: string; family: number } | undefined;
          return callback(null, one?.address, one?.family);
        },
        (error: Error) => callback(error),
      );
    };
  const replaceIn = (target: object, names: string[], asCallback: boolean) => {
    for (const name of names) {
      const work = answered[name] ?? ((asked: string) => Promise.reject(refuse(`the name ${asked} (${name})`)));
      const value = asCallback ? byCallback(name, work) : work;
      Object.defineProperty(target, name, { value, configurable: true, writable: true });
    }
  };
  const queries = Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name));
  replaceIn(dns, queries, true);
  Object.defineProperty(dns.lookup, promisify.custom, { value: lookup });
  replaceIn(dns.promises, queries, false);
  replaceIn(dns.Resolver.prototype, queries, true);
  replaceIn(dns.promises.Resolver.prototype, queries, false);
}

/** How long an address of an RDS endpoint may be kept (RDS User Guide, "Failing over a Multi-AZ DB instance"). */
const TTL_SECONDS = 5;
