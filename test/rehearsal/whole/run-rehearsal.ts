import { spawn } from 'node:child_process';

export interface RehearsalRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the command as a user does, in a process of its own. */
export function runRehearsal(args: string[]): Promise<RehearsalRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'rehearsal/main.ts', ...args], {
      env: { ...process.env, CDK_VALIDATION: 'false' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** The fingerprint of every request that the run printed. */
export function fingerprintOf({ output }: RehearsalRun): string | undefined {
  return /requests: sha256 ([0-9a-f]{64})/.exec(output)?.[1];
}
