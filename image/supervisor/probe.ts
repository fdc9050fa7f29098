import { spawn } from 'node:child_process';
import type { Asking, Engine, ProbeOutput } from './engines/engine';
import { DATA_SOURCE } from './odbc/data-source-file';
import type { ProbeResult } from './probe-result';
import type { Provision } from './provision';

export type { ProbeResult } from './probe-result';

export interface ProbeSettings {
  readonly engine: Engine;
  readonly provision: Pick<Provision, 'environment' | 'redact' | 'asking'>;
  /**
   * What asks the question.
   * @default - as the engine wants it, else isql, by the PATH of the provision
   */
  readonly program?: string;
  /** @default 3000 */
  readonly patienceMillis?: number;
}

const PATIENCE = 3_000;
/** No answer is longer than a hundred bytes; an error message may be. */
const MOST_OUTPUT = 16_384;
const LONGEST_DETAIL = 300;

/**
 * One look at the database by a short-lived child. A driver that hangs cannot be told to stop, so the child and whatever it has started
 * are killed; the login stands in `odbc.ini` or in a variable of the child, the statement comes by stdin.
 */
export async function probe(settings: ProbeSettings): Promise<ProbeResult> {
  const { engine } = settings;
  const output = await ask(settings);
  if (output === 'hung') return { kind: 'hung' };
  if ('failed' in output)
    return { kind: 'unreachable', detail: cut(`${programOf(settings)} cannot be started: ${output.failed.message}`) };
  const { kind, detail } = engine.judge(output);
  if (kind === 'serving') return { kind };
  return { kind, detail: cut(detail ?? lastWords(output, settings)) };
}

type Outcome = ProbeOutput | 'hung' | { readonly failed: Error };

/** -v: errors with their states. -k: as mlsrv17 connects, by a connection string. */
function askingByIsql({ question }: Engine): Asking {
  return {
    program: 'isql',
    arguments: ['-k', `DSN=${DATA_SOURCE}`, '-b', '-v', '-d|'],
    environment: {},
    input: `${question}\n`,
  };
}

function programOf({ program, provision }: ProbeSettings): string {
  return program ?? provision.asking?.program ?? 'isql';
}

function ask(settings: ProbeSettings): Promise<Outcome> {
  const { engine, provision, patienceMillis = PATIENCE } = settings;
  const asking = provision.asking ?? askingByIsql(engine);
  return new Promise((resolve) => {
    const child = spawn(programOf(settings), [...asking.arguments], {
      env: { ...provision.environment, ...asking.environment },
      // A session of its own, so that everything in it can be killed at once.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => settle('hung'), patienceMillis);
    const stdout = gather(child.stdout);
    const stderr = gather(child.stderr);
    let settled = false;
    const settle = (outcome: Outcome) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      // One that has ended took its group with it: none of them starts anybody.
      if (outcome === 'hung') killGroup(child.pid);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      resolve(outcome);
    };
    child.once('error', (failed) => settle({ failed }));
    child.once('close', (exitCode) => settle({ exitCode, stdout: stdout(), stderr: stderr() }));
    // The child may be gone before it has read anything; how it ended says more.
    child.stdin.on('error', () => {});
    child.stdin.end(asking.input);
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

/** Reads all, so that no child waits for its reader, and keeps the beginning. */
function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < MOST_OUTPUT) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** What the child said, on one line. The secrets go first: they need not look the same after that. */
function lastWords({ exitCode, stdout, stderr }: ProbeOutput, settings: ProbeSettings): string {
  const { redact } = settings.provision;
  const words = [stdout, stderr].map((it) =>
    redact(it)
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
  );
  const said = words.filter((it) => it !== '').join(' ');
  return said === '' ? `${programOf(settings)} said nothing and ended with ${exitCode ?? 'a signal'}` : said;
}

function cut(detail: string): string {
  return detail.length <= LONGEST_DETAIL ? detail : `${detail.slice(0, LONGEST_DETAIL - 1)}…`;
}
