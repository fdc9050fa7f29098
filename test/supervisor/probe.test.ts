import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import type { Judgement, ProbeOutput } from '../../image/supervisor/engines/engine';
import { type ProbeSettings, probe } from '../../image/supervisor/probe';
import { provision } from '../../image/supervisor/provision';
import { freePort } from '../../rehearsal/mariadb/free-port';
import { literal, MariaDb } from '../../rehearsal/mariadb/maria-db';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { environment, LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { secretsOf } from './surroundings';

const PASSWORD = 'ge;he"im {x} =\' \\ ü';

describe('a probe', () => {
  const scratch = temporaryFolder();
  let database: MariaDb;
  let start = 0;

  beforeAll(async () => {
    database = await MariaDb.start();
    database.sql(
      `CREATE DATABASE consol; CREATE USER ml@'%' IDENTIFIED BY ${literal(PASSWORD)}; GRANT ALL ON consol.* TO ml@'%'`,
    );
  });

  afterAll(async () => {
    await database.stop();
    scratch.remove();
  });

  /** What the supervisor itself would make of such a database and login. */
  async function settings(
    more: { port?: number; host?: string; password?: string; username?: string; schema?: string } = {},
  ): Promise<ProbeSettings> {
    const { port = database.port, host = '127.0.0.1', password = PASSWORD, username = 'ml', schema = 'consol' } = more;
    const dsn = { SERVER: host, PORT: `${port}`, DATABASE: schema };
    const given = environment({ SATMP: scratch.path, MOBILINK_DATABASE: JSON.stringify({ engine: 'mysql', dsn }) });
    const configuration = parseConfiguration(given);
    const secrets = secretsOf({ [LOGIN_ARN]: JSON.stringify({ username, password }) });
    return {
      engine: configuration.engine,
      provision: await provision(configuration, secrets, ++start, () => 'abc123'),
    };
  }

  /** A child that says what the script makes it say, in place of isql. */
  async function saying(script: string, patienceMillis?: number): Promise<ProbeSettings> {
    const program = join(scratch.path, `isql-${++start}`);
    writeFileSync(program, `#!/bin/bash\n${script}\n`);
    chmodSync(program, 0o700);
    return { ...(await settings()), program, ...(patienceMillis !== undefined && { patienceMillis }) };
  }

  it('finds a primary', async () => {
    expect(await probe(await settings())).toEqual({ kind: 'serving' });
  });

  it('finds a database that is read-only, and one that no longer is', async () => {
    const given = await settings();
    database.sql('SET GLOBAL read_only = 1');
    expect(await probe(given)).toEqual({ kind: 'not-primary', detail: 'read_only is ON' });
    database.sql('SET GLOBAL read_only = 0');
    expect(await probe(given)).toEqual({ kind: 'serving' });
  });

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['a wrong user', { username: 'nobody' }],
  ])('finds that the login failed because of %s', async (_, more) => {
    const result = await probe(await settings(more));
    expect(result).toMatchObject({ kind: 'login-failed', detail: expect.stringContaining('Access denied') });
  });

  it('tells of a schema that is not there', async () => {
    database.sql(`GRANT ALL ON nowhere.* TO ml@'%'`);
    expect(await probe(await settings({ schema: 'nowhere' }))).toMatchObject({
      kind: 'unreachable',
      detail: expect.stringContaining("Unknown database 'nowhere'"),
    });
  });

  it('tells of a port where nobody listens', async () => {
    const result = await probe(await settings({ port: await freePort() }));
    expect(result).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining("Can't connect to server") });
  });

  it('tells of a name that leads nowhere', async () => {
    const result = await probe({ ...(await settings({ host: 'nowhere.invalid' })), patienceMillis: 10_000 });
    expect(result).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('Unknown server host') });
  });

  it('gives up on a database that hangs, and finds it again', async () => {
    const given = await settings();
    database.signal('SIGSTOP');
    try {
      const began = performance.now();
      expect(await probe(given)).toEqual({ kind: 'hung' });
      expect(performance.now() - began).toBeGreaterThan(2_900);
      await expect.poll(() => isqlsOf(given)).toEqual([]);
    } finally {
      database.signal('SIGCONT');
    }
    expect(await probe(given)).toEqual({ kind: 'serving' });
  });

  it('gives up on a server that takes the connection and says nothing', async () => {
    const silent = createServer();
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    try {
      const given = { ...(await settings({ port: portOf(silent) })), patienceMillis: 400 };
      expect(await probe(given)).toEqual({ kind: 'hung' });
      await expect.poll(() => isqlsOf(given)).toEqual([]);
    } finally {
      silent.close();
    }
  });

  it.each([
    ['hangs up', (server: Server) => server.on('connection', (socket) => socket.destroy())],
    [
      'speaks another protocol',
      (server: Server) => server.on('connection', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ],
  ])('tells of a server that %s', async (_, behave) => {
    const server = createServer();
    behave(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      expect(await probe(await settings({ port: portOf(server) }))).toMatchObject({ kind: 'unreachable' });
    } finally {
      server.close();
    }
  });

  it('tells of a driver manager that is not there', async () => {
    const given = { ...(await settings()), program: 'no-such-isql' };
    expect(await probe(given)).toMatchObject({
      kind: 'unreachable',
      detail: expect.stringContaining('isql cannot be started'),
    });
  });

  it('tells of a driver that is not there', async () => {
    const given = await settings();
    const ini = given.provision.environment.ODBCINI ?? '';
    writeFileSync(ini, readFileSync(ini, 'utf8').replace('libmaodbc.so', 'nowhere.so'));
    expect(await probe(given)).toMatchObject({
      kind: 'unreachable',
      detail: expect.stringContaining("Can't open lib"),
    });
  });

  it.each([
    ['nothing', 'exit 0'],
    ['nothing and fails', 'exit 1'],
    ['half the answer', "cat >/dev/null; printf 'read_only|OFF\\n'"],
    [
      'an answer and a doubt',
      "cat >/dev/null; printf 'innodb_read_only|OFF\\nread_only|OFF\\n'; echo '[ISQL]ERROR' >&2",
    ],
    ['an answer and fails', "cat >/dev/null; printf 'innodb_read_only|OFF\\nread_only|OFF\\n'; exit 1"],
    ['an answer twice', "cat >/dev/null; for i in 1 2; do printf 'innodb_read_only|OFF\\nread_only|OFF\\n'; done"],
    ['garbage', 'head -c 1000 /dev/urandom'],
    ['an answer and kills itself', "printf 'innodb_read_only|OFF\\nread_only|OFF\\n'; kill -9 $$"],
  ])('does not believe a child that says %s', async (_, script) => {
    expect((await probe(await saying(script))).kind).toBe('unreachable');
  });

  it('reads no more than it needs of a child that never ends', async () => {
    expect(await probe(await saying('yes geheim', 500))).toEqual({ kind: 'hung' });
    const talkative = await probe(await saying('head -c 5000000 /dev/zero | tr "\\0" x; exit 1'));
    expect(talkative).toEqual({ kind: 'unreachable', detail: `${'x'.repeat(299)}…` });
  });

  it('keeps only the beginning of a long answer', async () => {
    const given = await saying('head -c 5000000 /dev/zero | tr "\\0" x');
    let kept = 0;
    const judge = ({ stdout }: ProbeOutput): Judgement => {
      kept = stdout.length;
      return { kind: 'unreachable' };
    };
    await probe({ ...given, engine: { ...given.engine, judge } });
    // The bound, and at most one read of a pipe more.
    expect(kept).toBeGreaterThan(16_000);
    expect(kept).toBeLessThan(16_384 + 65_536 + 1);
  });

  it('kills what the child has started', async () => {
    const pids = join(scratch.path, 'pids');
    expect(await probe(await saying(`sleep 60 & echo $! >${pids}; wait`, 500))).toEqual({ kind: 'hung' });
    const pid = Number(readFileSync(pids, 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('shows the secret to nobody', async () => {
    const shown = join(scratch.path, 'shown');
    const script = `cat >/dev/null; { tr '\\0' '\\n' </proc/$$/cmdline; env; } >${shown}; grep -h '^PWD=' "$ODBCINI"; exit 1`;
    const given = await saying(script);
    process.env.AWS_SESSION_TOKEN = 'of the task';
    const result = await probe(given).finally(() => delete process.env.AWS_SESSION_TOKEN);
    expect(result).toEqual({ kind: 'unreachable', detail: 'PWD=***' });
    const text = readFileSync(shown, 'utf8');
    expect(text).toContain('DSN=mobilink');
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain('of the task');
    const folder = (given.provision as { folder?: string }).folder ?? '';
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The children that still live and were told of these files. */
function isqlsOf({ provision }: ProbeSettings): number[] {
  const ini = `ODBCINI=${provision.environment.ODBCINI}`;
  return readdirSync('/proc')
    .map(Number)
    .filter(
      (pid) => pid > 0 && pid !== process.pid && isAlive(pid) && read(`/proc/${pid}/environ`).split('\0').includes(ini),
    );
}

/** Not gone, and not only waiting for somebody to notice. */
function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(read(`/proc/${pid}/status`));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
