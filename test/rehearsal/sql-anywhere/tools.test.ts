import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PairBirth } from '../../../rehearsal/sql-anywhere/site/pair-birth';
import { type PairHost, until } from '../../../rehearsal/sql-anywhere/site/pair-host';
import { PairSite } from '../../../rehearsal/sql-anywhere/site/pair-site';

const LOGIN = 'DBN=consolidated;UID=dba;PWD=dba-secret';
const LOCAL = `SERVER=consolidated_first;HOST=127.0.0.1:2638;${LOGIN}`;

interface Bench {
  readonly site: PairSite;
  readonly birth: PairBirth;
  readonly host: PairHost;
}

async function onSite(work: (bench: Bench) => Promise<void>): Promise<void> {
  const site = await PairSite.open({ variants: { second: 500 } });
  try {
    await work({ site, birth: new PairBirth(site), host: site.host('first') });
  } finally {
    await site.remove();
  }
}

/** Runs a tool as no script should. */
function bare(host: PairHost, tool: string, ...words: string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(path.join(host.installation, 'bin64', tool), words, { env: host.environment });
    child.once('exit', (code) => resolve(code ?? -1));
  });
}

describe.concurrent('the stand-ins of the tools', () => {
  it('want their arguments in one file that nobody else can read, and complain otherwise', () =>
    onSite(async ({ host, birth }) => {
      const file = host.file('/run/mobilink-ha/open.args');
      writeFileSync(file, `-dba\ndba,x\n${birth.databaseFile('first')}\n`);
      chmodSync(file, 0o640);
      expect(await bare(host, 'dbinit', `@${file}`)).toBe(255);
      expect(await bare(host, 'dbinit', '-dba', 'dba,secret', birth.databaseFile('first'))).toBe(255);
      chmodSync(file, 0o600);
      writeFileSync(file, `-dba dba,x\n${birth.databaseFile('first')}\n`);
      expect(await bare(host, 'dbinit', `@${file}`)).toBe(255);
      expect(await host.run('dbinit', '-dba', 'dba,x', '-colour', 'red', birth.databaseFile('first'))).toMatchObject({
        code: 255,
      });
      expect(existsSync(birth.databaseFile('first'))).toBe(false);
      expect(host.complaints).toEqual([
        expect.stringMatching(/^dbinit \d+ refused: others can read /),
        expect.stringMatching(/^dbinit \d+ refused: the command line holds more than one @file$/),
        expect.stringMatching(/^dbinit \d+ refused: '-dba dba,x' is not quoted$/),
        expect.stringMatching(/^dbinit \d+ refused: unknown option -colour$/),
      ]);
    }));

  it('create a database, never over another one', () =>
    onSite(async ({ host, birth }) => {
      await birth.create();
      const made = readFileSync(birth.databaseFile('first'), 'utf8');
      await expect(birth.create()).rejects.toThrow('already exists');
      expect(readFileSync(birth.databaseFile('first'), 'utf8')).toBe(made);
      truncateSync(birth.databaseFile('first'), 40);
      const { ended } = await birth.start('first');
      expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('damaged') });
      expect(host.journal.at(-1)).toContain('failed:');
    }));

  it('copy a running database, and tell a whole copy from a damaged one', () =>
    onSite(async ({ host, birth }) => {
      await birth.create();
      await birth.start('first');
      const folder = host.file('/copy');
      expect(await host.run('dbbackup', '-y', '-c', LOCAL, folder)).toMatchObject({ code: 0 });
      const copy = `${folder}/consolidated.db`;
      const valid = () => host.run('dbvalid', '-c', `DBF=${copy};UID=dba;PWD=dba-secret`);
      expect(await valid()).toMatchObject({ code: 0 });
      expect(await host.run('dbvalid', '-c', `DBF=${copy};UID=dba;PWD=wrong`)).toMatchObject({ code: 7 });
      truncateSync(`${folder}/consolidated.log`, 10);
      expect(await valid()).toMatchObject({ code: 1 });
      await host.run('dbbackup', '-y', '-c', LOCAL, folder);
      expect(await valid()).toMatchObject({ code: 0 });
      truncateSync(copy, 100);
      expect(await valid()).toMatchObject({ code: 1 });
      expect(host.complaints).toEqual([]);
      expect(await host.run('dbbackup', '-y', '-x', '-c', LOCAL, folder)).toMatchObject({ code: 255 });
    }));

  it.each(['stays', 'removed'])('leave half a copy when the link breaks, or not (%s)', (half) =>
    onSite(async ({ site, host, birth }) => {
      await birth.create();
      await birth.start('first');
      const client = await birth.connect('first');
      client.send({ execute: `INSERT INTO "probe" VALUES ('${'x'.repeat(4_000_000)}')` });
      await client.reply();
      client.close();
      const second = site.host('second');
      second.vary({ half_backup: half });
      const folder = second.file('/copy');
      const source = `SERVER=consolidated_first;HOST=${host.name}:2638;${LOGIN}`;
      const copying = second.run('dbbackup', '-y', '-c', source, folder);
      await until(() => existsSync(`${folder}/consolidated.db`), 'the copy to begin');
      site.cut('first', 'second');
      expect(await copying).toMatchObject({ code: 6 });
      expect(existsSync(`${folder}/consolidated.db`)).toBe(half === 'stays');
      if (half === 'removed') return;
      const { code } = await second.run('dbvalid', '-c', `DBF=${folder}/consolidated.db;UID=dba;PWD=dba-secret`);
      expect(code).toBe(1);
    }),
  );

  it('run a file of statements, and stop at the first that fails', () =>
    onSite(async ({ host, birth }) => {
      await birth.create();
      await birth.start('first');
      const file = host.file('/run/mobilink-ha/some.sql');
      const statements = [
        'INSERT INTO "probe" VALUES (\'one\')',
        'DROP TABLE "probe"',
        'INSERT INTO "probe" VALUES (\'two\')',
      ];
      writeFileSync(file, statements.map((statement) => `${statement}\ngo\n`).join(''));
      expect(await host.run('dbisql', '-nogui', '-c', LOCAL, file)).toMatchObject({ code: 9 });
      writeFileSync(file, 'SELECT * FROM "probe"\ngo\n');
      const { output } = await host.run('dbisql', '-nogui', '-c', LOCAL, file);
      expect(output).toContain('one\n(1 rows)');
      expect(host.complaints).toEqual([expect.stringMatching(/^dbsrv17 \d+ refused: Syntax error near 'DROP'/)]);
      writeFileSync(file, 'GRANT CONNECT TO "x" IDENTIFIED BY \'secret\'\ngo\n');
      chmodSync(file, 0o644);
      expect(await host.run('dbisql', '-nogui', '-c', LOCAL, file)).toMatchObject({ code: 255 });
    }));

  it('find a server by its name or its alias, among the hosts of the connection string', () =>
    onSite(async ({ site, birth }) => {
      await birth.all();
      const client = site.host('arbiter');
      const both = `HOST=${site.host('second').name}:2638,${site.host('first').name}:2638;${LOGIN}`;
      const asks = async (server: string) => {
        const statement = "SELECT 'it is ' || PROPERTY('Name')";
        return (await client.run('dbisql', '-nogui', '-c', `SERVER=${server};${both}`, statement)).output;
      };
      expect(await asks('consolidated_primary')).toContain('it is consolidated_first');
      expect(await asks('consolidated_mirror')).toContain('it is consolidated_second');
      expect(await asks('nobody')).toContain('not found');
      expect(await client.run('dbping', '-d', '-c', `SERVER=consolidated_second;${both}`)).toMatchObject({ code: 0 });
      const wrong = both.replace('dba-secret', 'wrong');
      expect(await client.run('dbping', '-d', '-c', `SERVER=consolidated_second;${wrong}`)).toMatchObject({ code: 7 });
    }));

  it('end a server: by dbstop, and by SIGTERM as the variant wants it', () =>
    onSite(async ({ host, birth }) => {
      await birth.create();
      const one = await birth.start('first');
      expect(await host.run('dbstop', '-y', '-c', LOCAL, 'consolidated_first')).toMatchObject({ code: 0 });
      expect(await one.ended).toMatchObject({ code: 0 });
      for (const sigterm of ['end', 'slow']) {
        host.vary({ sigterm, exit_stopped: 3 });
        const { process: server, ended } = await birth.start('first');
        server.kill('SIGTERM');
        expect(await ended).toMatchObject({ code: 3 });
      }
      host.vary({ sigterm: 'ignore' });
      const stubborn = await birth.start('first');
      stubborn.process.kill('SIGTERM');
      expect(await host.run('dbping', '-d', '-c', LOCAL)).toMatchObject({ code: 0 });
      stubborn.process.kill('SIGKILL');
      expect(await stubborn.ended).toMatchObject({ signal: 'SIGKILL' });
    }));

  it('refuse a second server on the port of the first', () =>
    onSite(async ({ birth }) => {
      await birth.create();
      await birth.start('first');
      const { ended } = await birth.start('first');
      expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('EADDRINUSE') });
    }));
});
