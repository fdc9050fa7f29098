import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { provision } from '../../image/supervisor/provision';
import { redaction } from '../../image/supervisor/redaction';
import { SecretError, type SecretSource } from '../../image/supervisor/secrets';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { environment, LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { IDENTITY_ARN, IDENTITY_PASSWORD_ARN, MACHINE, secretsOf } from './surroundings';

const PEM = `-----BEGIN CERTIFICATE-----
MIIB
-----END CERTIFICATE-----
-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED

MIIC
-----END RSA PRIVATE KEY-----
`;
const SECRETS = {
  [LOGIN_ARN]: JSON.stringify({ username: 'ml', password: 'ge;he"im' }),
  [IDENTITY_ARN]: PEM,
  [IDENTITY_PASSWORD_ARN]: 'sesame',
};
const STREAMS = [
  { protocol: 'tcpip', port: 2439 },
  { protocol: 'https', port: 8443, identitySecretArn: IDENTITY_ARN, identityPasswordSecretArn: IDENTITY_PASSWORD_ARN },
];

describe('the files of a start', () => {
  let scratch: ReturnType<typeof temporaryFolder>;

  beforeEach(() => {
    scratch = temporaryFolder();
  });

  afterEach(() => scratch.remove());

  const configurationOf = (more: Record<string, string> = {}) =>
    parseConfiguration(
      environment({
        SATMP: scratch.path,
        MOBILINK_STREAMS: JSON.stringify(STREAMS),
        MOBILINK_TASK_NAME: 'blue',
        ...more,
      }),
      MACHINE,
    );

  const prepare = (start = 1, secrets: SecretSource = secretsOf(SECRETS), keep?: string[]) =>
    provision(configurationOf(), secrets, start, () => 'abc123', { ...(keep && { keep }), now: () => 0 });

  it('are there, for nobody else', async () => {
    const it = await prepare(3);
    const folder = join(scratch.path, 'start-3');
    expect(it).toMatchObject({
      program: '/opt/sqlanywhere17/bin64/mlsrv17',
      arguments: [`@${folder}/options`],
      name: 'ml-blue-3-abc123',
      secretVersion: `version of ${LOGIN_ARN}`,
      folder,
      environment: {
        ODBCINI: `${folder}/odbc.ini`,
        ODBCSYSINI: folder,
        LD_LIBRARY_PATH: '/opt/sqlanywhere17/lib64',
        SQLANY17: '/opt/sqlanywhere17',
        SATMP: scratch.path,
        PATH: '/opt/sqlanywhere17/bin64:/usr/local/bin:/usr/bin:/bin',
        HOME: folder,
        LANG: 'C.UTF-8',
      },
    });
    expect(Object.keys(it.environment)).toHaveLength(8);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(['identity-8443.pem', 'odbc.ini', 'odbcinst.ini', 'options']);
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(readFileSync(join(folder, 'identity-8443.pem'), 'utf8')).toBe(PEM);
    const odbc = readFileSync(join(folder, 'odbc.ini'), 'utf8');
    expect(odbc).toContain('Driver=/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so\n');
    expect(odbc).toContain('\nUID=ml\nPWD=ge;he"im\n');
    const options = readFileSync(join(folder, 'options'), 'utf8');
    expect(options).toContain(`\n"https(port=8443;identity=${folder}/identity-8443.pem;identity_password=sesame)"\n`);
    expect(options).toContain('\n-zs\nml-blue-3-abc123\n');
    expect(options).not.toContain('ge;he"im');
    expect(JSON.stringify({ ...it, redact: undefined })).not.toMatch(/geheim|ge;he|sesame/);
    expect(it.redact('PWD=ge;he"im, identity_password=sesame, UID=ml')).toBe('PWD=***, identity_password=***, UID=ml');
  });

  it('take the place of those before', async () => {
    await prepare(1);
    await prepare(2);
    mkdirSync(join(scratch.path, 'of-sql-anywhere'));
    expect(readdirSync(scratch.path).sort()).toEqual(['of-sql-anywhere', 'start-2']);
  });

  it('stay while a child lives that needs them', async () => {
    const first = await prepare(1);
    await prepare(2, secretsOf(SECRETS), [first.folder]);
    await prepare(3, secretsOf(SECRETS), [first.folder]);
    expect(readdirSync(scratch.path).sort()).toEqual(['start-1', 'start-3']);
    await prepare(4);
    expect(readdirSync(scratch.path)).toEqual(['start-4']);
  });

  it('are made anew where a container before this one left some', async () => {
    mkdirSync(join(scratch.path, 'start-1'), { mode: 0o755 });
    writeFileSync(join(scratch.path, 'start-1', 'odbc.ini'), 'old');
    const { folder } = await prepare(1);
    expect(basename(folder)).toBe('start-1');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(folder, 'odbc.ini'), 'utf8')).not.toContain('old');
  });

  it('are not touched when a secret cannot be had; every reason is told at once', async () => {
    const { folder } = await prepare(1);
    const failure: unknown = await prepare(
      2,
      secretsOf({ [LOGIN_ARN]: '{"username":"sesam"}', [IDENTITY_ARN]: 'sesam' }),
    ).catch((it: unknown) => it);
    expect(failure).toBeInstanceOf(SecretError);
    const { message } = failure as SecretError;
    expect(message.split('\n')).toEqual([
      expect.stringContaining(`${LOGIN_ARN} is not the login of the database: it has no password`),
      expect.stringContaining(`${IDENTITY_ARN} is no identity. Fix: `),
      expect.stringContaining(`${IDENTITY_PASSWORD_ARN} is not there`),
    ]);
    expect(message).not.toContain('sesam');
    expect(existsSync(join(folder, 'odbc.ini'))).toBe(true);
    expect(readdirSync(scratch.path)).toEqual(['start-1']);
  });

  it.each([
    ['a certificate without its key', PEM.split('-----BEGIN RSA')[0] ?? ''],
    ['a key without certificate', PEM.slice(PEM.indexOf('-----BEGIN RSA'))],
    ['half a key', PEM.slice(0, -20)],
    ['nothing', ''],
  ])('are not made of %s', async (_, pem) => {
    await expect(prepare(1, secretsOf({ ...SECRETS, [IDENTITY_ARN]: pem }))).rejects.toThrow(
      `${IDENTITY_ARN} is no identity`,
    );
  });

  it('are not made with a password that would end the option', async () => {
    const secrets = secretsOf({ ...SECRETS, [IDENTITY_PASSWORD_ARN]: 'sesame);port=1' });
    await expect(prepare(1, secrets)).rejects.toThrow(`${IDENTITY_PASSWORD_ARN} holds a character`);
    await expect(prepare(1, secrets)).rejects.not.toThrow('sesame');
    expect(existsSync(join(scratch.path, 'start-1'))).toBe(false);
  });

  it('leave nothing behind when they cannot be written', async () => {
    const streams = [STREAMS[1], { ...STREAMS[1], port: 8444 }];
    const configuration = {
      ...configurationOf({ MOBILINK_STREAMS: JSON.stringify(streams) }),
      streams: [STREAMS[1], STREAMS[1]] as never,
    };
    await expect(provision(configuration, secretsOf(SECRETS), 1, () => 'abc123')).rejects.toThrow('EEXIST');
    expect(readdirSync(scratch.path)).toEqual([]);
  });

  it('hold the usual verbosity again once its time is over', async () => {
    const configuration = configurationOf({
      MOBILINK_VERBOSITY: '+',
      MOBILINK_VERBOSITY_UNTIL: '2026-11-24T18:00:00Z',
      MOBILINK_VERBOSITY_REASON: 'a',
    });
    const until = Date.UTC(2026, 10, 24, 18);
    const optionsAt = async (now: number) => {
      const { folder } = await provision(configuration, secretsOf(SECRETS), 1, () => 'abc123', { now: () => now });
      return readFileSync(join(folder, 'options'), 'utf8').split('\n');
    };
    expect(await optionsAt(until - 1)).toContain('"-v+"'.replaceAll('"', ''));
    expect(await optionsAt(until)).toContain('-vmn');
  });
});

describe('redaction', () => {
  it('leaves no secret and nothing but the secrets out', () => {
    const secret = fc.string({ minLength: 1, maxLength: 6 }).filter((it) => !it.includes('*'));
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 3 }), fc.array(fc.string()), (secrets, between) => {
        const redact = redaction(secrets);
        const text = between.join(secrets[0] ?? '');
        for (const it of secrets) expect(redact(text)).not.toContain(it);
        if (!secrets.some((it) => text.includes(it))) expect(redact(text)).toBe(text);
      }),
    );
  });

  it('takes the longer secret first, and a dollar as it is', () => {
    expect(redaction(['ab', 'abc$&'])('abc$& ab')).toBe('*** ***');
    expect(redaction([''])('a')).toBe('a');
  });
});
