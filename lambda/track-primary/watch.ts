/** Polls are this far apart, unless they would be too many (pace.ts): the longest time for which a change of primary can go unnoticed when no event arrives. */
export const POLL_EVERY = 10_000;

/**
 * A watch ends by itself after this time. EventBridge Scheduler fires anywhere within its minute, so the next watch may begin
 * almost two minutes after this one.
 */
const LONGEST_WATCH = 125_000;

/** Time that a poll may take and that must be left before one begins. */
const POLL_TAKES_AT_MOST = 10_000;

export interface WatchClock {
  now(): number;
  /** Milliseconds until Lambda kills the invocation. */
  remaining(): number;
  sleep(millis: number): Promise<void>;
}

export interface Looked {
  /** A younger watch has taken over. */
  readonly handedOver: boolean;
  /** The source refused to answer so many questions. */
  readonly throttled: boolean;
}

export interface Pace {
  /** How far apart looks are. */
  readonly every: number;
  /** The pause after so many throttled looks in a row. */
  backOff(refusals: number): number;
}

/** Looks at once and again and again until a younger watch took over or the time is up; less often while it is throttled. */
export async function watch(clock: WatchClock, pace: Pace, look: () => Promise<Looked>): Promise<void> {
  const began = clock.now();
  let refusals = 0;
  for (let next = began; ; ) {
    const { handedOver, throttled } = await look();
    if (handedOver) return;
    refusals = throttled ? refusals + 1 : 0;
    const every = throttled ? pace.backOff(refusals) : pace.every;
    // Looks that were missed are not made up for: a look tells of now.
    do next += every;
    while (next < clock.now());
    const pause = next - clock.now();
    if (next - began > LONGEST_WATCH || clock.remaining() - pause < POLL_TAKES_AT_MOST) return;
    await clock.sleep(pause);
  }
}
