import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { probe } from '../../image/supervisor/probe';
import { provision } from '../../image/supervisor/provision';
import { MariaDb } from '../../rehearsal/mariadb/maria-db';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { environment, LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { secretsOf } from './surroundings';

describe("the server's certificate", () => {
  const folder = temporaryFolder();
  const certificate = (name: string) => join(folder.path, `${name}.pem`);
  const key = (name: string) => join(folder.path, `${name}.key`);
  let encrypted: MariaDb;
  let plain: MariaDb;
  let start = 0;

  const openssl = (...given: string[]) => execFileSync('openssl', given, { stdio: 'ignore' });
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key(name),
      '-out',
      certificate(name),
    );

  beforeAll(async () => {
    authority('authority');
    authority('stranger');
    const request = join(folder.path, 'request');
    const names = join(folder.path, 'names');
    writeFileSync(names, 'subjectAltName=DNS:localhost\n');
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-keyout',
      key('server'),
      '-out',
      request,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      certificate('authority'),
      '-CAkey',
      key('authority'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      names,
      '-out',
      certificate('server'),
    );
    const login = "CREATE DATABASE consol; CREATE USER ml@'%' IDENTIFIED BY 'geheim'; GRANT ALL ON consol.* TO ml@'%'";
    const options = [
      `--ssl-ca=${certificate('authority')}`,
      `--ssl-cert=${certificate('server')}`,
      `--ssl-key=${key('server')}`,
    ];
    [encrypted, plain] = await Promise.all([MariaDb.start(options), MariaDb.start(['--skip-ssl'])]);
    encrypted.sql(`${login}; ALTER USER ml@'%' REQUIRE SSL`);
    plain.sql(login);
  });

  afterAll(async () => {
    await Promise.all([encrypted?.stop(), plain?.stop()]);
    folder.remove();
  });

  function look(database: MariaDb, mode: string, host = 'localhost', trusted = 'authority') {
    const dsn = { SERVER: host, PORT: `${database.port}`, DATABASE: 'consol' };
    return lookAt({ ...dsn, ...(mode !== '' && { SSLMODE: mode }) }, trusted);
  }

  async function lookAt(dsn: Record<string, string>, trusted = 'authority') {
    const configuration = parseConfiguration(
      environment({
        SATMP: folder.path,
        MOBILINK_DATABASE: JSON.stringify({ engine: 'mysql', dsn }),
        MOBILINK_CA_BUNDLE: certificate(trusted),
      }),
    );
    const secrets = secretsOf({ [LOGIN_ARN]: '{"username":"ml","password":"geheim"}' });
    return probe({
      engine: configuration.engine,
      provision: await provision(configuration, secrets, ++start, () => 'abc123'),
    });
  }

  it('is accepted by its name from a known authority', async () => {
    expect(await look(encrypted, 'VERIFY_IDENTITY')).toEqual({ kind: 'serving' });
  });

  it('is refused under another name', async () => {
    expect(await look(encrypted, 'VERIFY_IDENTITY', '127.0.0.1')).toMatchObject({
      kind: 'unreachable',
      detail: expect.stringMatching(/TLS|SSL|certificate/i),
    });
  });

  it('is refused from an authority that nobody knows', async () => {
    expect(await look(encrypted, 'VERIFY_IDENTITY', 'localhost', 'stranger')).toMatchObject({
      kind: 'unreachable',
      detail: expect.stringMatching(/TLS|SSL|certificate/i),
    });
  });

  it('is missed on a server that has none', async () => {
    expect(await look(plain, 'VERIFY_IDENTITY')).toMatchObject({
      kind: 'unreachable',
      detail: expect.stringMatching(/TLS|SSL/i),
    });
    expect(await look(plain, '')).toEqual({ kind: 'serving' });
  });

  it('is asked for by a server that wants encryption, and by nobody else', async () => {
    expect(await look(encrypted, '')).toMatchObject({ kind: 'login-failed' });
    expect(await look(encrypted, 'DISABLED')).toMatchObject({ kind: 'login-failed' });
  });

  it('would not be missed if only encryption were asked for, which is refused therefore', async () => {
    await expect(look(plain, 'REQUIRED')).rejects.toThrow(
      'SSLMODE=REQUIRED must not be asked of MariaDB Connector/ODBC',
    );
    const dsn = { SERVER: 'localhost', PORT: `${plain.port}`, DATABASE: 'consol', FORCETLS: '1' };
    expect(await lookAt(dsn)).toEqual({ kind: 'serving' });
  });
});
