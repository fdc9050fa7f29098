import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bundles, EngineWorld, MINUTE, SECOND, START } from './engine-world';

let bundles: Bundles;
beforeAll(async () => {
  bundles = await Bundles.build();
});
afterAll(() => bundles.remove());

/** Overlapping invocations, retries, faults and kills, over five minutes. */
async function tell(seed: string) {
  const world = await EngineWorld.start(bundles, seed);
  try {
    const story = world.function('calls.story');
    const tick = world.function('calls.tick');
    const started = [0, 1, 2, 3, 4].flatMap((minute) => [
      world.clock.at(world.clock.now() + minute * MINUTE, 'tick', () => void world.invoke(tick)),
      ...[0, 0, 300].map((delay) =>
        world.clock.at(world.clock.now() + minute * MINUTE + delay, 'story', () => {
          void world.invoke(story, { wait: 2 * SECOND });
        }),
      ),
    ]);
    expect(started).toHaveLength(20);
    const isDescribe = ({ operation }: { operation: string }) => operation === 'DescribeDBInstances';
    world.wire.faults.push(
      { matches: ({ body }) => body.includes('First'), effect: { kind: 'kill-after' }, times: 1 },
      { matches: isDescribe, effect: { kind: 'hang' }, times: 2 },
      { matches: isDescribe, effect: { kind: 'drop-after' }, times: 2 },
      { matches: ({ body }) => body.includes('Second'), effect: { kind: 'delay', millis: 700 }, times: 2 },
    );
    await world.clock.run(6 * MINUTE);
    return { digest: world.wire.requests.digest(), lines: world.wire.requests.lines() };
  } finally {
    await world.dispose();
  }
}

it('makes the same requests byte for byte from the same seed, however many run side by side', async () => {
  const [first, ...others] = [
    ...(await Promise.all([tell('one'), tell('one')])),
    ...(await Promise.all([tell('one'), tell('one')])),
    await tell('one'),
  ];
  expect(first?.lines.length).toBeGreaterThan(50);
  for (const other of others) {
    expect(other.lines).toEqual(first?.lines);
    expect(other.digest).toBe(first?.digest);
  }
});

it('puts what several functions ask at one moment in one order, whichever of them is faster', async () => {
  const tellWith = async (work: number[]) => {
    const world = await EngineWorld.start(bundles);
    const fn = world.function('calls.announceAt');
    for (const rounds of work) void world.invoke(fn, { moment: START + 10 * SECOND, work: rounds });
    await world.clock.run(20 * SECOND);
    await world.dispose();
    return world.wire.requests.lines();
  };
  const lines = await tellWith([60, 30, 0]);
  expect(lines).toHaveLength(3);
  expect(await tellWith([0, 30, 60])).toEqual(lines);
});

it('makes others from another seed', async () => {
  const [one, two] = await Promise.all([tell('one'), tell('two')]);
  expect(one.digest).not.toBe(two.digest);
});

it('rehearses an hour of a tick each minute', async () => {
  const world = await EngineWorld.start(bundles);
  const startedReal = performance.now();
  const tick = world.function('calls.tick');
  let returned = 0;
  for (let minute = 0; minute < 60; minute++) {
    world.clock.after(minute * MINUTE, 'tick', () => {
      void world.invoke(tick).then(({ outcome }) => {
        if (outcome === 'returned') returned++;
      });
    });
  }
  await world.clock.run(61 * MINUTE);
  const seconds = ((performance.now() - startedReal) / 1000).toFixed(1);
  console.log(`a virtual hour, 60 invocations of ${world.wire.requests.entries.length} calls: ${seconds} s`);
  await world.dispose();
  expect(returned).toBe(60);
  expect(world.announced).toHaveLength(60);
});
