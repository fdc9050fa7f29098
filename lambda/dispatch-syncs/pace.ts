/*
 * How fast one shard sends its commands: additive increase, multiplicative decrease. The quota of SendCommand is not
 * published, so it is felt for. All rates are commands a minute. UNSOURCED but for the 30 s of the design.
 */

const FASTEST = 60;
/** One command in 30 s. */
const SLOWEST = 2;
const STEP = 3;
const AFTER_FAILOVER = 6;

export const INITIAL_RATE = FASTEST;

export function afterSuccess(rate: number): number {
  return Math.min(FASTEST, rate + STEP);
}

export function afterThrottle(rate: number): number {
  return Math.max(SLOWEST, rate / 2);
}

/** After a failover every remote would come at once to servers that have just reconnected. */
export function afterHold(rate: number): number {
  return Math.min(rate, AFTER_FAILOVER);
}

export function pauseMillis(rate: number): number {
  return Math.round(60_000 / rate);
}
