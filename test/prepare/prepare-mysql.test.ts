import { readdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { literal, MariaDb } from '../../rehearsal/mariadb/maria-db';
import { type GivenScript, PreparationSite, sumOf } from './site/preparation-site';
import { SET_UP_SCRIPT } from './site/set-up-script';

/* The preparation as a process before a real MariaDB server, with a set-up script of our own in the place of SAP's. */

const PASSWORD = `a"b'c\\d#e;f =g$% ü{}x`;

let site: PreparationSite;
let database: MariaDb;
let target: { engine: string; dsn: Record<string, string> };

beforeAll(async () => {
  [site, database] = await Promise.all([PreparationSite.start(), MariaDb.start()]);
  site.logIn('mobilink', PASSWORD);
  database.sql(`CREATE USER 'mobilink'@'%' IDENTIFIED BY ${literal(PASSWORD)}`);
  target = { engine: 'mysql', dsn: { SERVER: '127.0.0.1', PORT: `${database.port}`, DATABASE: 'consol' } };
});

afterAll(async () => {
  await database?.stop();
  await site?.stop();
});

beforeEach(() => {
  database.sql('DROP DATABASE IF EXISTS consol; CREATE DATABASE consol; GRANT ALL ON consol.* TO mobilink');
  site.install('mobilink/setup/syncmys.sql', SET_UP_SCRIPT);
  site.s3.reset();
});

const SALES = { name: 'sales', version: '1', text: 'CREATE TABLE sales (id INT);\nINSERT INTO sales VALUES (1);\n' };
const PRICES = { name: 'prices', version: '2.0', text: "CALL ml_add_user('store');\nINSERT INTO sales VALUES (2);\n" };

const rows = () => database.sql('SELECT name, sha256 FROM consol.mobilink_ha_applied ORDER BY name').trim().split('\n');
const sales = () => database.sql('SELECT id FROM consol.sales ORDER BY id').trim().split('\n');

async function prepared(...scripts: { name: string; version: string; text: string }[]) {
  const run = site.prepare(target, scripts);
  expect(await run.ended, run.output()).toBe(0);
  return run;
}

async function refused(run: ReturnType<PreparationSite['prepare']>): Promise<string> {
  expect(await run.ended, run.output()).toBe(1);
  expect(run.output()).not.toContain(PASSWORD.slice(0, 6));
  return run.detail('failed');
}

describe('an empty database', () => {
  it('is set up as the login of mlsrv17, and the scripts are applied in their order', async () => {
    const run = await prepared(SALES, PRICES);
    expect(run.events()).toEqual([
      'preparing',
      'running',
      'applied',
      'running',
      'applied',
      'running',
      'applied',
      'prepared',
    ]);
    expect(sales()).toEqual(['1', '2']);
    expect(database.sql('SELECT name FROM consol.ml_user').trim()).toBe('store');
    expect(rows()).toEqual([
      `script prices 2.0\t${sumOf(PRICES.text)}`,
      `script sales 1\t${sumOf(SALES.text)}`,
      `set up\t${sumOf(SET_UP_SCRIPT)}`,
    ]);
    const definer = "SELECT DEFINER FROM information_schema.routines WHERE routine_name = 'ml_add_user'";
    expect(database.sql(definer).trim()).toBe('mobilink@%');
    expect(run.output()).not.toContain(PASSWORD.slice(0, 6));
  });

  it('is prepared once: the second time nothing is run, and of new versions only these', async () => {
    await prepared(SALES);
    const again = await prepared(SALES);
    expect(again.events()).toEqual(['preparing', 'note', 'prepared']);
    await prepared(SALES, { ...SALES, version: '2', text: 'INSERT INTO sales VALUES (7);\n' });
    expect(sales()).toEqual(['1', '7']);
  });

  it('is prepared once by three at a time', async () => {
    const slow = { ...SALES, text: `${SALES.text}SELECT SLEEP(1);\nINSERT INTO sales VALUES (3);\n` };
    const runs = [0, 1, 2].map(() => site.prepare(target, [slow, PRICES]));
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect(runs.filter((run) => run.events().includes('applied'))).toHaveLength(1);
    expect(runs.filter((run) => run.events().includes('waiting')).length).toBeGreaterThanOrEqual(1);
    expect(sales()).toEqual(['1', '2', '3']);
    expect(rows()).toHaveLength(3);
  });

  it('is prepared by the program that stands in the image', async () => {
    const run = site.prepare(target, [SALES], { program: ['assets/supervisor/index.js', 'prepare'] });
    expect(await run.ended, run.output()).toBe(0);
    expect(sales()).toEqual(['1']);
    expect(rows()).toHaveLength(2);
  });

  it('is not set up when that is turned off; scripts are applied all the same', async () => {
    const run = site.prepare(target, [SALES], { setUp: 'never' });
    expect(await run.ended).toBe(0);
    expect(rows()).toEqual([`script sales 1\t${sumOf(SALES.text)}`]);
  });

  it('is told what is missing in the image', async () => {
    const run = site.prepare(target, [], { environment: { SQLANY17: site.folder } });
    expect(await refused(run)).toMatch(/mobilink\/setup\/syncmys\.sql is not in the image/);
    expect(rows()).toEqual(['']);
  });
});

describe('a script that cannot be run to its end', () => {
  const BROKEN = {
    name: 'broken',
    version: '1',
    text: 'CREATE TABLE half (id INT);\n\nINSERT INTO nowhere VALUES (1);\n',
  };

  it('is told by its line and not run again as it is; changed, it goes on from there', async () => {
    const first = await refused(site.prepare(target, [SALES, BROKEN, PRICES]));
    expect(first).toMatch(/broken 1 failed: .*at line 3.*nowhere.*What stood before the error is in the database/);
    expect(rows()).toContain(`script broken 1\tbegun:${sumOf(BROKEN.text)}`);
    expect(sales()).toEqual(['1']);

    const second = await refused(site.prepare(target, [SALES, BROKEN, PRICES]));
    expect(second).toMatch(/broken 1 was begun before and has not ended.*change the file so that it can go on/);
    expect(sales()).toEqual(['1']);

    await prepared(SALES, { ...BROKEN, text: 'CREATE TABLE IF NOT EXISTS half (id INT);\n' }, PRICES);
    expect(sales()).toEqual(['1', '2']);
  });

  it('of SAP’s begins again only if it has made nothing', async () => {
    site.install('mobilink/setup/syncmys.sql', 'create tabel ml_user (a int);\n');
    expect(await refused(site.prepare(target))).toMatch(/syncmys\.sql failed: ERROR 1064 .*at line 1/);
    expect(rows()).toEqual([expect.stringMatching(/^set up\tbegun:/)]);
    site.install('mobilink/setup/syncmys.sql', 'create table ml_user (a int);\ncreate tabel ml_script (a int);\n');
    expect(await refused(site.prepare(target))).toMatch(/at line 2/);
    site.install('mobilink/setup/syncmys.sql', SET_UP_SCRIPT);
    const half = await refused(site.prepare(target, [SALES]));
    expect(half).toMatch(/was begun before and has not ended.*Fix: drop all ml_ objects and delete the row 'set up'/);
    database.sql("DROP TABLE consol.ml_user; DELETE FROM consol.mobilink_ha_applied WHERE name = 'set up'");
    await prepared(SALES);
  });

  it('because it was killed is a half-done one, and its lock is given up by the next', async () => {
    const slow = { ...SALES, text: `${SALES.text}SELECT SLEEP(30);\nINSERT INTO sales VALUES (9);\n` };
    const killed = site.prepare(target, [slow]);
    await expect
      .poll(() => database.sql("SHOW TABLES FROM consol LIKE 'sales'").trim(), { timeout: 15_000 })
      .toBe('sales');
    process.kill(-killed.pid, 'SIGKILL');
    await killed.ended;
    expect(rows()).toContainEqual(expect.stringMatching(/^lock\theld:[0-9a-f]{12}:\d+$/));
    const next = site.prepare(target, [slow, PRICES]);
    expect(await refused(next)).toMatch(/script sales 1 was begun before and has not ended/);
    expect(next.events()).toContain('waiting');
    expect(sales()).toEqual(['1']);
    expect(rows()).not.toContainEqual(expect.stringMatching(/^lock/));
  });

  it('because of SIGTERM ends with its client, and gives the lock back', async () => {
    const slow = { ...SALES, text: `${SALES.text}SELECT SLEEP(30);\nINSERT INTO sales VALUES (9);\n` };
    const run = site.prepare(target, [slow]);
    await expect
      .poll(() => database.sql("SHOW TABLES FROM consol LIKE 'sales'").trim(), { timeout: 15_000 })
      .toBe('sales');
    run.signal('SIGTERM');
    expect(await refused(run)).toMatch(/stopped by SIGTERM/);
    expect(rows()).toContain(`script sales 1\tbegun:${sumOf(slow.text)}`);
    expect(rows()).not.toContainEqual(expect.stringMatching(/^lock/));
  });

  it('because somebody else has taken the lock is killed', async () => {
    const slow = { ...SALES, text: `${SALES.text}SELECT SLEEP(30);\nINSERT INTO sales VALUES (9);\n` };
    const run = site.prepare(target, [slow]);
    await expect
      .poll(() => database.sql("SHOW TABLES FROM consol LIKE 'sales'").trim(), { timeout: 15_000 })
      .toBe('sales');
    database.sql("UPDATE consol.mobilink_ha_applied SET sha256 = 'held:other:0' WHERE name = 'lock'");
    expect(await refused(run)).toMatch(/another preparation \(other\) has taken over/);
    expect(rows()).toContain('lock\theld:other:0');
  });
});

describe('what is there already', () => {
  it('is never run over: objects of a whole set-up are adopted as they are', async () => {
    database.sql(`USE consol; ${SET_UP_SCRIPT}`);
    database.sql("INSERT INTO consol.ml_user (name) VALUES ('theirs')");
    const run = await prepared(SALES);
    expect(run.detail('note')).toContain('adopted as it is');
    expect(database.sql('SELECT name FROM consol.ml_user').trim()).toBe('theirs');
    expect(rows()).toContain('set up\tadopted');
    expect((await prepared(SALES)).detail('note')).toBe('MobiLink is set up already');
  });

  it.each([
    ['DROP TABLE consol.ml_ldap_server', /before version 16 .*upgrade script/],
    ['CREATE TABLE consol.ml_server (id INT)', /before version 12 .*upgrade script/],
    ['DROP TABLE consol.ml_user', /not those of a whole set-up: .*missing: ml_user\./],
  ])('is told after %s, and nothing is run', async (change, message) => {
    database.sql(`USE consol; ${SET_UP_SCRIPT}`);
    database.sql(change);
    expect(await refused(site.prepare(target, [SALES]))).toMatch(message);
    expect(rows()).toEqual(['']);
    expect(database.sql("SHOW TABLES FROM consol LIKE 'sales'")).toBe('');
  });

  it('is missed when it was recorded and is gone', async () => {
    await prepared();
    database.sql('DROP DATABASE consol; CREATE DATABASE consol');
    database.sql(
      "CREATE TABLE consol.mobilink_ha_applied (name VARCHAR(128) PRIMARY KEY, sha256 VARCHAR(80)); INSERT INTO consol.mobilink_ha_applied VALUES ('set up', 'adopted')",
    );
    expect(await refused(site.prepare(target))).toMatch(/says that MobiLink was set up, and there is no ml_ object/);
  });

  it('under the same name and version never changes, and then nothing is run at all', async () => {
    await prepared(SALES);
    const changed = { ...SALES, text: 'DROP TABLE sales;\n' };
    const message = await refused(site.prepare(target, [PRICES, changed]));
    expect(message).toContain(
      `script sales 1 was applied as ${sumOf(SALES.text)} and reads ${sumOf(changed.text)} now`,
    );
    expect(sales()).toEqual(['1']);
    expect(rows()).toHaveLength(2);
  });
});

describe('files from S3', () => {
  it('that are others than the deployment knew, or are not there, keep everything from being run', async () => {
    const [sales, prices] = [SALES, PRICES].map((it) => ({ ...it, sha256: sumOf('other') }));
    site.s3.refusals.push({ status: 403, code: 'AccessDenied', message: 'Access Denied' });
    const message = await refused(site.prepare(target, [sales, prices] as GivenScript[]));
    expect(message).toMatch(/could not be fetched: AccessDenied: Access Denied.*the role of the task/);
    expect(message).toMatch(/has the checksum [0-9a-f]{64} instead of/);
    expect(database.sql('SHOW TABLES FROM consol')).toBe('');
  });
});

describe('a database that does not serve', () => {
  it('is waited for, and told', async () => {
    database.sql('SET GLOBAL read_only = 1');
    try {
      const run = site.prepare(target, [SALES]);
      await run.until('waiting');
      database.sql('SET GLOBAL read_only = 0');
      expect(await run.ended, run.output()).toBe(0);
    } finally {
      database.sql('SET GLOBAL read_only = 0');
    }
  });

  it('is given up', async () => {
    const closed = { engine: 'mysql', dsn: { ...target.dsn, PORT: '1' } };
    expect(await refused(site.prepare(closed))).toMatch(/the database does not serve: unreachable: .*Fix:/);
  });

  it('because the password is another one is asked again with the one that is fetched then', async () => {
    site.logIn('mobilink', 'an older one');
    const run = site.prepare(target);
    await run.until('waiting');
    site.logIn('mobilink', PASSWORD);
    expect(await run.ended, run.output()).toBe(0);
  });
});

it('names everything that is wrong with its environment, and ends with 64', async () => {
  const run = site.prepare({ engine: 'db2', dsn: {} }, [{ ...SALES, name: 'Ä' }]);
  expect(await run.ended).toBe(64);
  expect(run.detail('failed')).toMatch(
    /MOBILINK_DATABASE.engine.*\n.*MOBILINK_PREPARATION.scripts.0.name: must be 1 to 40/,
  );
});

it('leaves no file that others can read', async () => {
  const slow = { ...SALES, text: `${SALES.text}SELECT SLEEP(2);\n` };
  const run = site.prepare(target, [slow]);
  await run.until('running');
  const scratches = readdirSync(site.folder).filter((it) => it.startsWith('scratch-'));
  const files = scratches.flatMap((it) =>
    readdirSync(`${site.folder}/${it}`, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${site.folder}/${it}/${file}`,
    ),
  );
  expect(files.some((it) => it.endsWith('client.cnf'))).toBe(true);
  for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0);
  expect(await run.ended).toBe(0);
});
