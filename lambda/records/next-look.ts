/*
 * When collect looks at commands: after 45 s, then after ever longer pauses. One call tells of 50 hosts, so a sync of a minute or
 * two costs 0.04 to 0.06 calls. UNSOURCED.
 */
export const firstLookSeconds = 45;

/** SQS delays a message by 900 s at most (SQS Developer Guide, "Amazon SQS delay queues"). */
export const LONGEST_DELAY_SECONDS = 900;

export function nextLookSeconds(look: number): number {
  return Math.min(LONGEST_DELAY_SECONDS, firstLookSeconds * 2 ** (look + 1));
}
