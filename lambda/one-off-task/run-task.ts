import { isThrottle } from '../records/throttle';
import { begin, decide, type Observation, type Step } from './core';
import { wordsOf } from './last-words';
import type { Ports } from './ports';
import { logStreamOf, type TaskToRun } from './task-to-run';

/** How long a task may take; the last words, the answer and its repetitions fit into what Lambda leaves of 15 minutes. */
const PATIENCE = 780_000;
const FOR_THE_ANSWER = 100_000;

/** The log arrives a little later than the end of the task. */
const LOG_TRIES = 4;
const LOG_PAUSE = 2_000;

/**
 * Runs the task to its end; throws one error that says why it came to nothing.
 * @param request names what asks for it: the same one finds the same task
 * @param subject what the task is, at the beginning of a sentence
 */
export async function runTask(ports: Ports, task: TaskToRun, request: string, subject: string): Promise<void> {
  const until = ports.now() + Math.min(PATIENCE, ports.remaining() - FOR_THE_ANSWER);
  let progress = begin(until);
  let seen: Observation = { kind: 'nothing-yet' };
  for (;;) {
    const next = decide(progress, seen, ports.now());
    progress = next.progress;
    const { step } = next;
    if (step.kind === 'done') return;
    if (step.kind === 'failed') throw new Error(await wordFailure(ports, task, step, subject));
    if (step.after > 0) await ports.sleep(step.after);
    seen =
      step.kind === 'start'
        ? await start(ports, task, tokenOf(request, step.attempt))
        : await look(ports, task, step.task);
    if (seen.kind !== 'under-way') ports.told(subject, { ...seen });
  }
}

/** At most 64 characters (API reference of RunTask, "clientToken"); a request's id, or that of a version, is a UUID. */
function tokenOf(request: string, attempt: number): string {
  return `${request.slice(0, 60)}-${attempt}`;
}

async function start(ports: Ports, task: TaskToRun, token: string): Promise<Observation> {
  try {
    return await ports.tasks.start(task, token);
  } catch (error) {
    return { kind: 'refused', reason: wordError(error), passing: mayPass(error) };
  }
}

async function look(ports: Ports, task: TaskToRun, arn: string): Promise<Observation> {
  try {
    return await ports.tasks.look(task, arn);
  } catch (error) {
    return { kind: 'unseen', reason: wordError(error) };
  }
}

async function wordFailure(
  ports: Ports,
  task: TaskToRun,
  step: Extract<Step, { kind: 'failed' }>,
  subject: string,
): Promise<string> {
  const { reason, task: arn, isUnderWay } = step;
  if (arn === undefined) return `${subject} could not be started: ${reason}`;
  const stream = logStreamOf(task, arn);
  const where = `Task ${arn}, log ${task.logGroup} ${stream}`;
  if (isUnderWay) {
    const { words = 'nothing' } = wordsOf(await readLog(ports, task.logGroup, stream));
    // What went on behind CloudFormation's back would meet the next deployment.
    const stopped = await ports.tasks.stop(task, arn).then(
      () => 'It was stopped',
      (error: unknown) => `It could not be stopped (${wordError(error)})`,
    );
    return `${subject} has not ended in time: ${reason}; it said: ${words}. ${stopped}. ${where}`;
  }
  const words = await lastWords(ports, task.logGroup, stream);
  return `${subject} failed: ${words ?? 'it said nothing'} (${reason}). ${where}`;
}

/** Waits a little for what the task said last. */
async function lastWords(ports: Ports, group: string, stream: string): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const { words, isWhole } = wordsOf(await readLog(ports, group, stream));
    if (isWhole || tries === LOG_TRIES) return words;
    await ports.sleep(LOG_PAUSE);
  }
}

async function readLog(ports: Ports, group: string, stream: string): Promise<string[]> {
  try {
    return await ports.log.last(group, stream);
  } catch (error) {
    return [`its log cannot be read: ${wordError(error)}`];
  }
}

/** An error of a service says what it is by its name. */
export function wordError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}

/** Errors without a status have not come from the service. */
function mayPass(error: unknown): boolean {
  const { $metadata } = (error ?? {}) as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return isThrottle(error) || ($metadata?.httpStatusCode ?? 500) >= 500;
}
