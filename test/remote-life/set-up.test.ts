import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Duration } from 'aws-cdk-lib';
import { describe, expect, it, vi } from 'vitest';
import { InsideSchedule } from '../../lib';
import { syncEvents } from '../../lib/remotes/sync-events';
import { everyQuarter, RemotePair } from './remote-pair';

/** A database's event runs a shell that runs dbmlsync: on a busy machine that takes a while. */
const PATIENTLY = { timeout: 40_000, interval: 50 };
vi.setConfig({ testTimeout: 120_000 });

type Finished = (remove: () => Promise<void>) => void;

async function open(finished: Finished, ...given: Parameters<typeof RemotePair.open>): Promise<RemotePair> {
  const remote = await RemotePair.open(...given);
  finished(() => remote.remove());
  return remote;
}

describe.concurrent('the set-up of a remote on a mirrored pair', () => {
  it('configures both partners alike but for the name of their server, and defines the database once', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished, {}, { schedules: [everyQuarter] });
    await remote.setUp();
    const [first, second] = (['first', 'second'] as const).map((partner) =>
      readFileSync(remote.file(partner, '/etc/mobilink-ha/remote.conf'), 'utf8').replaceAll(
        remote.hosts.host(partner).root,
        '',
      ),
    );
    expect(first).toContain('SERVER=consolidated_first\n');
    expect(first).toContain('LOG_FOLDER=/var/lib/mobilink-ha/data/db\n');
    expect(second).toBe(first?.replace('consolidated_first', 'consolidated_second'));
    const credentials = remote.file('first', '/etc/mobilink-ha/credentials');
    expect(statSync(credentials).mode & 0o777).toBe(0o600);
    expect(readFileSync(credentials, 'utf8')).toMatch(/^USER=mobilink\nPASSWORD=.+\nMOBILINK_PASSWORD=Remote!0815\n$/);
    const again = await remote.setUpOn('first');
    expect(again).toMatchObject({ code: 0 });
    expect(again.output).not.toMatch(/is new|is defined\n.*is defined|applying/);
    expect(await remote.problems()).toEqual([]);
  });

  it('says that a mirror is defined by its primary', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished);
    await remote.setUp();
    const { code, output } = await remote.setUpOn('second');
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('what is defined on the primary is mirrored'),
    });
  });

  it('applies a new version of the SQL, and refuses one that was applied and has changed', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished);
    await remote.setUp();
    const [one = ''] = remote.deployed.sql;
    const two = 'CREATE TABLE article (number VARCHAR(40) NOT NULL PRIMARY KEY)\ngo\n';
    remote.deployed = { ...remote.deployed, sql: [one, two] };
    expect((await remote.setUpOn('first')).output).toContain('applying version 2 of the SQL');
    remote.deployed = { ...remote.deployed, sql: [one.replace('VARCHAR(40)', 'VARCHAR(50)'), two] };
    const { code, output } = await remote.setUpOn('first');
    expect(code).toBe(1);
    expect(output).toContain('version 1 of the SQL was applied as');
  });

  it('tells of SQL that fails, does not run it again by itself, and goes on with a corrected file', async ({
    onTestFinished,
  }) => {
    const good = 'CREATE TABLE article (number INT)\ngo\n';
    const remote = await open(onTestFinished, {}, { sql: [`${good}CREATE NONSENSE x\ngo\n`] });
    const first = await remote.setUpOn('first');
    expect(first).toMatchObject({ code: 1, output: expect.stringContaining('version 1 of the SQL: ') });
    const again = await remote.setUpOn('first');
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining('was begun before and has not ended') });
    remote.deployed = { ...remote.deployed, sql: ['CREATE PUBLICATION sales (TABLE article)\ngo\n'] };
    expect(await remote.setUpOn('first')).toMatchObject({ code: 0 });
  });

  it('drops the event of a schedule that is no longer there', async ({ onTestFinished }) => {
    const prices = InsideSchedule.daily({ name: 'prices', at: '03:00' });
    const remote = await open(onTestFinished, {}, { schedules: [everyQuarter, prices] });
    await remote.setUp();
    expect(await remote.execute('first', 'TRIGGER EVENT "mobilink_ha_sync_prices"')).toBeUndefined();
    remote.deployed = { ...remote.deployed, schedules: [everyQuarter] };
    await remote.setUp();
    expect(await remote.execute('first', 'TRIGGER EVENT "mobilink_ha_sync_prices"')).toContain('not found');
    expect(await remote.execute('first', 'TRIGGER EVENT "mobilink_ha_sync_store_sales"')).toBeUndefined();
  });

  it('changes nothing if anything of it is wrong, and names all of it', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished);
    const wrong = (lines: string[]) => Buffer.from(`${lines.join('\n')}\n`).toString('base64');
    const { code, output } = await remote.hosts.command('first', 'sh', ['-c', remote.setUpText], {
      SSM_Configuration: wrong(['REMOTE=stores', 'NONSENSE=1']),
      SSM_Registry: wrong(['SHARDS=x']),
      SSM_Schedules: wrong(['name=a;zone=Mars/Olympus;at=03:00;catchUp=1']),
      SSM_Definition: wrong(['SQL=1 x y', 'EVENT=DROP TABLE sale']),
    });
    expect(code).toBe(1);
    for (const words of [
      'configuration line 1: REMOTE must match',
      'configuration line 2: no such setting',
      'SHARDS must match',
      'there is no time zone Mars/Olympus',
      'SQL must match',
      'EVENT must match',
      'REMOTE_SECRET is missing',
    ]) {
      expect(output).toContain(words);
    }
    expect(existsSync(remote.file('first', '/etc/mobilink-ha/remote.conf'))).toBe(false);
  });

  it('takes no MobiLink user that could be more than a name in the statements of the files', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished);
    const login = { username: "store'; DROP TABLE sale --", password: 'Remote!0815' };
    remote.hosts.write('secret-arn_aws_secretsmanager_eu-central-1_111111111111_secret_remote', JSON.stringify(login));
    const { code, output } = await remote.setUpOn('first');
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('a username of 1 to 128') });
    expect(output).not.toContain('DROP');
  });

  it('leaves a host of others its configuration, and defines events there only by their leave', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished);
    await remote.setUp();
    const lines = (text: string[]) => Buffer.from(`${text.join('\n')}\n`).toString('base64');
    const asForeign = () =>
      remote.hosts.command('first', 'sh', ['-c', remote.setUpText], {
        SSM_Configuration: '',
        SSM_Registry: '',
        SSM_Schedules: lines([everyQuarter._line()]),
        SSM_Definition: lines(syncEvents([everyQuarter]).map((statement) => `EVENT=${statement}`)),
      });
    const configuration = remote.file('first', '/etc/mobilink-ha/remote.conf');
    const owners = readFileSync(configuration, 'utf8');
    const trigger = 'TRIGGER EVENT "mobilink_ha_sync_store_sales"';

    expect(await asForeign()).toMatchObject({
      code: 0,
      output: expect.stringContaining('syncs start inside once an administrator has run'),
    });
    expect(readFileSync(remote.file('first', '/etc/mobilink-ha/sync-events.sql'), 'utf8')).toContain(
      'CREATE OR REPLACE EVENT',
    );
    expect(await remote.execute('first', trigger)).toContain('not found');

    const administrator = remote.file('first', '/etc/mobilink-ha/administrator');
    const [, user, password] = /UID=([^;]*);PWD=([^;]*)/.exec(remote.hosts.login('first')) ?? [];
    writeFileSync(configuration, `${owners}ADMIN_CREDENTIALS=${administrator}\n`);
    writeFileSync(administrator, `USER=${user}\nPASSWORD=${password}\n`, { mode: 0o644 });
    chmodSync(administrator, 0o644);
    expect(await asForeign()).toMatchObject({ code: 1, output: expect.stringContaining('lets others in') });
    chmodSync(administrator, 0o600);
    const { code, output } = await asForeign();
    expect(output).not.toContain(password);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(await remote.execute('first', trigger)).toBeUndefined();
    expect(readFileSync(configuration, 'utf8')).toBe(`${owners}ADMIN_CREDENTIALS=${administrator}\n`);
  });

  it('a handler that does not commit before it calls is refused by the database', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished);
    const error = await remote.execute(
      'first',
      `CREATE OR REPLACE EVENT "x" SCHEDULE "slots" START TIME '00:00' EVERY 15 MINUTES HANDLER BEGIN CALL xp_cmdshell('true', 'no_output'); END`,
    );
    expect(error).toContain('BEGIN COMMIT');
  });
});

describe.concurrent('schedules inside the database', () => {
  it('are fired on the primary alone, reported when AWS can be reached, and kept until then', async ({
    onTestFinished,
  }) => {
    const remote = await open(onTestFinished, {}, { schedules: [everyQuarter] });
    await remote.setUp();
    await remote.write('first', 'one');
    expect(await remote.execute('second', 'TRIGGER EVENT "mobilink_ha_sync_store_sales"')).toContain('read-only');
    remote.hosts.write('deny', 'sqs send-message\n');
    expect(await remote.execute('first', 'TRIGGER EVENT "mobilink_ha_sync_store_sales"')).toBeUndefined();
    await vi.waitFor(() => expect(remote.missing).toEqual([]), PATIENTLY);
    expect(remote.uploaded).toEqual(['one']);
    await vi.waitFor(() => expect(remote.outcomes('first')).toHaveLength(1), PATIENTLY);
    await remote.exchange('first');
    expect(remote.hosts.read('messages')).toBeUndefined();
    remote.hosts.write('deny', '');
    const { code } = await remote.exchange('first');
    expect(code).toBe(0);
    expect(JSON.parse(remote.hosts.read('messages') ?? '')).toMatchObject({
      remote: 'stores/store-0815',
      result: 'synchronized',
      run: expect.stringMatching(/^store-sales@/),
      profile: 'sales',
    });
    await remote.exchange('first');
    expect(remote.hosts.read('messages')?.trim().split('\n')).toHaveLength(1);
    // The slot is done: whoever fires again synchronizes nothing.
    const before = remote.mobilink.completed;
    expect((await remote.due('first')).code).toBe(0);
    expect(remote.mobilink.completed).toBe(before);
    expect(await remote.problems()).toEqual([]);
  });

  it('catch up after a failover: the new primary synchronizes what fell into it', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished, {}, { schedules: [everyQuarter] });
    await remote.setUp();
    await remote.write('first', 'before');
    await remote.failOver();
    await vi.waitFor(() => expect(remote.missing).toEqual([]), PATIENTLY);
    expect(remote.uploaded).toEqual(['before']);
    expect(await remote.problems()).toEqual([]);
  });

  it('rest while the remote, its group or everything is paused', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished, {}, { schedules: [everyQuarter] });
    await remote.setUp();
    const asked = remote.file('first', '/etc/mobilink-ha/asked');
    for (const item of ['#paused *', '#paused stores', 'stores#3 store-0815']) {
      remote.hosts.write('paused', '');
      writeFileSync(asked, '0');
      await remote.exchange('first');
      expect(existsSync(remote.file('first', '/etc/mobilink-ha/paused'))).toBe(false);
      remote.hosts.write('paused', `${item}\n`);
      writeFileSync(asked, '0');
      await remote.exchange('first');
      expect((await remote.due('first')).output, item).toContain('paused');
    }
    // While AWS is away the last answer holds.
    remote.hosts.write('deny', 'dynamodb batch-get-item\n');
    remote.hosts.write('paused', '');
    writeFileSync(asked, '0');
    expect((await remote.exchange('first')).output).toContain('it stays as it is');
    expect((await remote.due('first')).output).toContain('paused');
    expect(remote.mobilink.completed).toBe(0);
  });

  it('say why nothing happens: an unknown schedule, a wrong line, another user', async ({ onTestFinished }) => {
    const remote = await open(onTestFinished, {}, { schedules: [everyQuarter] });
    await remote.setUp();
    const file = remote.file('first', '/etc/mobilink-ha/schedules.conf');
    writeFileSync(file, 'name=a;zone=Nowhere/Land;at=03:00;catchUp=1\nname=b;every=5;zone=Etc/UTC;catchUp=1;x=1\n');
    const { code, output } = await remote.due('first');
    expect(code).toBe(1);
    expect(output).toContain('there is no time zone Nowhere/Land');
    expect(output).toContain('b: a setting that nobody knows');
  });

  it('a sync that fails is begun again at the next firing, until it is too late', async ({ onTestFinished }) => {
    const often = InsideSchedule.every({
      name: 'often',
      interval: Duration.minutes(15),
      profile: 'sales',
      catchUp: Duration.minutes(20),
    });
    const remote = await open(onTestFinished, {}, { schedules: [often] });
    await remote.setUp();
    await remote.write('first', 'row');
    const slot = Math.floor(Date.now() / 900_000) * 900;
    remote.mobilink.cut('upload');
    expect((await remote.due('first', { MOBILINK_HA_NOW: String(slot + 60) })).code).toBe(1);
    expect(remote.uploaded).toEqual([]);
    expect((await remote.due('first', { MOBILINK_HA_NOW: String(slot + 120) })).code).toBe(0);
    expect(remote.uploaded).toEqual(['row']);
  });
});
