import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Bundles, EngineWorld, MINUTE, SECOND, START } from './engine-world';

let bundles: Bundles;
let world: EngineWorld;
beforeAll(async () => {
  bundles = await Bundles.build();
});
beforeEach(async () => {
  world = await EngineWorld.start(bundles);
});
afterEach(() => world.dispose());
afterAll(() => bundles.remove());

it('sleeps ten seconds in no time, and its lines bear the moment they were written', async () => {
  const startedReal = performance.now();
  const { value, startedAt, endedAt, logs, coldStart } = await world.play(world.function('time.sleep'), {
    millis: 10 * SECOND,
  });
  expect(performance.now() - startedReal).toBeLessThan(5 * SECOND);
  expect(coldStart).toBe(true);
  expect(startedAt).toBeGreaterThanOrEqual(START + 250);
  expect(value).toEqual({ before: startedAt, after: startedAt + 10 * SECOND });
  expect(endedAt).toBe(startedAt + 10 * SECOND);
  expect(logs).toEqual([
    { at: startedAt, text: 'going to sleep' },
    { at: endedAt, text: 'awake' },
    { at: endedAt, text: 'and up' },
  ]);
});

it('shows one time by every clock that Node has', async () => {
  const { value, endedAt } = await world.play(world.function('time.everyClock'));
  expect(value).toEqual({
    date: 10 * SECOND,
    performance: 10 * SECOND,
    hrtime: 10 * SECOND,
    ticks: expect.toSatisfy((ticks: number) => ticks === 9 || ticks === 10),
    reason: 'TimeoutError',
    year: '2026',
    iso: new Date(endedAt).toISOString(),
  });
});

it('tells the function how much of its time is left', async () => {
  const { value } = await world.play(world.function('time.remaining', { timeoutMillis: 10 * SECOND }));
  expect(value).toEqual([10 * SECOND, 6 * SECOND]);
});

it('ends a function at its time-out, as Lambda does, and gives the next invocation a new environment', async () => {
  const runtime = world.function('time.sleep');
  const { outcome, error, startedAt, endedAt } = await world.play(runtime, { millis: 2 * MINUTE });
  expect({ outcome, message: error?.message }).toEqual({
    outcome: 'timed-out',
    message: 'Task timed out after 58.00 seconds',
  });
  expect(endedAt - startedAt).toBe(58 * SECOND);
  expect(await world.play(runtime, { millis: 1 })).toMatchObject({ outcome: 'returned', coldStart: true });
});

it('ends a function that never returns at its time-out', async () => {
  const runtime = world.function('time.forever', { timeoutMillis: 900 });
  const { outcome, error, startedAt, endedAt } = await world.play(runtime);
  expect({ outcome, message: error?.message }).toEqual({
    outcome: 'timed-out',
    message: 'Task timed out after 0.90 seconds',
  });
  expect(endedAt - startedAt).toBe(900);
});

it('takes a busy loop for a time-out', async () => {
  const { outcome, startedAt, endedAt, logs } = await world.play(world.function('time.busy', {}, 500));
  expect(outcome).toBe('timed-out');
  expect(endedAt - startedAt).toBe(58 * SECOND);
  expect(logs.map(({ text }) => text)).toEqual([
    'never comes back',
    'The rehearsal saw no progress for 0.5 real seconds and takes this for a busy loop',
  ]);
});

it('takes a busy loop while it is loaded for a failure', async () => {
  writeFileSync(path.join(bundles.folder, 'loads-for-ever.js'), 'for (;;);');
  const { outcome, error } = await world.play(world.function('loads-for-ever.handler', {}, 500));
  expect({ outcome, name: error?.name }).toEqual({ outcome: 'failed', name: 'Runtime.InitTimeout' });
});

it('keeps an environment frozen between invocations: its timers do not run, and run once when it wakes up', async () => {
  const runtime = world.function('time.ticking');
  expect((await world.play(runtime)).value).toBe(2);
  await world.clock.run(10 * MINUTE);
  const { value, coldStart } = await world.play(runtime);
  expect({ value, coldStart }).toEqual({ value: 5, coldStart: false });
});

it('moves only to moments at which something happens', async () => {
  const seen: number[] = [];
  world.clock.after(3 * SECOND, 'second', () => {
    seen.push(world.clock.now() - START);
    world.clock.after(0, 'third', () => {
      seen.push(world.clock.now() - START);
    });
  });
  world.clock.after(SECOND, 'first', () => {
    seen.push(world.clock.now() - START);
  });
  world.clock.after(2 * SECOND, 'never', () => expect.unreachable()).cancel();
  world.clock.after(MINUTE + 1, 'too late', () => expect.unreachable());
  await world.clock.run(MINUTE);
  expect(seen).toEqual([SECOND, 3 * SECOND, 3 * SECOND]);
  expect(world.clock.now()).toBe(START + MINUTE);
});
