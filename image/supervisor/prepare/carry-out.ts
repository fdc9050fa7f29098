import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastWords } from './last-words';
import { acquireLease, type Lease, LeaseLost, type Pace } from './lease';
import { type Ledger, ledger } from './ledger';
import { judgeObjects } from './mobilink-objects';
import { begun, planFor, type Step } from './plan';
import { PreparationError } from './preparation-error';
import type { PreparationSettings, Script } from './settings';
import type { SqlClient } from './sql-client';

export interface LeasePace extends Pace {
  /** Between two signs of life while a script runs. */
  readonly renewMillis: number;
}

/** What carries a preparation out. */
export interface Hands {
  readonly client: SqlClient;
  readonly settings: PreparationSettings;
  readonly texts: ReadonlyMap<Script, Uint8Array>;
  readonly folder: string;
  readonly redact: (text: string) => string;
  readonly me: string;
  readonly now: () => number;
  readonly sleep: (millis: number, over?: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly say: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly pace: LeasePace;
}

/** A lease is given back in any case, also after the signal. */
const RELEASE_PATIENCE = 10_000;

/** Prepares a database that serves: alone, in the order of the plan, each script once. */
export async function carryOut(hands: Hands): Promise<void> {
  const { client, folder, redact, me, now, sleep, signal, say, pace } = hands;
  const book = ledger({ client, folder, redact, signal });
  await book.create();
  const onWaiting = (holder: string) => say('waiting', { detail: 'another preparation is under way', holder });
  const lease = await acquireLease({ ledger: book, me, now, sleep, onWaiting }, pace);
  try {
    await followPlan(hands, book, lease);
  } finally {
    const last = ledger({ client, folder, redact, signal: AbortSignal.timeout(RELEASE_PATIENCE) });
    await lease.release(last).catch((error: Error) => say('trouble', { detail: error.message }));
  }
}

async function followPlan(hands: Hands, book: Ledger, lease: Lease): Promise<void> {
  const { client, settings, say } = hands;
  const { objects, applied } = await book.read();
  const setUpFile = join(settings.configuration.installation, 'mobilink', 'setup', client.setUpScript);
  const setUpText = await readFile(setUpFile).catch(unlessMissing);
  const plan = planFor({
    setUp: settings.setUp,
    objects: judgeObjects(objects),
    applied,
    setUpSum: setUpText && createHash('sha256').update(setUpText).digest('hex'),
    setUpFile,
    scripts: settings.scripts,
  });
  for (const detail of plan.notes) say('note', { detail });
  if (plan.refusals.length > 0) throw new PreparationError(plan.refusals.join('; '));
  if (settings.setUp === 'run') await book.fit();
  for (const step of plan.steps) {
    await lease.renew();
    await take(step, setUpFile, hands, book, lease);
  }
}

async function take(step: Step<Script>, setUpFile: string, hands: Hands, book: Ledger, lease: Lease): Promise<void> {
  const { client, redact, say } = hands;
  const { row, sum } = step;
  if (step.kind === 'adopt') {
    await book.put(row, sum);
    return;
  }
  const file = step.kind === 'set-up' ? setUpFile : await writeScript(step.script, hands);
  const script = step.kind === 'set-up' ? client.setUpScript : `${step.script.name} ${step.script.version}`;
  await book.put(row, begun(sum));
  say('running', { script });
  const outcome = await whileHeld(hands, lease, (signal) => client.run(file, signal));
  if (outcome.exitCode !== 0) {
    const words = lastWords(client.complaint(outcome), redact);
    throw new PreparationError(`${script} failed: ${words}. What stood before the error is in the database`);
  }
  await book.put(row, sum);
  say('applied', { script });
}

async function writeScript(script: Script, { texts, folder }: Hands): Promise<string> {
  const file = join(folder, `script-${script.name}-${script.version}.sql`);
  await writeFile(file, texts.get(script) ?? '', { mode: 0o600, flag: 'wx' });
  return file;
}

/** Renews the lease while there is work; kills the work when the lease may be somebody else's. */
async function whileHeld<T>(hands: Hands, lease: Lease, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const lost = new AbortController();
  const renewals = renewUntil(over.signal, hands, lease).catch((error: unknown) => lost.abort(error));
  try {
    return await work(AbortSignal.any([hands.signal, lost.signal]));
  } finally {
    over.abort();
    await renewals;
  }
}

async function renewUntil(over: AbortSignal, { now, sleep, pace, say, signal }: Hands, lease: Lease): Promise<void> {
  for (let renewedAt = now(); ; ) {
    await sleep(pace.renewMillis, over).catch(() => {});
    if (over.aborted || signal.aborted) return;
    const at = now();
    try {
      await lease.renew();
      renewedAt = at;
    } catch (error) {
      // Half of what others wait for: the work must be dead before they begin theirs.
      if (error instanceof LeaseLost || now() - renewedAt > pace.staleMillis / 2) throw error;
      say('trouble', { detail: error instanceof Error ? error.message : String(error) });
    }
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
