import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { sqlAnywhereTools } from '../../rehearsal/hosts/sql-anywhere-tools';

export const SCRIPT = path.join(__dirname, '../../host/sync-remote.sh');

/** What the stand-ins do where SAP's documents are silent; the executables in rehearsal/host/bin64 say what each means. */
export type Behaviour = Readonly<Record<string, string>>;

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly report: Record<string, unknown> | undefined;
}

export const RUN = 'nightly@2026-01-05T09:00:00.000Z';

/** A host with the stand-ins for SAP's tools, in a folder of its own. */
export class Host {
  public readonly folder = mkdtempSync(path.join(tmpdir(), 'mobilink-host-'));
  private readonly environment: Record<string, string>;

  constructor(behaviour: Behaviour = {}) {
    this.environment = sqlAnywhereTools.install(this.folder, {
      remote: 'stores/berlin-1',
      mirrored: true,
      dbmlsync: (standIn) => `#!/bin/bash\nexec ${standIn} "$@"\n`,
    });
    sqlAnywhereTools.tell(this.folder, 'primary', true);
    for (const [key, value] of Object.entries({ TIME_LIMIT: '14400', GRACE: '1' })) this.set(key, value);
    this.behave(behaviour);
  }

  public behave(behaviour: Behaviour): void {
    const lines = Object.entries(behaviour).map(([key, value]) => `${key}=${value}\n`);
    appendFileSync(path.join(this.folder, 'home/behaviour'), lines.join(''));
  }

  /** Adds lines to the configuration, or replaces it. */
  public configure(change: (lines: string[]) => string[]): void {
    const file = path.join(this.folder, 'remote.conf');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    writeFileSync(file, `${change(lines).join('\n')}\n`);
  }

  public set(key: string, value: string): void {
    this.configure((lines) => [...lines.filter((line) => !line.startsWith(`${key}=`)), `${key}=${value}`]);
  }

  public write(name: string, text: string, mode = 0o600): void {
    writeFileSync(path.join(this.folder, name), text);
    chmodSync(path.join(this.folder, name), mode);
  }

  public read(name: string): string {
    return readFileSync(path.join(this.folder, name), 'utf8');
  }

  public list(name: string): string[] {
    return readdirSync(path.join(this.folder, name)).sort();
  }

  public get journal(): string[] {
    const file = path.join(this.folder, 'home/journal');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  public get complaints(): string[] {
    return sqlAnywhereTools.complaints(this.folder);
  }

  /** Starts the script as it is, with its arguments. */
  public start(run = RUN, ...more: string[]): { process: ChildProcess; ended: Promise<Ended> } {
    return this.spawn('bash', [SCRIPT, run, ...more], {});
  }

  public run(run = RUN, ...more: string[]): Promise<Ended> {
    return this.start(run, ...more).ended;
  }

  public spawn(
    command: string,
    args: string[],
    environment: Record<string, string>,
  ): { process: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(command, args, {
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => {
        resolve({ exitCode, signal, stdout, stderr, report: reportIn(stdout) });
      });
    });
    return { process: child, ended };
  }

  /** Resolves once the journal holds a line that matches. */
  public async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.journal.find((it) => pattern.test(it));
      if (line !== undefined) return line;
      await pause(10);
    }
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

/** The process that wrote a line of the journal. */
export function pidOf(line: string): number {
  return Number(line.split(' ')[1]);
}

/** Resolves when there is no such process any more, or it is only waiting to be collected. */
export async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    try {
      const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
      if (state === 'Z') return true;
    } catch {
      return true;
    }
    await pause(10);
  }
  return false;
}

function reportIn(stdout: string): Record<string, unknown> | undefined {
  const lines = stdout.split('\n').filter(Boolean);
  if (lines.length !== 1) return undefined;
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}
