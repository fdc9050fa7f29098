import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { databaseSql, sqlFile } from '../../lib/sql-anywhere/mirror-sql';
import { PairHosts, volumesOf } from './pair-hosts';

type Finished = (remove: () => Promise<void>) => void;

const OF_PAIRS = [
  'ROLE',
  'SERVER',
  'PARTNER_SERVER',
  'FIRST_HOST',
  'SECOND_HOST',
  'ARBITER_HOST',
  'AUTHENTICATION_SECRET',
  'STATE_VOLUME',
];
const SERVER = 'consolidated_single';

/** One host of a pair's three, with what a single server's user data leaves on it. */
async function open(finished: Finished, more: Record<string, string> = {}): Promise<PairHosts> {
  const hosts = await PairHosts.open();
  finished(() => hosts.remove());
  configure(hosts, more);
  return hosts;
}

function configure(hosts: PairHosts, more: Record<string, string> = {}): void {
  const host = hosts.host('first');
  const file = host.file('/etc/mobilink-ha/pair.conf');
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !OF_PAIRS.includes(line.split('=')[0] ?? ''));
  const own = Object.entries({ ROLE: 'single', SERVER, ...more }).map(([key, value]) => `${key}=${value}`);
  const kept = lines.filter((line) => line !== '' && !(more.HOLDS_REMOTE && line.startsWith('LOG_DAYS=')));
  writeFileSync(file, `${[...kept, ...own].join('\n')}\n`);
  writeFileSync(host.file('/etc/mobilink-ha/pair.sql'), sqlFile(databaseSql('mobilink')));
}

async function insert(hosts: PairHosts, value: string): Promise<string | undefined> {
  return hosts.execute('first', `INSERT INTO "probe" VALUES ('${value}')`, SERVER);
}

async function rows(hosts: PairHosts): Promise<string[]> {
  return hosts.rows('first', SERVER);
}

const DATA = volumesOf('first')[1] ?? '';

describe.concurrent('the life of a single server', () => {
  it('is born once, says that it has no role, and keeps what it has through a new host', async ({ onTestFinished }) => {
    const hosts = await open(onTestFinished);
    expect(await hosts.boot('first')).toContain('the database is born');
    expect(await hosts.roleLine('first')).toContain(`server=${SERVER};role=none;`);
    expect(hosts.birthRecord).toBe('generation=1;backup=none');
    expect(await insert(hosts, 'kept')).toBeUndefined();
    expect(await hosts.boot('first')).not.toContain('creating');
    hosts.replace('first');
    configure(hosts);
    expect(await hosts.boot('first')).toContain('the database is here');
    expect(await rows(hosts)).toEqual(['kept']);
    expect(hosts.complaints).toEqual([]);
  });

  it('creates no empty database where one was lost, and restores the backup that a person names', async ({
    onTestFinished,
  }) => {
    const hosts = await open(onTestFinished);
    await hosts.boot('first');
    await insert(hosts, 'backed-up');
    const backup = await hosts.run('first', 'back-up');
    expect(backup).toMatchObject({ code: 0 });
    await insert(hosts, 'lost');
    hosts.terminate('first');
    hosts.loseVolume(DATA);
    hosts.replace('first');
    configure(hosts);
    const refused = await hosts.run('first', 'bootstrap-host');
    expect(refused.code).toBe(1);
    const log = () => readFileSync(hosts.host('first').file('/var/log/mobilink-ha/bootstrap.log'), 'utf8');
    await vi.waitFor(() => expect(log()).toContain('write generation=2;backup=FOLDER into'));
    expect(existsSync(hosts.host('first').file('/var/lib/mobilink-ha/data/db/consolidated.db'))).toBe(false);
    const [folder] = hosts.backups();
    hosts.write('parameter-/mobilink-ha/pair/birth', `generation=2;backup=backups/${folder}\n`);
    await hosts.boot('first');
    expect(await rows(hosts)).toEqual(['backed-up']);
    expect(hosts.birthRecord).toBe('generation=2;backup=none');
    expect(hosts.complaints).toEqual([]);
  });

  it('whose birth record was deleted is not born again over another generation', async ({ onTestFinished }) => {
    const hosts = await open(onTestFinished);
    await hosts.boot('first');
    writeFileSync(hosts.host('first').file('/var/lib/mobilink-ha/data/generation'), '3\n');
    rmSync(`${hosts.account}/parameter-_mobilink-ha_pair_birth`);
    expect((await hosts.run('first', 'bootstrap-host')).code).toBe(1);
    // What it says goes through a pipe that may be read a little later.
    const log = () => readFileSync(hosts.host('first').file('/var/log/mobilink-ha/bootstrap.log'), 'utf8');
    await vi.waitFor(() => expect(log()).toContain('write generation=3;backup=none into it'));
  });

  it('of a remote deletes no logs with its backup, and tells itself that it is primary', async ({ onTestFinished }) => {
    const hosts = await open(onTestFinished, { HOLDS_REMOTE: 'yes' });
    await hosts.boot('first');
    const old = hosts.host('first').file('/var/lib/mobilink-ha/data/db/200101AA.LOG');
    writeFileSync(old, 'an old log');
    utimesSync(old, 0, 0);
    expect(await hosts.run('first', 'back-up')).toMatchObject({ code: 0 });
    expect(existsSync(old)).toBe(true);
    expect(await hosts.run('first', 'watch-host')).toMatchObject({ code: 0 });
    const metrics = hosts.read('metrics') ?? '';
    expect(metrics).toContain('{"MetricName":"PrimariesClaimed","Unit":"Count","Value":1,');
    hosts.host('first').kill();
    await hosts.run('first', 'watch-host');
    expect(hosts.read('metrics')).toContain('{"MetricName":"PrimariesClaimed","Unit":"Count","Value":0,');
  });
});

describe('the partners of a remote', () => {
  it('tell what they are: each whether it is primary, the primary whether its links are well', async ({
    onTestFinished,
  }) => {
    const hosts = await PairHosts.open();
    onTestFinished(() => hosts.remove());
    for (const role of ['first', 'second'] as const) {
      const file = hosts.host(role).file('/etc/mobilink-ha/pair.conf');
      writeFileSync(file, readFileSync(file, 'utf8').replace('LOG_DAYS=42', 'HOLDS_REMOTE=yes'));
    }
    await hosts.birth();
    await hosts.complete();
    const told = async (role: 'first' | 'second') => {
      rmSync(`${hosts.account}/metrics`, { force: true });
      await hosts.run(role, 'watch-host');
      const found = [...(hosts.read('metrics') ?? '').matchAll(/"MetricName":"(\w+)","Unit":"Count","Value":(\d)/g)];
      return Object.fromEntries(found.map(([, name, value]) => [name, Number(value)]));
    };
    const well = { PrimariesClaimed: 1, MirrorNotSynchronized: 0, PartnerLost: 0, ArbiterLost: 0 };
    expect(await told('first')).toEqual(well);
    expect(await told('second')).toEqual({ PrimariesClaimed: 0 });
    hosts.terminate('arbiter');
    for (let tries = 0; tries < 100 && (await told('first')).ArbiterLost !== 1; tries++);
    expect(await told('first')).toEqual({ ...well, ArbiterLost: 1 });
  });
});
