import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readReportedOutcome } from '../../lambda/record-outcomes/reported-outcome';
import { line, RUN } from './outcome-fixture';

const read = (change: object = {}) => readReportedOutcome(JSON.stringify(line(change)));

describe('the line of a host', () => {
  it('is read with what the registry needs', () => {
    expect(read()).toEqual({
      version: 1,
      remote: 'stores/one',
      group: 'stores',
      remoteName: 'one',
      run: RUN,
      schedule: 'prices',
      result: 'synchronized',
      code: 0,
      message: 'after 63 seconds',
      endedAt: Date.UTC(2026, 0, 5, 9, 1, 10),
    });
  });

  it('is the one that the script writes', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'outcome-'));
    try {
      const config = path.join(folder, 'remote.conf');
      writeFileSync(config, 'REMOTE=stores/one\nPROFILE=prices\n', { mode: 0o600 });
      const env = { PATH: process.env.PATH, MOBILINK_HA_CONFIG: config };
      const before = Date.now();
      const { stdout } = spawnSync('bash', ['host/sync-remote.sh', RUN], { env, encoding: 'utf8' });
      const outcome = readReportedOutcome(stdout.trim());
      expect(outcome).toMatchObject({ remote: 'stores/one', run: RUN, result: 'failed' });
      expect(outcome.message).toContain('OS_USER is missing');
      expect(Math.abs(outcome.endedAt - before)).toBeLessThan(60_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('counts from when it began when the host has set its clock back, or on', () => {
    expect(read({ seconds: -7_200 }).endedAt).toBe(Date.UTC(2026, 0, 5, 9, 0, 5));
    expect(read({ startedAt: '1970-01-01T00:00:00Z', seconds: 1_767_603_670 }).endedAt).toBe(1_767_603_670_000);
  });

  it.each<[string, object, string]>([
    ['another version', { version: 2 }, 'version'],
    ['no remote: the host could not read its configuration', { remote: '' }, 'remote: must be <group>/<remoteName>'],
    ['a remote without its group', { remote: 'one' }, 'remote'],
    ['a remote that could be a key', { remote: 'stores/a/b' }, 'remote'],
    ['a group that could be a key', { remote: 'stores#0/one' }, 'remote'],
    ['the partition of pauses', { remote: '#paused/*' }, 'remote'],
    ['a run without its schedule', { run: '2026-01-05T09:00:00.000Z' }, 'run: must be <schedule>@<slot>'],
    ['a slot without milliseconds', { run: 'prices@2026-01-05T09:00:00Z' }, 'run'],
    ['a schedule that is none', { run: 'a b@2026-01-05T09:00:00.000Z' }, 'run'],
    ['a result that nobody knows', { result: 'fine' }, 'result'],
    ['a time in another form', { startedAt: '2026-01-05 09:00:05' }, 'startedAt'],
    ['a time that no calendar has', { startedAt: '2026-13-05T09:00:05Z' }, 'startedAt: must be a moment that there is'],
    ['half a second', { seconds: 0.5 }, 'seconds'],
    ['no seconds', { seconds: undefined }, 'seconds'],
    ['more seconds than can be counted', { seconds: 1e300 }, 'seconds'],
    ['a code in words', { code: 'nine' }, 'code'],
  ])('with %s is refused by its name', (_what, change, words) => {
    expect(() => read(change)).toThrow(words);
    expect(() => read(change)).toThrow('No outcome that a host could have reported');
  });

  it.each(['', '{', 'null', '[]', '5', '"failed"'])('%s is refused', (body) => {
    expect(() => readReportedOutcome(body)).toThrow('No outcome that a host could have reported');
  });

  it('tells everything that is wrong at once', () => {
    expect(() => read({ remote: 'one', run: '', result: 5 })).toThrow(/remote: .*run: .*result: |result: .*remote: /);
  });
});
