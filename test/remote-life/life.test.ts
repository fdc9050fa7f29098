import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../rehearsal/sql-anywhere/mobilink/mobilink-server';
import { until } from '../../rehearsal/sql-anywhere/site/pair-host';
import { EACH_MINUTE, RemoteSite, type RemoteSiteProps } from './remote-site';

type Finished = (remove: () => Promise<void>) => void;

async function open(finished: Finished, props: RemoteSiteProps = {}): Promise<RemoteSite> {
  const remote = await RemoteSite.open(props);
  finished(() => remote.remove());
  return remote;
}

const ALONE = { mirrored: false };
const STEPS: readonly Step[] = ['upload', 'acknowledge', 'download', 'end'];

describe.concurrent('the life of a remote', () => {
  it('uploads what stands in the active log and in offline logs, each row once, on whichever partner is primary', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished);
    await remote.write('first', 2);
    await remote.renameLog('first');
    await remote.writeTogether('first', 3, 'COMMIT');
    await remote.writeTogether('first', 2, 'ROLLBACK');
    await remote.writeTogether('first', 2, 'leave');
    await remote.renameLog('first');
    await remote.write('first', 1);
    expect(await remote.sync('first')).toMatchObject({ code: 0, report: { result: 'synchronized', role: 'primary' } });
    expect(remote.uploaded).toHaveLength(6);
    expect(await remote.sync('second')).toMatchObject({ code: 75, report: { result: 'not-primary', role: 'mirror' } });
    await remote.write('first', 1);
    await remote.renameLog('first');
    await remote.write('first', 1);
    remote.offer();
    await remote.failOver('first');
    // Part of it lies in an offline log of a partner that never synchronized.
    expect(await remote.sync('second')).toMatchObject({ code: 0 });
    expect(remote.uploaded).toHaveLength(8);
    expect(await remote.finalProblems()).toEqual([]);
  });

  it.for(STEPS)(
    'goes on where the consolidated database is when the primary dies at "%s"',
    async (step, { onTestFinished }) => {
      const remote = await open(onTestFinished);
      await remote.write('first', 2);
      await remote.renameLog('first');
      await remote.write('first', 1);
      remote.offer();
      const held = remote.mobilink.hold(step);
      const sync = remote.startSync('first');
      await held.arrived;
      remote.kill('first');
      await sync.ended;
      held.release();
      await remote.untilPrimary();
      await remote.write('second', 1);
      expect(await remote.sync('second')).toMatchObject({ code: 0 });
      expect(await remote.finalProblems()).toEqual([]);
    },
  );

  it.for(STEPS)(
    'ends a sync whose primary gives its role away at "%s", and the next one makes it good',
    async (step, { onTestFinished }) => {
      const remote = await open(onTestFinished);
      await remote.write('first', 2);
      remote.offer();
      const held = remote.mobilink.hold(step);
      const sync = remote.startSync('first');
      await held.arrived;
      await remote.failOver('first');
      expect(await sync.ended).toMatchObject({ code: 1, report: { result: 'failed' } });
      held.release();
      await remote.write('second', 1);
      expect(await remote.sync('first')).toMatchObject({ code: 75 });
      expect(await remote.sync('second')).toMatchObject({ code: 0 });
      expect(await remote.finalProblems()).toEqual([]);
    },
  );

  it('never uploads what the mirror has not confirmed: a partner that is cut off may lose it', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished, { variants: { second: 400 } });
    await remote.write('first', 1);
    expect(await remote.sync('first')).toMatchObject({ code: 0 });
    for (const place of ['second', 'arbiter'] as const) remote.site.cut('first', place, 'hole');
    // Nobody tells it that it is alone, so its log takes the row.
    const written = remote.write('first', 1).then(
      () => 'confirmed',
      () => 'lost',
    );
    const held = remote.mobilink.hold('acknowledge');
    const sync = remote.startSync('first');
    await held.arrived;
    held.release();
    await until(
      async () => /role=primary/.test((await remote.site.askRole('second')) ?? ''),
      'the mirror to take over',
    );
    expect(await written).toBe('lost');
    expect((await sync.ended).code).toBe(1);
    await remote.write('second', 1);
    remote.site.restoreAll();
    expect(await remote.finalProblems()).toEqual([]);
    expect(remote.uploaded).toHaveLength(2);
  });

  it('sends a row once though its connection to the MobiLink server is cut again and again', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished, ALONE);
    for (const step of STEPS) {
      await remote.write('first', 1);
      remote.offer();
      remote.mobilink.cut(step);
      expect(await remote.sync('first'), step).toMatchObject({ code: 1, report: { result: 'failed' } });
    }
    expect(await remote.finalProblems()).toEqual([]);
  });

  it('refuses the folder of the other partner, and names both', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished);
    await remote.write('first', 1);
    remote.set('first', 'LOG_FOLDER', remote.logFolder('second'));
    const { code, report } = await remote.sync('first');
    expect({ code, result: report?.result }).toEqual({ code: 1, result: 'failed' });
    expect(report?.message).toContain(remote.logFolder('first'));
    expect(report?.message).toContain(remote.logFolder('second'));
    expect(remote.uploaded).toEqual([]);
    remote.set('first', 'LOG_FOLDER', remote.logFolder('first'));
    expect(await remote.finalProblems()).toEqual([]);
  });

  it.for(['ignored', 'fail'])(
    'with files in the folder that are no logs of it (%s)',
    async (how, { onTestFinished }) => {
      const remote = await open(onTestFinished, { ...ALONE, variants: { foreign_files: how } });
      await remote.write('first', 1);
      const folder = remote.logFolder('first');
      const strangers = ['notes.txt', 'other.log', 'copy.LOG'].map((name) => path.join(folder, name));
      const own = path.join(folder, `${remote.site.database}.log`);
      const text = readFileSync(own, 'utf8');
      writeFileSync(strangers[0] ?? '', 'a note');
      writeFileSync(strangers[1] ?? '', text.replace(/"database":"[^"]*"/, '"database":"another"'));
      // Of the same database: what stands in it stands in the real one too.
      if (how === 'ignored') copyFileSync(own, strangers[2] ?? '');
      const { code, report } = await remote.sync('first');
      if (how === 'fail') {
        expect({ code, result: report?.result }).toEqual({ code: 1, result: 'failed' });
        expect(report?.message).toContain('is not a transaction log');
        for (const file of strangers) rmSync(file, { force: true });
      } else {
        expect(code).toBe(0);
        expect(remote.uploaded).toHaveLength(1);
      }
      expect(await remote.finalProblems()).toEqual([]);
    },
  );

  it.for(['off-line', 'missing', 'offset'])(
    'tells which runbook helps when an offline log is missing (%s)',
    async (how, { onTestFinished }) => {
      const remote = await open(onTestFinished, { ...ALONE, variants: { missing_log: how } });
      await remote.write('first', 1);
      expect(await remote.sync('first')).toMatchObject({ code: 0 });
      await remote.write('first', 1);
      await remote.renameLog('first');
      await remote.write('first', 1);
      const [log = ''] = remote.offlineLogs('first');
      const kept = readFileSync(log);
      rmSync(log);
      const { code, report } = await remote.sync('first');
      expect({ code, result: report?.result }).toEqual({ code: 1, result: 'failed' });
      expect(report?.message).toContain('[runbook missing-transaction-log]');
      expect(remote.uploaded).toHaveLength(1);
      writeFileSync(log, kept, { mode: 0o600 });
      expect(await remote.finalProblems()).toEqual([]);
    },
  );

  it('rebuilds what a restored consolidated database lost, as long as the logs are kept', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished, ALONE);
    await remote.write('first', 1);
    expect(await remote.sync('first')).toMatchObject({ code: 0 });
    const restore = remote.mobilink.backUp();
    await remote.write('first', 2);
    await remote.renameLog('first');
    expect(await remote.sync('first')).toMatchObject({ code: 0 });
    await remote.write('first', 1);
    restore();
    expect(remote.uploaded).toHaveLength(1);
    expect(await remote.finalProblems()).toEqual([]);
    expect(remote.uploaded).toHaveLength(4);
  });

  it('cannot rebuild it when the retention of logs is shorter than that of the backups', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished, ALONE);
    await remote.execute('first', "SET OPTION PUBLIC.delete_old_logs = 'On'");
    const restore = remote.mobilink.backUp();
    await remote.write('first', 1);
    await remote.renameLog('first');
    expect(await remote.sync('first')).toMatchObject({ code: 0 });
    expect(remote.offlineLogs('first')).toEqual([]);
    restore();
    const { code, report } = await remote.sync('first');
    expect(code).toBe(1);
    expect(report?.message).toContain('[runbook missing-transaction-log]');
    expect(remote.problems()).toEqual([]);
  });

  it.for(['refuse', 'wait'] as const)(
    'lets one of both triggers at once in, and the other after it (%s)',
    async (whenLocked, { onTestFinished }) => {
      const remote = await open(onTestFinished, { ...ALONE, schedules: [EACH_MINUTE] });
      remote.mobilink.whenLocked = whenLocked;
      await remote.write('first', 1);
      const held = remote.mobilink.hold('upload');
      await remote.fire('first');
      await held.arrived;
      expect(await remote.sync('first')).toMatchObject({ code: 76, report: { result: 'busy' } });
      held.release();
      await until(() => remote.mobilink.completed === 1, 'the sync of the event');
      // The event's script ends after its sync; until then it would have the lock.
      await until(() => remote.isUnlocked('first'), 'the script of the event to end');
      await remote.write('first', 1);
      const other = remote.mobilink.hold('acknowledge');
      const cloud = remote.startSync('first');
      await other.arrived;
      // The slot of the minute may be done; another minute's is not.
      writeFileSync(remote.file('first', '/var/lib/mobilink-ha/sync/synchronized-runs'), '');
      await remote.fire('first');
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(remote.mobilink.completed).toBe(1);
      other.release();
      expect(await cloud.ended).toMatchObject({ code: 0 });
      await until(() => remote.mobilink.completed === 3, 'the event to synchronize after it');
      expect(await remote.finalProblems()).toEqual([]);
    },
  );

  it('fires on the primary alone, and catches up after a failover', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished, { schedules: [EACH_MINUTE] });
    await remote.write('first', 1);
    await expect(remote.fire('second')).rejects.toThrow('read-only');
    await remote.failOver('first');
    await until(() => remote.uploaded.length === 1, 'the new primary to synchronize');
    await expect(remote.fire('first')).rejects.toThrow('read-only');
    const outcomes = remote.file('second', '/var/lib/mobilink-ha/sync/outcomes');
    await until(
      () => existsSync(outcomes) && readdirSync(outcomes).some((name) => name.endsWith('.json')),
      'its outcome',
    );
    expect(existsSync(remote.file('first', '/var/lib/mobilink-ha/sync/outcomes'))).toBe(false);
    expect(await remote.finalProblems()).toEqual([]);
  });

  it.for(['blocks', 'error'])(
    'an event that does not commit stands in its own way (%s)',
    async (how, { onTestFinished }) => {
      const remote = await open(onTestFinished, {
        ...ALONE,
        variants: { open_handler: how },
        schedules: [EACH_MINUTE],
        event: (statement) => statement.replace('BEGIN COMMIT; ', 'BEGIN '),
      });
      remote.set('first', 'FIRST_TIME_LIMIT', '1');
      await remote.write('first', 1);
      await remote.fire('first');
      const outcomes = remote.file('first', '/var/lib/mobilink-ha/sync/outcomes');
      mkdirSync(outcomes, { recursive: true });
      const told = () => readdirSync(outcomes).filter((name) => name.endsWith('.json'));
      await until(() => told().length > 0, 'its outcome');
      const outcome = JSON.parse(readFileSync(path.join(outcomes, told()[0] ?? ''), 'utf8'));
      expect(outcome).toMatchObject({
        result: 'failed',
        message: expect.stringContaining(how === 'blocks' ? 'stopped after the limit' : 'locked'),
      });
      expect(remote.uploaded).toEqual([]);
      expect(remote.problems()).toEqual([expect.stringContaining('inside its transaction')]);
    },
  );
});
