import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSyncArguments } from '../../../rehearsal/sql-anywhere/dbmlsync/command-line';
import { until } from '../../../rehearsal/sql-anywhere/site/pair-host';
import { nextFiring } from '../../../rehearsal/sql-anywhere/sql/event-statement';
import { parseStatement } from '../../../rehearsal/sql-anywhere/sql/statement';
import { EACH_MINUTE, RemoteSite, type RemoteSiteProps } from '../../remote-life/remote-site';

const ALONE = { mirrored: false };

async function onSite(props: RemoteSiteProps, work: (remote: RemoteSite) => Promise<void>): Promise<void> {
  const remote = await RemoteSite.open(props);
  try {
    await work(remote);
  } finally {
    await remote.remove();
  }
}

describe('the statements of a remote', () => {
  const event = (rest: string) =>
    `CREATE OR REPLACE EVENT "e" ${rest} HANDLER BEGIN COMMIT; CALL xp_cmdshell('x'); END`;

  it('are those of the example of a store, once its placeholders are filled in', () => {
    const text = readFileSync(path.join(__dirname, '../../../examples/sql/store-1.sql'), 'utf8');
    const statements = text.split(/^go$/m).filter((it) => it.trim() !== '');
    expect(() => statements.map((it) => parseStatement(it))).toThrow('placeholder');
    const filled = statements.map((it) => parseStatement(it.replaceAll(/\{\{\w+\}\}/g, 'store-0815')));
    expect(filled.map((it) => it.kind)).toEqual(filled.map(() => 'change'));
    expect(filled).toContainEqual({
      kind: 'change',
      change: { kind: 'profile', name: 'prices', options: 'Subscription=prices_of_store;DownloadOnly=ON' },
    });
    expect(filled).toContainEqual({
      kind: 'change',
      change: { kind: 'subscription', name: 'sales_of_store', publication: 'sales', user: 'store-0815' },
    });
  });

  it.each([
    ['SCHEDULE "s" START TIME \'06:30\' EVERY 15 MINUTES', { startSeconds: 23_400, everySeconds: 900 }],
    ['SCHEDULE "s" START TIME \'0:00:05\' EVERY 2 HOURS', { startSeconds: 5, everySeconds: 7_200 }],
    [
      "SCHEDULE START TIME '23:59' EVERY 30 SECONDS ON ('Mon', 'Sunday')",
      { startSeconds: 86_340, everySeconds: 30, weekdays: [1, 0] },
    ],
    ['TYPE MirrorFailover', 'MirrorFailover'],
  ])('fire an event: %s', (when, on) => {
    expect(parseStatement(event(when))).toEqual({
      kind: 'change',
      change: { kind: 'event', name: 'e', on, command: 'x', commits: true },
    });
  });

  it.each([
    event('SCHEDULE "s" START TIME \'25:00\' EVERY 1 HOURS'),
    event('SCHEDULE "s" START TIME \'06:00\' EVERY 0 MINUTES'),
    event('SCHEDULE "s" START TIME \'06:00\' EVERY 1 DAYS'),
    event("SCHEDULE \"s\" START TIME '06:00' EVERY 1 HOURS ON ('Moonday')"),
    event('TYPE ServerIdle'),
    'CREATE TABLE "t" ("a" INT, PRIMARY KEY ("b"))',
    'CREATE PUBLICATION "p" ("t")',
    'CREATE SYNCHRONIZATION SUBSCRIPTION "s" TO "p"',
    'GRANT TRUNCATE ON "t" TO "u"',
    'INSERT INTO "t" ("a") VALUES (\'1\', \'2\')',
    'SELECT MAX("a")',
  ])('are not: %s', (statement) => {
    expect(() => parseStatement(statement)).toThrow('Syntax error');
  });

  it('schedule the next moment of a day that may be, at whole steps from its start', () => {
    const schedule = fc.record({
      startSeconds: fc.integer({ min: 0, max: 86_399 }),
      everySeconds: fc.integer({ min: 1, max: 200_000 }),
      weekdays: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }), { nil: undefined }),
    });
    const moment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
    fc.assert(
      fc.property(schedule, moment, (it, now) => {
        const next = nextFiring(it, now);
        expect(next).toBeGreaterThan(now);
        const at = new Date(next);
        const midnight = new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
        expect(it.weekdays ?? [at.getDay()]).toContain(at.getDay());
        expect(((next - midnight) / 1_000 - it.startSeconds) % it.everySeconds).toBe(0);
        expect(next - midnight).toBeGreaterThanOrEqual(it.startSeconds * 1_000);
        // Nothing comes between: the step before is not later than now, or lies on the day before.
        const before = next - it.everySeconds * 1_000;
        expect(before <= now || before < midnight + it.startSeconds * 1_000).toBe(true);
      }),
    );
  });
});

describe('the command line of dbmlsync', () => {
  const WORDS = [
    '-c',
    'SERVER=a',
    '-e',
    "dir=/d;ctp=tcpip;adr='host=h;port=1'",
    '-sp',
    'p',
    '-mp',
    'x',
    '-is',
    '-qc',
    '-v',
  ];

  it('is what the script of the hosts gives', () => {
    expect(parseSyncArguments([...WORDS, '-o', '/l'])).toMatchObject({
      connection: 'SERVER=a',
      folder: '/d',
      address: 'host=h;port=1',
      profile: 'p',
      password: 'x',
      log: '/l',
    });
    const short = parseSyncArguments(['-c', 'x', '-s', 'a,b', '-is', '-k']);
    expect(short).toMatchObject({ subscriptions: ['a', 'b'], folder: undefined, address: undefined });
    const long = parseSyncArguments(['-c', 'x', '-e', 'OfflineDirectory=/d', '-s', 'a', '-is', '-qc']);
    expect(long.folder).toBe('/d');
  });

  it.each([
    ['-d', [...WORDS, '-d']],
    ['-pc+', [...WORDS, '-pc+']],
    ['-ud', [...WORDS, '-ud']],
    ['-ra', [...WORDS, '-ra']],
    ['an unknown one', [...WORDS, '-zz']],
    ['a folder at the end', [...WORDS, '/logs']],
    ['a schedule', WORDS.map((word) => word.replace('dir=', 'sch=EVERY:00:15;dir='))],
    ['a schedule that closes when done', ['-c', 'x', '-e', 'sch=EVERY:00:15', '-s', 'a', '-is', '-k']],
    ['a stored schedule', WORDS.filter((word) => word !== '-is')],
    ['one that stays open', WORDS.filter((word) => word !== '-qc')],
    ['a profile and a subscription', [...WORDS, '-s', 'a']],
    ['nothing to synchronize', ['-c', 'x', '-is', '-qc']],
    ['an unknown extended option', WORDS.map((word) => word.replace('dir=', 'colour=red;dir='))],
    ['another protocol', WORDS.map((word) => word.replace('tcpip', 'carrier'))],
  ])('is not: %s', (_, words) => {
    expect(() => parseSyncArguments(words)).toThrow();
  });
});

describe.concurrent('dbmlsync beside a server that runs', () => {
  it('uploads what was committed, of the tables that are published, and asks for what it needs', () =>
    onSite(ALONE, async (remote) => {
      await remote.execute('first', 'INSERT INTO "probe" VALUES (\'is not published\')');
      await remote.write('first', 2);
      await remote.writeTogether('first', 2, 'ROLLBACK');
      expect(await remote.dbmlsync('first')).toMatchObject({
        code: 0,
        output: expect.stringMatching(/^I\. .*of 2 rows/m),
      });
      expect(remote.uploaded).toEqual(['sale-1', 'sale-2']);
      const refused = async (change: Parameters<RemoteSite['dbmlsync']>[1]) => {
        const { code, output } = await remote.dbmlsync('first', change);
        expect(code).not.toBe(0);
        expect(output).toMatch(/^E\. /m);
        return output;
      };
      expect(await refused({ '-mp': 'wrong' })).toContain('Authentication');
      expect(await refused({ '-sp': undefined, '-s': 'prices' })).toContain("Subscription 'prices' not found");
      expect(await refused({ '-e': `dir=${remote.logFolder('first')};adr='host=nowhere'` })).toContain(
        'Unable to find',
      );
      const login = `SERVER=${remote.site.host('first').server};DBN=consolidated;HOST=127.0.0.1:2638`;
      expect(await refused({ '-c': `${login};UID=mobilink;PWD=wrong` })).toContain('Invalid user ID or password');
      await remote.execute('first', 'GRANT CONNECT TO "clerk" IDENTIFIED BY \'clerk\'');
      expect(await refused({ '-c': `${login};UID=clerk;PWD=clerk` })).toContain('SYS_RUN_REPLICATION_ROLE');
      expect(remote.mobilink.completed).toBe(1);
    }));

  it('finds offline logs in the folder that it is given, and none without one', () =>
    onSite(ALONE, async (remote) => {
      const empty = `ctp=tcpip;adr='host=127.0.0.1;port=${remote.mobilink.port}'`;
      await remote.write('first', 1);
      await remote.renameLog('first');
      await remote.write('first', 1);
      const without = await remote.dbmlsync('first', { '-e': empty });
      expect(without).toMatchObject({ code: 5, output: expect.stringContaining('No off-line transaction log') });
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      // The active log is enough for what came after it was begun.
      await remote.renameLog('first');
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      await remote.write('first', 1);
      expect(await remote.dbmlsync('first', { '-e': empty })).toMatchObject({ code: 0 });
      expect(remote.problems()).toEqual([]);
      expect(remote.uploaded).toHaveLength(3);
    }));

  it('misses nothing of what is written while it reads', () =>
    onSite(ALONE, async (remote) => {
      let isOver = false;
      const writing = (async () => {
        while (!isOver) await remote.write('first', 5);
      })();
      for (let syncs = 0; syncs < 3; syncs++) {
        if (syncs === 1) await remote.renameLog('first');
        expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      }
      isOver = true;
      await writing;
      expect(remote.uploaded.length).toBeGreaterThan(5);
      expect(await remote.finalProblems()).toEqual([]);
    }));

  it('finds all entries though the log is renamed while it reads', () =>
    onSite(ALONE, async (remote) => {
      await remote.write('first', 2);
      // Whoever reads this file waits until somebody writes into it.
      const pipe = path.join(remote.logFolder('first'), 'pipe');
      execFileSync('mkfifo', [pipe]);
      const held = remote.mobilink.hold('end');
      const sync = remote.dbmlsync('first');
      const writer = await open(pipe, 'w');
      await remote.renameLog('first');
      await writer.write('goes on');
      await writer.close();
      await Promise.race([held.arrived, sync]);
      rmSync(pipe);
      held.release();
      expect(await sync).toMatchObject({ code: 0 });
      expect(remote.uploaded).toHaveLength(2);
      expect(await remote.finalProblems()).toEqual([]);
    }));

  it('refuses to go on where its log ends before what the consolidated database has', () =>
    onSite(ALONE, async (remote) => {
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      const folder = remote.logFolder('first');
      const file = path.join(folder, `${remote.site.database}.log`);
      const [before, database] = [readFileSync(file), readFileSync(file.replace(/log$/, 'db'))];
      await remote.write('first', 1);
      await remote.renameLog('first');
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      // As when the tail of the log was lost by an asynchronous failover.
      remote.site.host('first').kill();
      for (const log of remote.offlineLogs('first')) rmSync(log);
      writeFileSync(file, before);
      writeFileSync(file.replace(/log$/, 'db'), database);
      await remote.birth.startAlone();
      const { code, output } = await remote.dbmlsync('first');
      expect(code).toBe(5);
      expect(output).toMatch(/E\. .*beyond the end of the transaction log/);
    }));

  it('deletes old logs as the option says, when all of it is acknowledged', () =>
    onSite(ALONE, async (remote) => {
      const option = (value: string) => remote.execute('first', `SET OPTION PUBLIC.delete_old_logs = '${value}'`);
      const age = (days: number) => {
        const at = new Date(Date.now() - days * 86_400_000);
        for (const log of remote.offlineLogs('first')) utimesSync(log, at, at);
      };
      await remote.write('first', 1);
      await remote.renameLog('first');
      await remote.write('first', 1);
      for (const [value, days, left] of [
        ['Off', 100, 1],
        ['42 days', 41, 1],
        ['42 days', 43, 0],
      ] as const) {
        await option(value);
        age(days);
        expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
        expect(remote.offlineLogs('first'), value).toHaveLength(left);
      }
      // A subscription that nobody synchronizes keeps them for ever.
      await remote.execute('first', 'CREATE SYNCHRONIZATION SUBSCRIPTION "stale" TO "sales" FOR "store-0815"');
      await remote.write('first', 1);
      await remote.renameLog('first');
      await option('On');
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      expect(remote.offlineLogs('first')).toHaveLength(1);
    }));

  it('downloads again what was not confirmed, without harm, and never sends it back', () =>
    onSite(ALONE, async (remote) => {
      remote.offer();
      remote.mobilink.cut('end');
      expect((await remote.dbmlsync('first')).code).not.toBe(0);
      remote.offer();
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0, output: expect.stringContaining('of 2 rows') });
      expect(await remote.rows('first', 'price')).toEqual(['article-1', 'article-2']);
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0, output: expect.stringContaining('of 0 rows') });
      expect(remote.uploaded).toEqual([]);
    }));

  it('ends when it is told to by SIGHUP, and when the connection to its database breaks', () =>
    onSite(ALONE, async (remote) => {
      await remote.write('first', 1);
      const held = remote.mobilink.hold('upload');
      const sync = remote.dbmlsync('first');
      await held.arrived;
      const [pid] = remote.site
        .host('first')
        .journal.map((line) => /^dbmlsync (\d+) begins/.exec(line)?.[1])
        .filter(Boolean);
      process.kill(Number(pid), 'SIGHUP');
      expect(await sync).toMatchObject({ code: 11, output: expect.stringMatching(/^E\. .*Interrupted/m) });
      const other = remote.mobilink.hold('upload');
      const second = remote.dbmlsync('first');
      await other.arrived;
      const { server } = remote.site.host('first');
      const login = `SERVER=${server};DBN=consolidated;HOST=127.0.0.1:2638;UID=dba;PWD=dba-secret`;
      await remote.site.host('first').run('dbstop', '-y', '-c', login, server);
      expect(await second).toMatchObject({ code: 6, output: expect.stringContaining('Connection was terminated') });
      expect(remote.uploaded).toEqual([]);
    }));

  it.each(['refuse', 'wait'] as const)(
    'meets the lock of the remote id (%s), which is a violation on one host',
    (whenLocked) =>
      onSite(ALONE, async (remote) => {
        remote.mobilink.whenLocked = whenLocked;
        await remote.write('first', 1);
        const held = remote.mobilink.hold('acknowledge');
        const [one, two] = [remote.dbmlsync('first'), held.arrived.then(() => remote.dbmlsync('first'))];
        await until(() => remote.mobilink.violations.length > 0, 'the second to come');
        held.release();
        expect(await one).toMatchObject({ code: 0 });
        expect((await two).code === 0).toBe(whenLocked === 'wait');
        expect(remote.problems()).toEqual([expect.stringContaining('two syncs of')]);
        expect(remote.uploaded).toHaveLength(1);
      }),
  );

  it.each(['refused', 'late'])('never writes on a mirror (%s)', (how) =>
    onSite({ variants: { mirror_sync: how } }, async (remote) => {
      await remote.write('first', 1);
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      await remote.write('first', 1);
      const { code, output } = await remote.dbmlsync('second');
      expect(code).not.toBe(0);
      expect(output).toContain('The database is read-only');
      expect(remote.uploaded).toHaveLength(how === 'late' ? 2 : 1);
      expect(remote.mobilink.violations).toHaveLength(how === 'late' ? 1 : 0);
      // What a mirror has sent is not sent again.
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
      expect(remote.uploaded).toHaveLength(2);
    }),
  );
});

describe.concurrent('events of a database', () => {
  const told = (remote: RemoteSite, on: 'first' | 'second') => {
    const file = remote.file(on, '/told');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  };
  const event = (name: string, when: string) =>
    `CREATE OR REPLACE EVENT "${name}" ${when} HANDLER BEGIN COMMIT; CALL xp_cmdshell('echo x >>"$MOBILINK_HA_ROOT/told"', 'no_output'); END`;

  it('are held by both partners, and fired by the schedule on the primary alone', () =>
    onSite({ variants: { second: 100 } }, async (remote) => {
      await remote.execute('first', event('often', 'SCHEDULE "s" START TIME \'00:00\' EVERY 5 SECONDS'));
      const fired = (on: 'first' | 'second') =>
        remote.site.host(on).journal.filter((line) => line.endsWith('event often scheduled')).length;
      await until(() => fired('first') >= 2 && told(remote, 'first') >= 2, 'the event to be fired twice');
      expect(fired('second')).toBe(0);
      await remote.failOver('first');
      const before = fired('first');
      await until(() => fired('second') >= 2, 'the new primary to fire it twice');
      expect(fired('first')).toBe(before);
      await remote.execute('second', 'DROP EVENT IF EXISTS "often"');
      const after = fired('second');
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect(fired('second')).toBe(after);
      await expect(remote.execute('second', 'DROP EVENT "often"')).rejects.toThrow('not found');
      await remote.execute('second', 'DROP EVENT IF EXISTS "often"');
    }));

  it('lose their transaction when the database restarts, and hinder nobody after it', () =>
    onSite({ variants: { open_handler: 'blocks' } }, async (remote) => {
      await remote.write('first', 1);
      await remote.execute(
        'first',
        event('long', 'TYPE MirrorServerDisconnect').replace('COMMIT; ', '').replace('echo', 'sleep 600; echo'),
      );
      await remote.execute('first', 'TRIGGER EVENT "long"');
      const blocked = remote.dbmlsync('first');
      expect(await Promise.race([blocked, new Promise((resolve) => setTimeout(resolve, 1_500, 'waits'))])).toBe(
        'waits',
      );
      await remote.failOver('first');
      expect((await blocked).code).not.toBe(0);
      await remote.complete();
      await remote.failOver('second');
      expect(await remote.dbmlsync('first')).toMatchObject({ code: 0 });
    }));

  it('are fired at once by who says so, on a server without a mirror too', () =>
    onSite({ ...ALONE, schedules: [EACH_MINUTE] }, async (remote) => {
      await remote.execute('first', event('seldom', "SCHEDULE \"s\" START TIME '00:00' EVERY 24 HOURS ON ('Mon')"));
      await remote.execute('first', 'TRIGGER EVENT "seldom"');
      await until(() => told(remote, 'first') === 1, 'the event');
      await expect(remote.execute('first', 'TRIGGER EVENT "nobody"')).rejects.toThrow('not found');
      await remote.write('first', 1);
      await remote.fire('first');
      await until(() => remote.uploaded.length === 1, 'the sync');
    }));
});

describe.concurrent('tables and transactions', () => {
  it('keep what was committed, and refuse what does not fit', () =>
    onSite(ALONE, async (remote) => {
      const execute = (statement: string) => remote.execute('first', statement);
      await execute('CREATE TABLE IF NOT EXISTS "log" ("name" VARCHAR(128) NOT NULL PRIMARY KEY, "sum" VARCHAR(80))');
      await execute('CREATE TABLE IF NOT EXISTS "log" ("name" VARCHAR(128) NOT NULL PRIMARY KEY, "sum" VARCHAR(80))');
      const read = () =>
        execute("SELECT 'sum=' || COALESCE(MAX(\"sum\"), 'none') || ';' FROM \"log\" WHERE \"name\" = 'a'");
      expect(await read()).toEqual([['sum=none;']]);
      await execute('INSERT INTO "log" ("name", "sum") VALUES (\'a\', \'1\')');
      expect(await read()).toEqual([['sum=1;']]);
      await expect(execute("INSERT INTO \"log\" VALUES ('a', '2')")).rejects.toThrow('not unique');
      await expect(execute('INSERT INTO "log" VALUES (\'b\')')).rejects.toThrow('number of values');
      await expect(execute('INSERT INTO "log" ("colour") VALUES (\'b\')')).rejects.toThrow("'colour' not found");
      await expect(execute('SELECT * FROM "nowhere"')).rejects.toThrow("'nowhere' not found");
      await expect(execute('CREATE TABLE "log" ("name" INT)')).rejects.toThrow('already exists');
      await expect(execute('CREATE PUBLICATION "p" (TABLE "nowhere")')).rejects.toThrow('not found');
      await execute('INSERT INTO "log" VALUES (\'ab\', NULL)');
      expect(await execute('SELECT "name" FROM "log" WHERE "name" LIKE \'a_%\'')).toEqual([['ab']]);
      expect(await execute('SELECT COUNT(*) FROM "log"')).toEqual([['2']]);
      await execute('DELETE FROM "log" WHERE "name" = \'a\'');
      expect(await read()).toEqual([['sum=none;']]);
      remote.site.host('first').kill();
      await remote.birth.startAlone();
      expect(await execute('SELECT * FROM "log"')).toEqual([['ab', null]]);
    }));
});
