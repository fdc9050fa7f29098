import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Installation } from '../installation';
import { Client } from '../tools/client';
import type { VariantName } from '../variants';
import { killProcessesOf } from './host-processes';
import { type PairRole, PORT, ROLE_PORT } from './network';
import { installStandIns } from './stand-in-program';

/** What a tool did. */
export interface ToolEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error. */
  readonly output: string;
}

export interface RunningServer {
  readonly process: ChildProcess;
  readonly ended: Promise<ToolEnd>;
}

export type HostVariants = Readonly<Partial<Record<VariantName, string>>> & {
  readonly second?: number;
  readonly exit_stopped?: number;
  readonly exit_failed?: number;
};

/** PATH as a service of systemd has it. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How long something may take that is not a matter of time but of getting there. Milliseconds. */
const PATIENCE_MILLIS = 30_000;

export interface PairHostProps {
  readonly role: PairRole;
  readonly server: string;
  readonly name: string;
  readonly address: string;
  /** Of the site. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** One of the three hosts: a folder that stands for its file system, an installation of SQL Anywhere, and its processes. */
export class PairHost {
  /** Stands before /etc, /opt, /var and /run of the host. */
  public readonly root: string;
  /** SQL Anywhere's folder: `opt/sqlanywhere17`. Its `journal` has what the tools found wrong, its `variants` what they do. */
  public readonly installation: string;
  public readonly port = PORT;
  public readonly rolePort = ROLE_PORT;
  /** The whole environment of what runs on the host. */
  public readonly environment: Readonly<Record<string, string>>;

  public readonly role: PairRole;
  /** The name of its database server. */
  public readonly server: string;
  /** Its name in the private zone. */
  public readonly name: string;
  /** Where its servers listen; what others dial is not this. */
  public readonly address: string;

  constructor({ role, server, name, address, folder, environment }: PairHostProps) {
    this.role = role;
    this.server = server;
    this.name = name;
    this.address = address;
    this.root = path.join(folder, role);
    this.installation = this.file('/opt/sqlanywhere17');
    const own = { PATH, MOBILINK_HA_ROOT: this.root, SQLANY_STANDIN_HOSTS: path.join(this.root, 'hosts') };
    this.environment = { ...environment, ...own };
  }

  /** A path of the host, as this machine has it: `/var/lib/…` is `<root>/var/lib/…`. */
  public file(name: string): string {
    return path.join(this.root, name);
  }

  /** Lays SQL Anywhere down, and what the host sees of the others: lines of `name address port http-port`. */
  public async install(names: readonly string[]): Promise<void> {
    for (const name of ['/var/lib/mobilink-ha/data/db', '/var/lib/mobilink-ha/state', '/run/mobilink-ha']) {
      mkdirSync(this.file(name), { recursive: true });
    }
    writeFileSync(path.join(this.root, 'hosts'), `${names.join('\n')}\n`);
    await installStandIns(this.installation);
  }

  /** For tools that start from now on. */
  public vary(variants: HostVariants): void {
    const file = path.join(this.installation, 'variants');
    const known = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    const all = new Map(known.map((line) => line.split('=') as [string, string]));
    for (const [name, value] of Object.entries(variants)) all.set(name, String(value));
    writeFileSync(file, [...all].map(([name, value]) => `${name}=${value}\n`).join(''));
  }

  public get journal(): string[] {
    const file = path.join(this.installation, 'journal');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  /** What the stand-ins found wrong in how they were used. */
  public get complaints(): string[] {
    return this.journal.filter((line) => /^\S+ \d+ (violation|refused):/.test(line));
  }

  /** Runs a tool with these arguments, one a line of its @file. */
  public run(tool: string, ...words: string[]): Promise<ToolEnd> {
    return ending(this.spawn(tool, words));
  }

  /** Starts dbsrv17; resolves once it listens, or has ended. */
  public async serve(...words: string[]): Promise<RunningServer> {
    const child = this.spawn('dbsrv17', words);
    const ended = ending(child);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    const started = new RegExp(`^dbsrv17 ${child.pid} started`);
    await until(() => over || this.journal.some((line) => started.test(line)), `${this.server} to start`);
    return { process: child, ended };
  }

  /** A connection from this host, without a process for it. */
  public connect(connectionString: string): Promise<Client> {
    const installation = new Installation(this.installation, 'dbisql', path.join(this.root, 'hosts'));
    return Client.connect(connectionString, installation, []);
  }

  /** Every process of the host ends at once. Files stay. */
  public kill(): void {
    killProcessesOf(this.root);
  }

  private spawn(tool: string, words: readonly string[]): ChildProcess {
    const file = this.file(`/run/mobilink-ha/${tool}-${++PairHost.files}.args`);
    writeFileSync(file, words.map((word) => `${/\s/.test(word) ? `"${word}"` : word}\n`).join(''), { mode: 0o600 });
    return spawn(path.join(this.installation, 'bin64', tool), [`@${file}`], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  private static files = 0;
}

/** Looks again and again until something is so; what waits for a time of its own is never asked for by the clock. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MILLIS; Date.now() < end; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}

function ending(child: ChildProcess): Promise<ToolEnd> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output }));
  });
}
