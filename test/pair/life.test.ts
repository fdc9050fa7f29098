import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PairHosts, type Partner, pause, ROLES, SECRETS, volumesOf } from './pair-hosts';

type Finished = (remove: () => Promise<void>) => void;

async function open(finished: Finished): Promise<PairHosts> {
  const pair = await PairHosts.open();
  finished(() => pair.remove());
  return pair;
}

async function born(finished: Finished): Promise<PairHosts> {
  const pair = await open(finished);
  await pair.birth();
  await pair.complete();
  return pair;
}

const other = (partner: Partner): Partner => (partner === 'first' ? 'second' : 'first');
const data = (pair: PairHosts, role: Partner, name: string) =>
  pair.host(role).file(`/var/lib/mobilink-ha/data/${name}`);

/** Folders of what was put aside on a partner's volume. */
function aside(pair: PairHosts, role: Partner): string[] {
  const folder = data(pair, role, 'aside');
  return existsSync(folder) ? readdirSync(folder) : [];
}

describe.concurrent('the life of a pair', () => {
  it('a second bootstrap on running hosts changes nothing and starts nothing again', async ({ onTestFinished }) => {
    const pair = await born(onTestFinished);
    const pids = ROLES.map((role) =>
      readFileSync(pair.host(role).file('/run/units/mobilink-ha-database.service'), 'utf8'),
    );
    for (const role of ROLES) await pair.boot(role);
    expect(
      ROLES.map((role) => readFileSync(pair.host(role).file('/run/units/mobilink-ha-database.service'), 'utf8')),
    ).toEqual(pids);
    expect(pair.birthRecord).toBe('generation=1;backup=none');
    expect(aside(pair, 'first')).toEqual([]);
    expect(pair.complaints).toEqual([]);
  });

  it('the primary dies: the mirror takes over with every row that was acknowledged, and the old primary comes back as mirror', async ({
    onTestFinished,
  }) => {
    const pair = await born(onTestFinished);
    expect(await pair.insert('before', 'first')).toBe(true);
    pair.terminate('first');
    const until = Date.now() + 20_000;
    while (!(await pair.roleLine('second'))?.includes('role=primary') && Date.now() < until) await pause(25);
    expect(await pair.insert('between', 'second')).toBe(true);
    pair.replace('first');
    await pair.boot('first');
    expect(await pair.complete()).toBe('second');
    expect(await pair.rows('first')).toEqual(['before', 'between']);
    expect(aside(pair, 'first')).toEqual([]);
    expect(pair.complaints).toEqual([]);
  });

  it.for(['first', 'second'] as const)(
    'a new %s without its volumes copies from the primary, and creates nothing',
    async (lost, { onTestFinished }) => {
      const pair = await born(onTestFinished);
      expect(await pair.insert('kept', 'first')).toBe(true);
      pair.terminate(lost);
      for (const volume of volumesOf(lost)) pair.loseVolume(volume);
      pair.replace(lost);
      const output = await pair.boot(lost);
      expect(output).toContain('copying the database from the primary');
      expect(output).not.toContain('creating');
      expect(await pair.complete()).toBe(other(lost));
      expect(await pair.rows(lost)).toEqual(['kept']);
    },
  );

  it('a database of another generation is put aside, not thrown away', async ({ onTestFinished }) => {
    const pair = await born(onTestFinished);
    pair.terminate('second');
    writeFileSync(path.join(pair.account, `volume-${volumesOf('second')[1]}`, 'generation'), '0\n');
    pair.replace('second');
    await pair.boot('second');
    await pair.complete();
    expect(readdirSync(path.join(data(pair, 'second', 'aside'), aside(pair, 'second')[0] ?? '')).sort()).toEqual([
      'consolidated_second.state',
      'db',
      'generation',
    ]);
  });

  it('both partners are gone at once and come back', async ({ onTestFinished }) => {
    const pair = await born(onTestFinished);
    expect(await pair.insert('kept', 'first')).toBe(true);
    for (const role of ['first', 'second'] as const) pair.replace(role);
    await Promise.all([pair.boot('first'), pair.boot('second')]);
    const primary = await pair.complete();
    expect(await pair.rows(primary)).toEqual(['kept']);
    expect(pair.complaints).toEqual([]);
  });

  it('a planned failover is refused unless the pair is complete, and moves the primary once when it is', async ({
    onTestFinished,
  }) => {
    const pair = await born(onTestFinished);
    expect((await pair.run('second', 'fail-over')).code).toBe(1);
    expect((await pair.run('first', 'fail-over')).code).toBe(0);
    expect(await pair.complete()).toBe('second');
    pair.terminate('arbiter');
    const until = Date.now() + 20_000;
    while ((await pair.roleLine('second'))?.includes('arbiter=connected') && Date.now() < until) await pause(25);
    const refused = await pair.run('second', 'fail-over');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('refused: server=consolidated_second;role=primary');
  });

  it('a new primary tells EventBridge, as the hint that the tracker waits for', async ({ onTestFinished }) => {
    const pair = await born(onTestFinished);
    expect((await pair.run('first', 'fail-over')).code).toBe(0);
    expect(await pair.complete()).toBe('second');
    const until = Date.now() + 20_000;
    while (!pair.read('events')?.includes('consolidated_second') && Date.now() < until) await pause(25);
    const [last] = (pair.read('events') ?? '').trim().split('\n').slice(-1);
    const [entry] = JSON.parse(last ?? '[]') as { Source: string; DetailType: string; Detail: string }[];
    expect(entry).toMatchObject({ Source: 'mobilink-ha', DetailType: 'MobiLink Mirror Failover' });
    expect(JSON.parse(entry?.Detail ?? '{}')).toEqual({
      databaseId: 'Pair-Consolidated',
      server: 'consolidated_second',
    });
  });
});

describe.concurrent('backup and restore', () => {
  const manifest = (pair: PairHosts) =>
    path.join(pair.account, 'buckets/bucket-of-the-test/backups', pair.backups().at(-1) ?? '', 'manifest');

  it('only the primary backs up; a restore is a new birth of the same database on both partners', async ({
    onTestFinished,
  }) => {
    const pair = await born(onTestFinished);
    expect(await pair.insert('saved', 'first')).toBe(true);
    expect((await pair.run('second', 'back-up')).output).toContain('not the primary');
    expect(pair.backups()).toEqual([]);
    const backedUp = await pair.run('first', 'back-up');
    expect(backedUp.code, backedUp.output).toBe(0);
    expect(pair.backups()).toHaveLength(1);
    expect(await pair.insert('after the backup', 'first')).toBe(true);

    pair.write('parameter-/mobilink-ha/pair/birth', `generation=2;backup=backups/${pair.backups()[0]}\n`);
    for (const role of ROLES) pair.host(role).kill();
    await pair.boot('arbiter');
    await Promise.all([pair.boot('first'), pair.boot('second')]);
    expect(await pair.complete()).toBe('first');
    expect(await pair.rows('first')).toEqual(['saved']);
    expect(await pair.rows('second')).toEqual(['saved']);
    expect(pair.birthRecord).toBe('generation=2;backup=none');
    for (const role of ['first', 'second'] as const) expect(aside(pair, role)).toHaveLength(1);
    expect(pair.complaints).toEqual([]);

    // From now on a lost volume is filled from the primary again, which knows more than the backup.
    expect(await pair.insert('new life', 'first')).toBe(true);
    pair.terminate('second');
    for (const volume of volumesOf('second')) pair.loseVolume(volume);
    pair.replace('second');
    await pair.boot('second');
    expect(await pair.complete()).toBe('first');
    expect(await pair.rows('second')).toEqual(['saved', 'new life']);
  });

  it.for<[string, (file: string) => void, string]>([
    ['without a manifest', (file: string) => rmSync(file), 'no manifest'],
    [
      'with another content',
      (file: string) => writeFileSync(file, `${'0'.repeat(64)} database.tar.gz\n`),
      'is not what was backed up',
    ],
    ['with a strange manifest', (file: string) => writeFileSync(file, 'hello\n'), 'is not what back-up.sh writes'],
  ])('a backup %s is not restored, and nothing is started from it', async ([, spoil, words], { onTestFinished }) => {
    const pair = await born(onTestFinished);
    expect((await pair.run('first', 'back-up')).code).toBe(0);
    spoil(manifest(pair));
    pair.write('parameter-/mobilink-ha/pair/birth', `generation=2;backup=backups/${pair.backups()[0]}\n`);
    pair.host('first').kill();
    const { code, output } = await pair.run('first', 'bootstrap-host');
    expect(code).toBe(1);
    expect(output).toContain(words);
    expect(existsSync(pair.host('first').file('/run/units/mobilink-ha-database.service'))).toBe(true);
    expect(await pair.roleLine('first')).toBeUndefined();
  });

  it('old logs go only while the pair is complete, and the mirror follows', async ({ onTestFinished }) => {
    const pair = await born(onTestFinished);
    expect((await pair.run('first', 'back-up')).code).toBe(0);
    const offline = readdirSync(data(pair, 'first', 'db')).filter((name) => /^\d{6}.*\.log$/i.test(name));
    expect(offline).toHaveLength(1);
    const aged = data(pair, 'first', `db/${offline[0]}`);
    const long = Date.now() / 1000 - 60 * 86_400;
    utimesSync(aged, long, long);
    pair.terminate('arbiter');
    const until = Date.now() + 20_000;
    while ((await pair.roleLine('first'))?.includes('arbiter=connected') && Date.now() < until) await pause(25);
    const kept = await pair.run('first', 'back-up');
    expect(kept.output).toContain('old logs are kept');
    expect(existsSync(aged)).toBe(true);
    pair.replace('arbiter');
    await pair.boot('arbiter');
    await pair.complete();
    expect((await pair.run('first', 'back-up')).code).toBe(0);
    expect(existsSync(aged)).toBe(false);
  });
});

describe.concurrent('what must not be seen', () => {
  it('no secret is in a command line, a log, a journal or a file that others can read', async ({ onTestFinished }) => {
    const pair = await born(onTestFinished);
    expect((await pair.run('first', 'back-up')).code).toBe(0);
    const secrets = Object.values(SECRETS).map(({ password }) => password);
    for (const role of ROLES) {
      const { root } = pair.host(role);
      for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
        const file = path.join(root, name);
        const stat = statSync(file, { throwIfNoEntry: false });
        if (!stat?.isFile() || name.startsWith('opt/sqlanywhere17')) continue;
        const text = readFileSync(file, 'latin1');
        const found = secrets.filter((secret) => text.includes(secret));
        if (found.length > 0) expect(stat.mode & 0o077, `${name} holds a secret`).toBe(0);
        if (name.includes('log') || name === 'journal') expect(found, name).toEqual([]);
      }
      expect(
        readdirSync(pair.host(role).file('/run/mobilink-ha')).filter((name) => name.endsWith('.args')),
        role,
      ).toEqual(['dbsrv.args']);
    }
  });

  it('a wrong configuration is told all at once, and nothing is touched', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    const file = pair.host('first').file('/etc/mobilink-ha/pair.conf');
    const text = readFileSync(file, 'utf8')
      .replace(/^PORT=.*$/m, 'PORT=2638; id')
      .replace(/^LOG_DAYS=.*\n/m, '')
      .concat('SURPRISE=1\n');
    writeFileSync(file, text);
    const { code, output } = await pair.run('first', 'bootstrap-host');
    expect(code).toBe(1);
    expect(output).toMatch(/PORT must match .*no such setting.*LOG_DAYS is missing/);
    expect(pair.journal('first')).toEqual([]);
  });
});
