/** Polls are this far apart: the longest time for which a change of primary can go unnoticed when no event arrives. */
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

/** Looks at once and every ten seconds until a younger watch took over (`look` says so) or the time is up. */
export async function watch(clock: WatchClock, look: () => Promise<boolean>): Promise<void> {
  const began = clock.now();
  for (let next = began; ; ) {
    if (await look()) return;
    // Looks that were missed are not made up for: a look tells of now.
    do next += POLL_EVERY;
    while (next < clock.now());
    const pause = next - clock.now();
    if (next - began > LONGEST_WATCH || clock.remaining() - pause < POLL_TAKES_AT_MOST) return;
    await clock.sleep(pause);
  }
}
