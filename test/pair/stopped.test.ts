import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PairRole } from '../../rehearsal/sql-anywhere/site/network';
import { PairHosts, ROLES, volumesOf } from './pair-hosts';

/** A run is stopped at each so-many-th command of the script; `PAIR_STOP_STRIDE=1` stops at each (npm run soak). */
const STRIDE = Number(process.env.PAIR_STOP_STRIDE ?? 9);

/** What bash reads before a script: it ends the script by SIGKILL before its so-many-th command, wherever that is. */
const STOPPER = `
set -T
stopper_commands=0
trap 'stopper_commands=$((stopper_commands + 1)); if ((stopper_commands == STOP_AT && BASHPID == $$)); then kill -KILL $$; fi' DEBUG
`;

/**
 * Runs the bootstrap again and again, each time stopped a few commands later than before, until one gets to its end: each goes on
 * from whatever the ones before it left.
 */
async function stoppedAgainAndAgain(pair: PairHosts, role: PairRole, stride: number): Promise<number> {
  const stopper = path.join(pair.account, 'stopper');
  writeFileSync(stopper, STOPPER);
  for (let at = 1, runs = 1; ; at += stride, runs++) {
    const { code, output } = await pair.run(role, 'bootstrap-host', { BASH_ENV: stopper, STOP_AT: String(at) });
    if (code === 0) return runs;
    expect(code, `stopped before command ${at}: ${output}`).toBeNull();
  }
}

async function open(finished: (remove: () => Promise<void>) => void): Promise<PairHosts> {
  const pair = await PairHosts.open();
  finished(() => pair.remove());
  return pair;
}

describe.concurrent('a bootstrap that is stopped anywhere and run again', () => {
  it('gives birth', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    await pair.boot('arbiter');
    expect(await stoppedAgainAndAgain(pair, 'first', STRIDE)).toBeGreaterThan(10);
    expect(pair.birthRecord).toBe('generation=1;backup=none');
    expect(await pair.insert('one', 'first')).toBe(true);
    await pair.boot('second');
    expect(await pair.complete()).toBe('first');
    expect(pair.complaints).toEqual([]);
  }, 600_000);

  it('copies', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    await pair.boot('arbiter');
    await pair.boot('first');
    expect(await pair.insert('one', 'first')).toBe(true);
    expect(await stoppedAgainAndAgain(pair, 'second', STRIDE)).toBeGreaterThan(10);
    expect(await pair.complete()).toBe('first');
    expect(await pair.rows('second')).toEqual(['one']);
    expect(pair.complaints).toEqual([]);
  }, 600_000);

  it('makes an arbiter', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    expect(await stoppedAgainAndAgain(pair, 'arbiter', STRIDE)).toBeGreaterThan(5);
    await pair.boot('first');
    expect(pair.complaints).toEqual([]);
  }, 600_000);

  it('restores, and never loses what it puts aside', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    await pair.birth();
    await pair.complete();
    expect(await pair.insert('saved', 'first')).toBe(true);
    expect((await pair.run('first', 'back-up')).code).toBe(0);
    expect(await pair.insert('later', 'first')).toBe(true);
    pair.write('parameter-/mobilink-ha/pair/birth', `generation=2;backup=backups/${pair.backups()[0]}\n`);
    for (const role of ROLES) pair.host(role).kill();
    await pair.boot('arbiter');
    const second = pair.run('second', 'bootstrap-host', { IN_ROLE_AFTER: '900' });
    expect(await stoppedAgainAndAgain(pair, 'first', STRIDE)).toBeGreaterThan(10);
    expect((await second).code).toBe(0);
    expect(await pair.complete()).toBe('first');
    expect(await pair.rows('first')).toEqual(['saved']);
    const volume = path.join(pair.account, `volume-${volumesOf('first')[1]}`);
    const kept = readdirSync(path.join(volume, 'aside'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.log') && !name.includes('restor'))
      .map((name) => readFileSync(path.join(volume, 'aside', name), 'utf8'));
    expect(kept.join('')).toContain('later');
  }, 600_000);
});
