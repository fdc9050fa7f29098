import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DBISQL_PROGRAM, ISQL_PROGRAM } from './site/dbisql-program';
import { PreparationSite, sumOf } from './site/preparation-site';

/* The same preparation by a stand-in of SAP's dbisql: how it is called, and that its words arrive. */

const SET_UP = [
  'database',
  'subscription',
  'script',
  'script_version',
  'table',
  'table_script',
  'connection_script',
  'user',
]
  .map((name) => `create table ml_${name} (id integer)\ngo\n`)
  .join('');
const WHOLE = `${SET_UP}create table ml_ldap_server (id integer)\ngo\n`;
const TARGET = {
  engine: 'sql-anywhere',
  dsn: { SERVER: 'consol_primary', DBN: 'consol', HOST: 'one:2638,two:2638', RetryConnTO: '60' },
};
const SALES = {
  name: 'sales',
  version: '1',
  text: 'create table sales (id integer)\ngo\ninsert into sales values (1)\ngo\n',
};

let site: PreparationSite;

beforeAll(async () => {
  site = await PreparationSite.start();
  site.install('bin64/dbisql', DBISQL_PROGRAM);
  site.install('bin64/isql', ISQL_PROGRAM);
  site.install('lib64/libdbodbc17_r.so', '');
  site.install('mobilink/setup/syncsa.sql', WHOLE);
});

afterAll(() => site?.stop());

beforeEach(() => {
  site.logIn('mobilink', 'rightPassword');
  for (const name of ['database', 'connections']) rmSync(join(site.installation, name), { force: true });
});

function ask(sql: string): unknown[] {
  const database = new DatabaseSync(join(site.installation, 'database'));
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

it('sets the database up and applies the scripts, once, by two at a time', async () => {
  const runs = [0, 1].map(() => site.prepare(TARGET, [SALES]));
  for (const run of runs) expect(await run.ended, run.output()).toBe(0);
  expect(runs.filter((run) => run.events().includes('applied'))).toHaveLength(1);
  expect(ask('SELECT * FROM sales')).toHaveLength(1);
  expect(ask('SELECT name, sha256 FROM mobilink_ha_applied ORDER BY name')).toEqual([
    { name: 'script sales 1', sha256: sumOf(SALES.text) },
    { name: 'set up', sha256: sumOf(WHOLE) },
  ]);
  const connections = new Set(readFileSync(join(site.installation, 'connections'), 'utf8').trim().split('\n'));
  expect([...connections]).toEqual([
    'UID=mobilink;PWD=rightPassword;SERVER=consol_primary;DBN=consol;HOST=one:2638,two:2638;RetryConnTO=60',
  ]);
});

it('tells what dbisql says, with the line', async () => {
  const broken = { ...SALES, text: `${SALES.text}\ninsert into nowhere values (1)\ngo\n` };
  const run = site.prepare(TARGET, [broken]);
  expect(await run.ended).toBe(1);
  expect(run.detail('failed')).toMatch(/sales 1 failed: .*nowhere.*Line 6, column 1/);
  expect(run.output()).not.toContain('rightPassword');
});

it('sees objects that are there', async () => {
  site.install('mobilink/setup/syncsa.sql', SET_UP);
  const run = site.prepare(TARGET);
  expect(await run.ended, run.output()).toBe(0);
  rmSync(join(site.installation, 'connections'), { force: true });
  new DatabaseSync(join(site.installation, 'database')).exec("DELETE FROM mobilink_ha_applied WHERE name = 'set up'");
  const foreign = site.prepare(TARGET);
  expect(await foreign.ended).toBe(1);
  expect(foreign.detail('failed')).toMatch(/before version 16/);
  site.install('mobilink/setup/syncsa.sql', WHOLE);
});

it.each(['a;b', 'a b', '"a', '#rightPassword', 'right}Password', 'a\\b'])(
  'refuses the password %s by its rule',
  async (password) => {
    site.logIn('mobilink', password);
    const run = site.prepare(TARGET);
    expect(await run.ended).toBe(1);
    expect(run.detail('failed')).toContain('password of the login cannot stand in a connection string');
    expect(run.output()).not.toContain(password);
  },
);
