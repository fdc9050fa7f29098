import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as v from 'valibot';

const cdkJson = v.object({ app: v.string(), context: v.optional(v.record(v.string(), v.unknown()), {}) });

/**
 * Synthesizes this repository's app as `cdk synth` does, without its command line, and returns the folder of the assembly.
 * @param stage as in `cdk synth -c stage=...`; the default stage of cdk.json without it
 */
export async function synthesizeApp(root: string, outdir: string, stage?: string): Promise<string> {
  mkdirSync(outdir, { recursive: true });
  const { app, context } = v.parse(cdkJson, JSON.parse(readFileSync(path.join(root, 'cdk.json'), 'utf8')));
  const [command = '', ...args] = app.split(' ');
  const child = spawn(command === 'node' ? process.execPath : command, args, {
    cwd: root,
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...(stage === undefined ? {} : { stage }) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  // Before the folder is removed, and at once: it would be made again by what the app still writes.
  const stop = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', stop);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.removeListener('exit', stop);
  if (code !== 0) throw new Error(`the app could not be synthesized (exit code ${code}):\n${output}`);
  return outdir;
}
