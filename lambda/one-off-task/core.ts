/** What was found out last. */
export type Observation =
  | { readonly kind: 'nothing-yet' }
  | { readonly kind: 'started'; readonly task: string }
  /** ECS had no room for it: the request itself was carried out. */
  | { readonly kind: 'no-room'; readonly reason: string }
  /** `passing`: by its nature it may be otherwise in a moment. */
  | { readonly kind: 'refused'; readonly reason: string; readonly passing: boolean }
  | { readonly kind: 'unseen'; readonly reason: string }
  | { readonly kind: 'under-way'; readonly status: string }
  /** Without an exit code the container has never run. `taken`: AWS took its machine away. */
  | { readonly kind: 'stopped'; readonly exitCode?: number; readonly taken: boolean; readonly reason: string };

/** What is known of a task that is to be run once. Times are milliseconds of one clock. */
export interface Progress {
  /** When nobody waits any longer. */
  readonly until: number;
  /** How often a task was asked for, each time as another one. */
  readonly attempt: number;
  /** Tasks that did not come to their own end. */
  readonly lost: number;
  readonly task?: string;
  /** How often the task was looked at. */
  readonly looks: number;
  readonly refusedSince?: number;
}

export type Step =
  | { readonly kind: 'start'; readonly attempt: number; readonly after: number }
  | { readonly kind: 'look'; readonly task: string; readonly after: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string; readonly task?: string; readonly isUnderWay: boolean };

/** What comes next, and what is known then. */
export interface Next {
  readonly progress: Progress;
  readonly step: Step;
}

/** Then it is no accident. */
const MOST_LOST = 3;
const AGAIN = 5_000;
/** IAM tells all of AWS of a new role within this time. UNSOURCED: "eventually" (AWS IAM User Guide, "Troubleshoot IAM"). */
const REFUSAL_PATIENCE = 120_000;
const FIRST_LOOK = 2_000;
const LAST_LOOK = 10_000;

export function begin(until: number): Progress {
  return { until, attempt: 1, lost: 0, looks: 0 };
}

/** What comes next. Pure. */
export function decide(progress: Progress, seen: Observation, now: number): Next {
  switch (seen.kind) {
    case 'nothing-yet':
      return start(progress, 0);
    case 'started':
      return look({ ...progress, task: seen.task, looks: 0, refusedSince: undefined }, now, 'it was just started');
    case 'no-room':
      return startAgain({ ...progress, attempt: progress.attempt + 1 }, now, seen.reason);
    case 'refused': {
      const refusedSince = progress.refusedSince ?? now;
      const next = { ...progress, refusedSince };
      if (!seen.passing && now - refusedSince >= REFUSAL_PATIENCE) return fail(next, seen.reason, false);
      return startAgain(next, now, seen.reason);
    }
    case 'unseen':
      return look(progress, now, seen.reason);
    case 'under-way':
      return look(progress, now, `it is ${seen.status}`);
    case 'stopped':
      return afterEnd(progress, seen, now);
  }
}

function afterEnd(progress: Progress, seen: Extract<Observation, { kind: 'stopped' }>, now: number): Next {
  const { exitCode, taken, reason } = seen;
  if (exitCode === 0) return { progress, step: { kind: 'done' } };
  if (exitCode !== undefined && !taken) return fail(progress, `exit code ${exitCode}, ${reason}`, false);
  const why = exitCode === undefined ? `its container did not start: ${reason}` : reason;
  const lost = progress.lost + 1;
  if (lost >= MOST_LOST) return fail(progress, `${why} (task ${lost})`, false);
  return startAgain({ ...progress, lost, attempt: progress.attempt + 1 }, now, why);
}

function start(progress: Progress, after: number): Next {
  return { progress, step: { kind: 'start', attempt: progress.attempt, after } };
}

function startAgain(progress: Progress, now: number, reason: string): Next {
  return now + AGAIN > progress.until ? fail(progress, reason, false) : start(progress, AGAIN);
}

function look(progress: Progress, now: number, reason: string): Next {
  const { task, looks, until } = progress;
  if (task === undefined) throw new Error('there is no task to look at');
  const after = Math.min(FIRST_LOOK * 1.5 ** looks, LAST_LOOK);
  if (now + after > until) return fail(progress, reason, true);
  return { progress: { ...progress, looks: looks + 1 }, step: { kind: 'look', task, after } };
}

function fail(progress: Progress, reason: string, isUnderWay: boolean): Next {
  return { progress, step: { kind: 'failed', reason, task: progress.task, isUnderWay } };
}
