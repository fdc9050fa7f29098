import { exec } from 'node:child_process';
import * as crypto from 'node:crypto';
import * as dgram from 'node:dgram';
import * as dns from 'node:dns';
import { watch } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzip, gzip } from 'node:zlib';

export const environment = async () => process.env;

export const chance = async () => [
  Math.random(),
  crypto.randomUUID(),
  crypto.randomBytes(4).toString('hex'),
  crypto.randomInt(1_000_000),
  crypto.randomFillSync(Buffer.alloc(4)).toString('hex'),
  Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(4))).toString('hex'),
];

const outcome = (work: () => Promise<unknown>) =>
  work().then(
    (value) => `reached ${value}`,
    (error: Error & { cause?: Error }) => error.cause?.message ?? error.message,
  );
const event = (emitter: NodeJS.EventEmitter, name: string) =>
  new Promise((resolve, reject) => {
    emitter.once(name, resolve);
    emitter.once('error', reject);
  });

/** Every way out of the process that a bundle might try. */
export async function waysOut() {
  return {
    http: await outcome(() => event(http.get('http://example.com/'), 'response')),
    https: await outcome(() => event(https.get('https://example.org/'), 'response')),
    fetch: await outcome(() => fetch('http://example.net/')),
    address: await outcome(() => event(net.connect(3306, '192.0.2.7'), 'connect')),
    loopback: await outcome(() => event(net.connect({ port: 22 }), 'connect')),
    path: await outcome(() => event(net.connect('/var/run/any.sock'), 'connect')),
    name: await outcome(() => dns.promises.resolve4('elsewhere.example')),
    lookup: await outcome(() => dns.promises.lookup('elsewhere.example')),
    other: await outcome(() => dns.promises.resolve6('elsewhere.example')),
    text: await outcome(() => new dns.promises.Resolver().resolve('elsewhere.example', 'TXT')),
    resolver: await outcome(() => new dns.promises.Resolver().resolve4('elsewhere.example')),
    datagram: await outcome(async () => dgram.createSocket('udp4').send('x', 53, '192.0.2.7')),
    child: await outcome(async () => exec('true')),
    thread: await outcome(async () => new Worker('1', { eval: true })),
  };
}

const body = (host: string, port: number, path: string) =>
  new Promise((resolve, reject) => {
    const asked = http.get({ host, port, path, agent: false }, (response) => {
      const { remoteAddress } = response.socket;
      response.setEncoding('utf8');
      response.once('data', (text) => resolve(`${remoteAddress}: ${text}`));
    });
    asked.once('error', reject);
    setTimeout(() => asked.destroy(new Error('too late')), 2_000);
  });

/** What becomes of questions to hosts in the network, and how long each takes. */
export async function hosts(payload: { host: string }) {
  const tried: Record<string, unknown> = {};
  for (const [what, host, port, path] of [
    ['open', payload.host, 8090, '/role'],
    ['silent server', payload.host, 8090, '/silent'],
    ['closed port', payload.host, 8091, '/role'],
    ['silent host', 'gone.internal', 8090, '/role'],
    ['unknown name', 'unknown.internal', 8090, '/role'],
    ['foreign', 'elsewhere.example', 8090, '/role'],
  ] as const) {
    const begun = Date.now();
    const said = await outcome(() => body(host, port, path));
    tried[what] = [said, Date.now() - begun];
  }
  tried.raw = await outcome(() => event(net.connect(8090, payload.host), 'connect'));
  tried.both = await Promise.all([body(payload.host, 8090, '/a'), body(payload.host, 8090, '/b')]);
  return tried;
}

export async function addresses(payload: { name: string; pause: number }) {
  const first = await dns.promises.resolve4(payload.name);
  const askedAt = Date.now();
  await new Promise((resolve) => setTimeout(resolve, payload.pause));
  const again = await new Promise((resolve, reject) =>
    dns.lookup(payload.name, (error, address, family) => (error ? reject(error) : resolve({ address, family }))),
  );
  return { first, again, millis: Date.now() - askedAt };
}

export const byCallback = (payload: unknown, _context: unknown, callback: (error: null, value: unknown) => void) => {
  setTimeout(() => callback(null, { payload }), 500);
};

export const withoutAnswer = () => {
  setTimeout(() => console.log('done'), 500);
};

/** Work of the real world, none of which takes time in the rehearsed one. */
export async function work() {
  const startedAt = Date.now();
  const text = await readFile(__filename);
  const packed = await promisify(gzip)(text);
  const digest = await globalThis.crypto.subtle.digest('SHA-256', packed);
  const key = await promisify(crypto.pbkdf2)(Buffer.from(digest), 'salt', 20_000, 16, 'sha256');
  const unpacked = await promisify(gunzip)(packed);
  const { publicKey } = await promisify(crypto.generateKeyPair)('ed25519');
  return {
    millis: Date.now() - startedAt,
    same: unpacked.equals(text),
    key: key.length,
    kind: publicKey.asymmetricKeyType,
  };
}

export const processId = async (payload: { file?: string }) => {
  if (!payload.file) return process.pid;
  await writeFile(payload.file, String(process.pid));
  // A handle of the real world: without one, Node ends a process by itself when its parent has gone.
  watch(__dirname);
  return new Promise((resolve) => setTimeout(resolve, 60_000));
};

export const context = async (_payload: unknown, given: Record<string, unknown>) => given;

export const throws = async () => {
  throw new TypeError('no such thing');
};

export const exits = async () => process.exit(3);

export const rejectsUnseen = () =>
  new Promise(() => {
    void Promise.reject(new Error('nobody caught this'));
  });
