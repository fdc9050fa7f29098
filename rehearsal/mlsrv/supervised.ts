import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { freePort } from '../mariadb/free-port';
import type { ReplicatedPair } from '../mariadb/replicated-pair';
import type { Network } from './network';
import { program } from './program';
import { environment } from './told';

export interface Site {
  readonly folder: string;
  readonly network: Network;
  readonly database: Pick<ReplicatedPair, 'port'>;
  readonly secretsEndpoint: string;
}

export interface Line {
  readonly at: number;
  readonly text: string;
  /** Of the supervisor's own lines. */
  readonly event?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The real bundle as a real process, with a server that stands in for mlsrv17. */
export interface Supervised {
  readonly pid: number;
  readonly lines: readonly Line[];
  readonly healthPort: number;
  readonly streamPort: number;
  readonly ended: Promise<number | NodeJS.Signals>;
  signal(name: NodeJS.Signals): void;
  /** Changes what the server does from its next start on. */
  behave(behaviour: Readonly<Record<string, string>>): void;
  /** The starts of the server. */
  starts(): readonly { readonly pid: number; readonly name: string; readonly line: readonly string[] }[];
  /** How often it has said so. */
  count(event: string): number;
  until(event: string, times?: number, patienceMillis?: number): Promise<Line>;
  /** Speaks with the server through its stream. */
  send(words: string): Promise<string>;
  pauseReading(): void;
  resumeReading(): void;
  usage(): { readonly megabytes: number; readonly cpuSeconds: number };
}

/** By site: its folder is gone with it, and another file of tests may have one of its own in this process. */
const bundled = new Map<string, Promise<string>>();
const BUNDLE = join(__dirname, '..', '..', 'assets', 'supervisor', 'index.js');
let sites = 0;

export async function startSupervised(
  site: Site,
  behaviour: Readonly<Record<string, string>>,
  timing: object = {},
  identitySecretArn?: string,
): Promise<Supervised> {
  const folder = join(site.folder, `supervised-${sites++}`);
  const [installation, scratch] = [join(folder, 'installation'), join(folder, 'scratch')];
  for (const path of [folder, installation, scratch]) mkdirSync(path);
  const server = await bundledFor(site.folder);
  for (const tool of ['mlsrv17', 'mlstop']) {
    program(
      join(installation, 'bin64'),
      tool,
      `process.argv.splice(1, 1, ${JSON.stringify(server)}, '${tool}', ${JSON.stringify(installation)}); require(${JSON.stringify(server)})`,
    );
  }
  const behave = (it: Readonly<Record<string, string>>) =>
    writeFileSync(
      join(installation, 'behaviour'),
      Object.entries(it)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
  behave(behaviour);
  writeFileSync(join(installation, 'journal'), '');
  const [healthPort, streamPort] = [await freePort(), await freePort()];
  const { network, database } = site;
  const dsn = { SERVER: network.name, PORT: `${database.port}`, DATABASE: 'consol' };
  const [command, ...args] = network.within([process.execPath, BUNDLE]);
  const child = spawn(command, args, {
    env: {
      PATH: process.env.PATH ?? '',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: site.secretsEndpoint,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...environment({
        SATMP: scratch,
        SQLANY17: installation,
        MOBILINK_DATABASE: JSON.stringify({ engine: 'mysql', dsn }),
        MOBILINK_STREAMS: JSON.stringify([
          identitySecretArn === undefined
            ? { protocol: 'tcpip', port: streamPort }
            : { protocol: 'tls', port: streamPort, identitySecretArn },
        ]),
        MOBILINK_HEALTH_PORT: `${healthPort}`,
        MOBILINK_WORKERS: '2',
        MOBILINK_MAX_WORKERS: '2',
        MOBILINK_PERIODIC_SECONDS: '1',
        MOBILINK_TASK_NAME: 'task',
        MOBILINK_REHEARSAL_TIMING: JSON.stringify(timing),
      }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child, { installation, healthPort, streamPort, behave });
}

function bundledFor(folder: string): Promise<string> {
  const there = bundled.get(folder) ?? bundleServer(folder);
  bundled.set(folder, there);
  return there;
}

async function bundleServer(folder: string): Promise<string> {
  const outfile = join(folder, 'server-program.js');
  await build({
    entryPoints: [join(__dirname, 'server-program.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
  });
  return outfile;
}

function watch(
  child: ChildProcess,
  {
    installation,
    healthPort,
    streamPort,
    behave,
  }: Pick<Supervised, 'healthPort' | 'streamPort' | 'behave'> & { installation: string },
): Supervised {
  const { stdout, stderr, pid } = child;
  if (!stdout || !stderr || pid === undefined) throw new Error('The supervisor was not started');
  const lines: Line[] = [];
  for (const stream of [stdout, stderr])
    createInterface({ input: stream }).on('line', (text) => lines.push(lineOf(text)));
  let hasEnded = false;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      hasEnded = true;
      resolve(signal ?? code ?? -1);
    });
  });
  const said = (event: string) => lines.filter((line) => line.event === event);
  return {
    pid,
    lines,
    healthPort,
    streamPort,
    ended,
    behave,
    signal: (name) => child.kill(name),
    starts: () =>
      readFileSync(join(installation, 'journal'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    count: (event) => said(event).length,
    async until(event, times = 1, patienceMillis = 20_000) {
      for (const end = Date.now() + patienceMillis; ; ) {
        const isOver = hasEnded || Date.now() > end;
        const line = said(event)[times - 1];
        if (line) return line;
        if (isOver) throw new Error(`${event} in vain in\n${lines.map(({ text }) => text).join('\n')}`);
        await sleep(20);
      }
    },
    send: (words) => send(streamPort, words),
    pauseReading: () => stdout.pause(),
    resumeReading: () => stdout.resume(),
    usage: () => usageOf(pid),
  };
}

function lineOf(text: string): Line {
  try {
    const fields = JSON.parse(text);
    return { at: Date.now(), text, event: fields.event, fields };
  } catch {
    return { at: Date.now(), text, fields: {} };
  }
}

function send(port: number, words: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${words}\n`));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('close', () => resolve(answer));
  });
}

/** Clock ticks a second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100;

function usageOf(pid: number) {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Its own time and that of the children that it has waited for: the probes are a part of what it costs.
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return { megabytes: Number(peak) / 1_024, cpuSeconds: ticks / TICKS };
}
