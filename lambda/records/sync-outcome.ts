import * as v from 'valibot';

/** What became of one remote in one run; each remote of a run ends in exactly one. */
export const OUTCOMES = [
  'synchronized',
  /** dbmlsync, the script or the registry's item failed; `detail` has the code. */
  'failed',
  /** Every host of the remote said that it is not the primary. */
  'not-primary',
  /** No host that could be the primary took the command. */
  'unreachable',
  /** Another sync of this remote was under way. */
  'busy',
  /** Not sent, or not ended, when the run's deadline passed. */
  'deadline-missed',
  'paused',
] as const;

export const outcomeSchema = v.picklist(OUTCOMES);

export type Outcome = v.InferOutput<typeof outcomeSchema>;
