import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bundles, EngineWorld, SECOND } from './engine-world';

let bundles: Bundles;
beforeAll(async () => {
  bundles = await Bundles.build();
});
afterAll(() => bundles.remove());

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function endsSoon(pid: number): Promise<boolean> {
  for (let tries = 0; isRunning(pid) && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return !isRunning(pid);
}

it('leaves no process when it is disposed of, neither of an idle function nor of one that runs', async () => {
  const world = await EngineWorld.start(bundles);
  const file = path.join(bundles.folder, 'disposed');
  const idle = await world.play(world.function('world.processId'));
  void world.invoke(world.function('world.processId', { name: 'asleep' }), { file });
  await world.clock.run(5 * SECOND);
  const pids = [Number(idle.value), Number(readFileSync(file, 'utf8'))];
  expect(pids.map(isRunning)).toEqual([true, true]);
  await world.dispose();
  expect(pids.map(isRunning)).toEqual([false, false]);
});

it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'leaves no process when the rehearsal ends by %s',
  async (signal) => {
    const file = path.join(bundles.folder, signal);
    const script = path.join(__dirname, 'sleeping-rehearsal.ts');
    const rehearsal = spawn(process.execPath, ['--import', 'tsx', script, bundles.folder, bundles.bootstrap, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => rehearsal.stdout.once('data', resolve));
    const pid = Number(readFileSync(file, 'utf8'));
    expect(isRunning(pid)).toBe(true);
    rehearsal.kill(signal);
    expect(await endsSoon(pid)).toBe(true);
  },
);
