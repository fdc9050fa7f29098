import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ScriptEnd } from '../cloud/ssm-node';

/** Real milliseconds that a pipe may stay open after the shell has gone, held by something that the script left behind. */
const HELD_OUTPUT_MILLIS = 1_000;

export interface ScriptProcessOptions {
  /** The script's file, which the shell is told to run. */
  readonly file: string;
  readonly folder: string;
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A script in a real process, as the agent starts it: `sh -c FILE`, leader of a process group of its own. */
export class ScriptProcess {
  public readonly ended: Promise<ScriptEnd & { readonly outputIsHeld: boolean }>;
  private readonly child: ChildProcess;
  private readonly written = { stdout: '', stderr: '' };

  constructor({ file, folder, environment }: ScriptProcessOptions) {
    const child = spawn('sh', ['-c', file], {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.written[stream] += text;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, outputIsHeld: boolean) => {
        clearTimeout(deadline);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0), ...this.written, outputIsHeld });
      };
      let deadline: NodeJS.Timeout | undefined;
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        deadline = setTimeout(() => end(code, signal, true), HELD_OUTPUT_MILLIS);
      });
      child.once('close', (code, signal) => end(code, signal, false));
    });
  }

  /** The process group that the shell leads. */
  public get group(): number | undefined {
    return this.child.pid;
  }

  /** SIGKILL to the process group, as the agent does it (amazon-ssm-agent, executers_unix.go): what has left the group lives on. */
  public kill(): void {
    const { pid, exitCode, signalCode } = this.child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself just now.
    }
  }
}
