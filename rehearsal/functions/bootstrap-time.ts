import timersPromises from 'node:timers/promises';
import { type Clock, install } from '@sinonjs/fake-timers';

/** The time of a function's process: it stands still until the rehearsal moves it. */
export class VirtualTime {
  private readonly clock: Clock;

  constructor(now: number) {
    this.clock = install({
      now,
      toFake: ['Date', 'Intl', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'hrtime'],
    });
    // Node builds these two on timers of its own, which no replaced setTimeout reaches.
    AbortSignal.timeout = (delay) => {
      const controller = new AbortController();
      const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
      setTimeout(() => controller.abort(reason), delay).unref();
      return controller.signal;
    };
    Object.defineProperty(timersPromises.scheduler, 'wait', {
      value: (delay: number, options?: { signal?: AbortSignal }) =>
        timersPromises.setTimeout(delay, undefined, options),
      configurable: true,
    });
  }

  /** Moves on to a moment and fires what is due on the way. */
  public moveTo(now: number): void {
    this.clock.tick(Math.max(0, now - this.clock.now));
  }

  /** Wakes up at a moment after standing frozen: each timer that fell due meanwhile fires once, now. */
  public wakeAt(now: number): void {
    if (now > this.clock.now) this.clock.jump(now - this.clock.now);
  }

  public nextTimer(): number | undefined {
    let next: number | undefined;
    for (const { callAt } of this.clock.timers?.values() ?? []) {
      if (callAt !== undefined && (next === undefined || callAt < next)) next = callAt;
    }
    return next;
  }
}
