import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { faultOfValue, renderDataSource, renderDriverManager } from '../../image/supervisor/odbc/data-source-file';
import { installedDrivers } from '../../image/supervisor/odbc/installed-drivers';
import { mysqlKeys } from '../../image/supervisor/odbc/mysql-drivers';
import { probe } from '../../image/supervisor/probe';
import { provision } from '../../image/supervisor/provision';
import { literal, MariaDb } from '../../rehearsal/mariadb/maria-db';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { environment, LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { secretsOf } from './surroundings';

describe('the data source', () => {
  it('has the login as it is', () => {
    const text = renderDataSource('/lib/a.so', { SERVER: 'db', PORT: '3306' }, { UID: 'u;"', PWD: "{p}='\\#;" });
    expect(text).toBe(`[mobilink]\nDriver=/lib/a.so\nSERVER=db\nPORT=3306\nUID=u;"\nPWD={p}='\\#;\n`);
  });

  it('never takes what would become another key', () => {
    expect(() => renderDataSource('/lib/a.so', {}, { PWD: 'a\nSERVER=b' })).toThrow(
      'PWD cannot stand in an ini file: it holds a line break',
    );
    expect(() => renderDataSource('/lib/a.so', {}, { PWD: 'a\nSERVER=b' })).not.toThrow('SERVER=b');
  });

  it('is read by a driver manager that serializes nothing', () => {
    expect(renderDriverManager()).toBe('[ODBC]\nThreading=0\nPooling=No\nTrace=No\n');
  });
});

describe('the drivers of an image', () => {
  it('are found by their names', () => {
    const text =
      '[ODBC]\nTrace=No\n\n[MariaDB Unicode]\nDriver=libmaodbc.so\nDriver64 = /x.so\n[ Vendor 9 ]\r\ndriver = /opt/my odbc.so \r\nSetup=/y\n';
    expect([...installedDrivers(text)]).toEqual([
      ['MariaDB Unicode', 'libmaodbc.so'],
      ['Vendor 9', '/opt/my odbc.so'],
    ]);
    expect([...installedDrivers('')]).toEqual([]);
  });
});

describe('the keys of a MySQL driver', () => {
  const certificates = '/etc/ca.pem';
  const mariaDb = { driverFile: '/usr/lib/odbc/libmaodbc.so', certificates };
  const mySql = { driverFile: '/opt/libmyodbc9w.so', certificates };
  const keys = { SERVER: 'db', DATABASE: 'consol' };

  it.each([
    ['VERIFY_IDENTITY', { SSLCA: certificates, FORCETLS: '1', SSLVERIFY: '1' }],
    ['verify_ca', { SSLCA: certificates, FORCETLS: '1', SSLVERIFY: '1' }],
    ['PREFERRED', {}],
    ['DISABLED', {}],
  ])("are those of MariaDB's connector for %s", (SSLMODE, tls) => {
    expect(mysqlKeys({ ...keys, SSLMODE }, mariaDb)).toEqual({ ...keys, CHARSET: 'utf8mb4', ...tls });
  });

  it("are MySQL's own for its connector", () => {
    expect(mysqlKeys({ ...keys, SSLMODE: 'VERIFY_IDENTITY' }, mySql)).toEqual({
      ...keys,
      SSLMODE: 'VERIFY_IDENTITY',
      SSLCA: certificates,
    });
    expect(mysqlKeys({ ...keys, SSLMODE: 'REQUIRED' }, mySql)).toEqual({ ...keys, SSLMODE: 'REQUIRED' });
    expect(mysqlKeys(keys, mySql)).toEqual(keys);
  });

  it('may be given instead', () => {
    expect(mysqlKeys({ ...keys, SSL_MODE: 'VERIFY_CA', SSLCA: '/own.pem', CHARSET: 'latin1' }, mariaDb)).toMatchObject({
      SSLCA: '/own.pem',
      CHARSET: 'latin1',
    });
  });
});

describe('a login', () => {
  const scratch = temporaryFolder();
  let database: MariaDb;
  let start = 0;

  beforeAll(async () => {
    database = await MariaDb.start();
    database.sql('CREATE DATABASE consol');
  });

  afterAll(async () => {
    await database.stop();
    scratch.remove();
  });

  interface Login {
    readonly username: string;
    readonly password: string;
  }

  function create(logins: readonly Login[]): void {
    const users = logins.map(
      ({ username, password }) => `CREATE OR REPLACE USER ${literal(username)}@'%' IDENTIFIED BY ${literal(password)};`,
    );
    const grants = logins.map(({ username }) => `GRANT ALL ON consol.* TO ${literal(username)}@'%';`);
    database.sql(`${users.join('\n')}\n${grants.join('\n')}`);
  }

  async function prepare(login: Login) {
    const dsn = { SERVER: '127.0.0.1', PORT: `${database.port}`, DATABASE: 'consol' };
    const configuration = parseConfiguration(
      environment({ SATMP: scratch.path, MOBILINK_DATABASE: JSON.stringify({ engine: 'mysql', dsn }) }),
    );
    const secrets = secretsOf({ [LOGIN_ARN]: JSON.stringify(login) });
    return {
      engine: configuration.engine,
      provision: await provision(configuration, secrets, ++start, () => 'abc123'),
    };
  }

  const logIn = async (login: Login) => (await probe(await prepare(login))).kind;

  it('arrives with each character that means something somewhere', async () => {
    const passwords = [
      'plain',
      'a;b',
      ';',
      '{',
      '}',
      '{a}',
      '{{a}}',
      '=',
      '=a',
      'a=b=c',
      '"',
      '"a"',
      "'",
      "'a'",
      '\\',
      'a\\',
      '\\n',
      'a b',
      'a\tb',
      '#',
      '#a',
      '[mobilink]',
      ']',
      '%s%n',
      '$HOME',
      '$(id)',
      '`id`',
      '@a',
      'a,b',
      'ünïcödé',
      '日本語',
      '😀',
      'a\u00a0',
      '\u00a0a',
      '\u2003',
      '\u0085',
      'a\u0001',
      '\u007f',
      'x'.repeat(900),
      'é'.repeat(400),
    ];
    const logins = passwords.map((password, index) => ({ username: `each${index}`, password }));
    create(logins);
    for (const login of logins) expect({ ...login, kind: await logIn(login) }).toEqual({ ...login, kind: 'serving' });
    expect(await logIn({ username: 'each0', password: 'plaim' })).toBe('login-failed');
  });

  it('arrives whatever characters are in it', async () => {
    const special = fc.constantFrom(...';{}="\'\\ \t#[]@$%,:()!~`&|<>*?');
    const unit = fc.oneof(
      { weight: 3, arbitrary: special },
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const text = fc.array(unit, { minLength: 1, maxLength: 24 }).map((it) => it.join(''));
    const password = text.filter((it) => faultOfValue(it) === undefined);
    // The server holds user names in the three bytes of utf8mb3 and ends them at a NUL.
    const username = text
      .map((it) => it.replace(/[\u{10000}-\u{10ffff}\0]/gu, '').slice(0, 24))
      .filter((it) => it !== '' && faultOfValue(it) === undefined);
    const logins = fc.array(fc.record({ username, password }), { minLength: 60, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(logins, async (given) => {
        const distinct = given.map(({ username: name, password: secret }, index) => ({
          username: `${name}${index}`,
          password: secret,
        }));
        create(distinct);
        for (const login of distinct)
          expect({ ...login, kind: await logIn(login) }).toEqual({ ...login, kind: 'serving' });
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  it('would not arrive with what is refused', async () => {
    const refused = [' a', 'a ', '\ta', 'a\t', '\u000ba', 'a\f', 'x'.repeat(996)];
    create(refused.map((password, index) => ({ username: `refused${index}`, password })));
    const given = await prepare({ username: 'ml', password: 'other' });
    const { ODBCINI = '' } = given.provision.environment;
    const ini = readFileSync(ODBCINI, 'utf8');
    for (const [index, password] of refused.entries()) {
      const username = `refused${index}`;
      await expect(prepare({ username, password })).rejects.toThrow(/is not the login of the database: password holds/);
      writeFileSync(
        ODBCINI,
        ini.replace(/^UID=.*\nPWD=.*$/m, () => `UID=${username}\nPWD=${password}`),
      );
      expect({ password, kind: (await probe(given)).kind }).toEqual({ password, kind: 'login-failed' });
    }
  });
});
