import { setTimeout as pause, scheduler } from 'node:timers/promises';
import { promisify } from 'node:util';

export async function sleep(payload: { millis: number }) {
  const before = Date.now();
  console.log('going to sleep');
  await new Promise((resolve) => setTimeout(resolve, payload.millis));
  console.log('awake\nand up');
  return { before, after: Date.now() };
}

/** Every way to tell or wait for the time, each over ten seconds. */
export async function everyClock() {
  const start = { date: Date.now(), performance: performance.now(), hrtime: process.hrtime.bigint() };
  let ticks = 0;
  const interval = setInterval(() => ticks++, 1_000);
  await pause(2_000);
  await scheduler.wait(2_000);
  await promisify(setTimeout)(2_000);
  const signal = AbortSignal.timeout(3_000);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  clearInterval(interval);
  return {
    date: Date.now() - start.date,
    performance: performance.now() - start.performance,
    hrtime: Number((process.hrtime.bigint() - start.hrtime) / 1_000_000n),
    ticks,
    reason: (signal.reason as Error).name,
    year: new Intl.DateTimeFormat('en', { year: 'numeric', timeZone: 'UTC' }).format(),
    iso: new Date().toISOString(),
  };
}

export const remaining = async (_payload: unknown, context: { getRemainingTimeInMillis(): number }) => {
  const first = context.getRemainingTimeInMillis();
  await pause(4_000);
  return [first, context.getRemainingTimeInMillis()];
};

export const forever = () => new Promise(() => setInterval(() => {}, 1_000));

export async function busy() {
  console.log('never comes back');
  for (;;);
}

/** Counts what an interval does while the environment is frozen. */
let ticks = 0;
export async function ticking() {
  if (ticks === 0) setInterval(() => ticks++, 1_000);
  await pause(2_500);
  return ticks;
}
