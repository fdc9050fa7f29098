/** What `-v` of mlsrv17 says, and for how long. */
export interface Verbosity {
  readonly letters: string;
  /** Milliseconds since 1970 from which on a start uses the usual letters again. */
  readonly until?: number;
}

/** Durations of phases and row counts: no row contents, no noise of probes (facts: UNSOURCED for `n`). */
export const USUAL_LETTERS = 'mn';

/** Everything, row contents in one way or the other or both, and what each empty connection of a load balancer logs. */
const REVEALING = /[+riqf]/;

/** Whether the letters put row contents or the noise of probes into the log. */
export function isRevealing(letters: string): boolean {
  return REVEALING.test(letters);
}

/** The letters for a start at this moment. */
export function lettersAt({ letters, until }: Verbosity, now: number): string {
  return until !== undefined && now >= until ? USUAL_LETTERS : letters;
}
