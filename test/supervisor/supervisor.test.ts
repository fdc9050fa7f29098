import { execFileSync, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { SecretsManager } from '../../rehearsal/cloud/secrets-manager';
import { ReplicatedPair } from '../../rehearsal/mariadb/replicated-pair';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { network } from '../../rehearsal/mlsrv/network';
import { type Site, type Supervised, startSupervised } from '../../rehearsal/mlsrv/supervised';
import { LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { isAlive } from './programs';

const folder = temporaryFolder();
const stored = new SecretsManager(Date);
let loopback: LoopbackService;
let database: ReplicatedPair;
let site: Site;
const running: Supervised[] = [];

beforeAll(async () => {
  loopback = await LoopbackService.start(stored.standIn);
  const names = network(folder.path);
  database = await ReplicatedPair.start(names);
  stored.put(LOGIN_ARN, database.secret);
  site = { folder: folder.path, network: names, database, secretsEndpoint: loopback.endpoint };
});

afterEach(async () => {
  for (const it of running.splice(0)) {
    it.signal('SIGKILL');
    const pids = it.starts().map(({ pid }) => pid);
    await it.ended;
    for (const pid of pids) if (isAlive(pid)) process.kill(-pid, 'SIGKILL');
  }
});

afterAll(async () => {
  await database.stop();
  await loopback.stop();
  folder.remove();
});

async function supervise(
  behaviour: Record<string, string> = {},
  timing: object = {},
  identity?: string,
): Promise<Supervised> {
  const it = await startSupervised(site, behaviour, timing, identity);
  running.push(it);
  return it;
}

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const BUNDLE = join(__dirname, '..', '..', 'assets', 'supervisor', 'index.js');

test('without an environment the supervisor names all problems and ends with 64', () => {
  const { status, stderr } = spawnSync(process.execPath, [BUNDLE], { env: {}, encoding: 'utf8', timeout: 5_000 });
  expect(status).toBe(64);
  expect(stderr.split('\n').filter((line) => line.startsWith('  - ')).length).toBeGreaterThan(8);
  const unknown = spawnSync(process.execPath, [BUNDLE, 'dance'], { encoding: 'utf8' });
  expect(unknown.status).toBe(64);
  expect(unknown.stderr).toContain('There is no "dance"');
});

describe('the supervisor', () => {
  test('starts the server against nothing but a database that can be written', async () => {
    database.setReadOnly(true);
    const it = await supervise();
    const { fields } = await it.until('waiting');
    expect(fields).toMatchObject({ probe: 'not-primary', detail: expect.stringContaining('read_only') });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(it.starts()).toEqual([]);
    expect(await isOpen(it.healthPort)).toBe(false);
    expect(healthcheck(it)).toBe(0);
    database.setReadOnly(false);
    await it.until('serving');
    expect(it.lines.flatMap(({ event }) => event ?? []).slice(0, 4)).toEqual([
      'waiting',
      'accepts-logins',
      'started',
      'serving',
    ]);
    await expect.poll(() => isOpen(it.healthPort)).toBe(true);
    expect(healthcheck(it)).toBe(0);
    expect(await it.send('SYNC 0')).toBe('OK');
    it.signal('SIGTERM');
    expect(await it.ended).toBe(0);
    expect(it.starts()).toHaveLength(1);
    expect(it.starts()[0]?.name).toMatch(/^ml-task-\d+-[a-z0-9]{6}$/);
  });

  test('ends at once while it waits for the database', async () => {
    database.signalPrimary('SIGSTOP');
    try {
      const it = await supervise();
      const { fields } = await it.until('waiting');
      expect(fields).toMatchObject({ probe: 'hung' });
      const at = Date.now();
      it.signal('SIGTERM');
      expect(await it.ended).toBe(0);
      expect(Date.now() - at).toBeLessThan(2_000);
      expect(it.starts()).toEqual([]);
    } finally {
      database.signalPrimary('SIGCONT');
    }
  });

  test('lets a sync that is under way end before the server does', async () => {
    const it = await supervise();
    await it.until('serving');
    const before = database.syncs();
    const sync = it.send('SYNC 2');
    await new Promise((resolve) => setTimeout(resolve, 300));
    it.signal('SIGTERM');
    await it.until('stopping');
    await expect.poll(() => isOpen(it.healthPort)).toBe(false);
    it.signal('SIGTERM');
    expect(await sync).toBe('OK');
    expect(await it.ended).toBe(0);
    expect(database.syncs()).toBe(before + 1);
    expect(it.count('stopping')).toBe(1);
  });

  test.each([
    ['SIGHUP', { mlstop: 'hangs' }, 3],
    ['SIGHUP', { mlstop: 'refuses' }, 3],
    ['SIGKILL', { mlstop: 'hangs', sighup: 'ignored' }, 4],
  ] as const)('ends by %s when %o', async (_, behaviour, code) => {
    const it = await supervise(behaviour, { finalStop: { grace: 800, hangUp: 1_000, kill: 1_500 } });
    await it.until('serving');
    it.signal('SIGTERM');
    expect(await it.ended).toBe(code);
    for (const { pid } of it.starts()) expect(isAlive(pid)).toBe(false);
  });

  test('starts a server again that was killed, under another name, and takes along what it left behind', async () => {
    const it = await supervise({ orphan: 'yes' });
    await it.until('serving');
    const [first] = it.starts();
    const left = childrenOf(first?.pid ?? 0);
    expect(left.length).toBeGreaterThan(3);
    process.kill(first?.pid ?? 0, 'SIGKILL');
    expect((await it.until('server-gone')).fields).toMatchObject({ signal: 'SIGKILL' });
    await it.until('serving', 2);
    for (const pid of left) expect(isAlive(pid)).toBe(false);
    const [, second] = it.starts();
    expect(second?.name).not.toBe(first?.name);
    expect(await isOpen(it.healthPort)).toBe(true);
  });

  test('ends with the code of a server that crashes again and again', async () => {
    const it = await supervise({ crash: '9' }, { backoffFirst: 50, backoffMost: 200 });
    expect(await it.ended).toBe(9);
    expect(it.starts()).toHaveLength(5);
    expect(it.count('crashed')).toBe(4);
  });

  test('restarts the server softly for a new login', async () => {
    const it = await supervise({}, { secretEvery: 300, rotationJitter: 300 });
    await it.until('serving');
    database.changePassword('an0ther;"{}\' ß');
    stored.put(LOGIN_ARN, database.secret);
    await it.until('secret-rotated');
    expect((await it.until('restarting')).fields).toMatchObject({ why: 'the login has a new version' });
    await it.until('serving', 2);
    expect(await it.send('SYNC 0')).toBe('OK');
    expect(await isOpen(it.healthPort)).toBe(true);
    expect(it.starts()).toHaveLength(2);
  });

  test('fetches the login again when it is refused', async () => {
    const old = database.secret;
    database.changePassword('the third one');
    stored.put(LOGIN_ARN, old);
    const it = await supervise({}, { refetchEvery: 500 });
    await it.until('login-failed');
    expect(it.starts()).toEqual([]);
    stored.put(LOGIN_ARN, database.secret);
    await it.until('serving');
  });

  test.each(['stdout', 'file', 'both'])(
    'passes a burst of 10 000 lines on, each once, and its memory is bounded: %s',
    async (log) => {
      const it = await supervise({ log });
      await it.until('serving');
      const before = it.usage().megabytes;
      it.pauseReading();
      const burst = it.send('BURST 10000');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      it.resumeReading();
      expect(await burst).toBe('OK');
      const numbers = () => it.lines.flatMap(({ text }) => /<burst> line (\d+)$/.exec(text)?.[1] ?? []).map(Number);
      await expect.poll(() => numbers().length, { timeout: 10_000 }).toBe(10_000);
      expect(numbers()).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
      expect(it.usage().megabytes - before).toBeLessThan(40);
      it.signal('SIGTERM');
      expect(await it.ended).toBe(0);
      expect(numbers()).toHaveLength(10_000);
      expect(it.lines.filter(({ text }) => text.includes('Ready to handle requests'))).toHaveLength(1);
    },
  );

  test('turns periodic lines into metrics, and no secret into a line or an argument', async () => {
    const identity = LOGIN_ARN.replace('login', 'identity');
    stored.put(identity, identityFor(30));
    const it = await supervise({}, {}, identity);
    await expect
      .poll(() => it.lines.filter(({ fields }) => '_aws' in fields).length, { timeout: 10_000 })
      .toBeGreaterThan(1);
    const metrics = it.lines.find(({ fields }) => '_aws' in fields)?.fields;
    expect(metrics).toMatchObject({ Farm: 'stores', DB_CONNECTIONS: 3, CMD_PROCESSOR_STAGE_LEN: 0, ServerErrors: 0 });
    expect(Number(metrics?.CertificateDaysLeft)).toBeCloseTo(30, 1);
    for (const { text } of it.lines) expect(text).not.toContain(database.secretWords);
    expect(JSON.stringify(it.starts())).not.toContain(database.secretWords);
  });
});

/** A certificate that lasts for so many days, and its key. */
function identityFor(days: number): string {
  const request = 'req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout - -subj /CN=ml -days';
  return execFileSync('openssl', [...request.split(' '), String(days)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function healthcheck(it: Supervised): number | null {
  const scratch = readEnvironment(it.pid).SATMP;
  return spawnSync(process.execPath, [BUNDLE, 'healthcheck'], { env: { SATMP: scratch }, timeout: 5_000 }).status;
}

function readEnvironment(pid: number): NodeJS.ProcessEnv {
  const text = execFileSync('cat', [`/proc/${pid}/environ`], { encoding: 'utf8' });
  return Object.fromEntries(
    text.split('\0').map((it) => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]),
  );
}

function childrenOf(pid: number): number[] {
  const found = spawnSync('ps', ['-o', 'pid=', '--ppid', `${pid}`], { encoding: 'utf8' }).stdout;
  return found.split('\n').filter(Boolean).map(Number);
}
