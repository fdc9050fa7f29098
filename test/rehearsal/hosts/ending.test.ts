import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { expect, it } from 'vitest';
import { HostBench, shellDocument } from './host-bench';

/** A zombie, which only its new parent can remove, runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function endSoon(pids: number[]): Promise<boolean> {
  for (let tries = 0; pids.some(isRunning) && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return !pids.some(isRunning);
}

it('the agent ends the whole group of a script that takes too long', async () => {
  const lines = ['sleep 300 & echo $! > "$HOST_FOLDER/child"', '"$HOST_FOLDER/bin/sync"'];
  const bench = await HostBench.start({ document: shellDocument(...lines), roles: ['primary'] });
  bench.host(0).plan({ seconds: 60, exitCode: 0 });
  const command = await bench.order('nightly@1', [0], 10);
  await bench.run(10);
  const child = Number(readFileSync(`${bench.site.folderOf(bench.host(0).id)}/child`, 'utf8'));
  const pids = [child, ...bench.site.pids];
  expect([pids.length, pids.every(isRunning)]).toEqual([3, true]);
  await bench.run(5);
  expect(await bench.outcome(command)).toMatchObject({ details: 'ExecutionTimedOut', code: 137 });
  expect(await endSoon(pids)).toBe(true);
  expect(bench.host(0).syncs).toMatchObject([{ exitCode: undefined, outlivedScript: false }]);
  expect(bench.host(0).syncs[0]?.endedAt).toBeDefined();
  await bench.close();
});

it('a site that is closed while a script moves leaves neither folder nor process', async () => {
  const bench = await HostBench.start({ document: shellDocument('sleep 300'), roles: ['primary'] });
  await bench.order('nightly@1', [0]);
  await bench.run(1.5);
  const folder = bench.site.folderOf(bench.host(0).id);
  const pids = bench.site.pids;
  expect([pids.length, pids.every(isRunning)]).toEqual([1, true]);
  await bench.close();
  expect(await endSoon(pids)).toBe(true);
  expect(existsSync(path.dirname(folder))).toBe(false);
});

it('a site that is closed in the middle of a sync leaves neither folder nor process', async () => {
  const bench = await HostBench.start({ document: shellDocument('"$HOST_FOLDER/bin/sync"'), roles: ['primary'] });
  await bench.order('nightly@1', [0]);
  await bench.run(5);
  const folder = bench.site.folderOf(bench.host(0).id);
  const pids = bench.site.pids;
  expect([bench.host(0).syncs.length, pids.length, pids.every(isRunning)]).toEqual([1, 2, true]);
  await bench.close();
  expect(await endSoon(pids)).toBe(true);
  expect(existsSync(path.dirname(folder))).toBe(false);
});

it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'no process is left when the rehearsal ends by %s',
  async (signal) => {
    const script = path.join(__dirname, 'syncing-site.ts');
    const rehearsal = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const told = await new Promise<Buffer>((resolve) => rehearsal.stdout.once('data', resolve));
    const { folder, syncs, pids } = JSON.parse(told.toString());
    expect([syncs.length, pids.length, pids.every(isRunning)]).toEqual([1, 2, true]);
    const ended = new Promise((resolve) => rehearsal.once('exit', resolve));
    rehearsal.kill(signal);
    await ended;
    expect(await endSoon(pids)).toBe(true);
    // Nobody is asked before SIGKILL, so its folder stays.
    expect(existsSync(path.dirname(folder))).toBe(signal === 'SIGKILL');
    if (signal === 'SIGKILL') rmSync(path.dirname(folder), { recursive: true });
  },
);
