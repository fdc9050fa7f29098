import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { SecretsManager } from '../../rehearsal/cloud/secrets-manager';
import { ServiceError } from '../../rehearsal/cloud/service';
import { MariaDb } from '../../rehearsal/mariadb/maria-db';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { network } from '../../rehearsal/mlsrv/network';
import { type Supervised, startSupervised } from '../../rehearsal/mlsrv/supervised';
import { environment, LOGIN_ARN } from '../../rehearsal/mlsrv/told';

/* The rotation as a process, with the real bundle, before a real MariaDB server, and a supervisor whose server goes on with its syncs. */

const BUNDLE = join(__dirname, '..', '..', 'assets', 'supervisor', 'index.js');
const OLD = 'oldPassword1234567890';
const NEW = 'newPassword1234567890';

const folder = temporaryFolder();
let stored: SecretsManager;
let loopback: LoopbackService;
let database: MariaDb;
let runs = 0;

beforeAll(async () => {
  database = await MariaDb.start();
  database.sql("CREATE DATABASE consol; CREATE TABLE consol.syncs (remote VARCHAR(64), slept INT); CREATE USER ml@'%'");
  database.sql('GRANT ALL ON consol.* TO ml');
});

beforeEach(async () => {
  database.sql(`ALTER USER ml IDENTIFIED BY '${OLD}'`);
  stored = new SecretsManager(Date);
  stored.put(LOGIN_ARN, login(OLD));
  loopback = await LoopbackService.start(stored.standIn);
});

afterEach(() => loopback.stop());

afterAll(async () => {
  await database.stop();
  folder.remove();
});

const login = (password: string, username = 'ml') => JSON.stringify({ username, password, host: 'somewhere' });

/** What the rotation function does before its task begins. */
function makePending(text: string): string {
  const id = stored.beginRotation(LOGIN_ARN);
  stored.standIn.operations.PutSecretValue?.answer({
    service: 'secretsmanager',
    operation: 'PutSecretValue',
    input: { SecretId: LOGIN_ARN, ClientRequestToken: id, SecretString: text, VersionStages: ['AWSPENDING'] },
    caller: { functionName: 'test', roleArn: 'test', process: 'test' },
  });
  return id;
}

async function rotate(more: Record<string, string> = {}) {
  const scratch = join(folder.path, `rotate-${runs++}`);
  mkdirSync(scratch);
  const child = spawn(process.execPath, [BUNDLE, 'rotate'], {
    env: {
      PATH: process.env.PATH ?? '',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: loopback.endpoint,
      ...environment({
        SATMP: scratch,
        SQLANY17: folder.path,
        MOBILINK_DATABASE: JSON.stringify({
          engine: 'mysql',
          dsn: { SERVER: '127.0.0.1', PORT: `${database.port}`, DATABASE: 'consol' },
        }),
        ...more,
      }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const code = await new Promise((resolve) => child.once('close', resolve));
  for (const secret of [OLD, NEW]) expect(output).not.toContain(secret);
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  const said = lines.map((line) => JSON.parse(line) as { event: string; detail?: string });
  return { code, output, events: said.map(({ event }) => event), detail: said.at(-1)?.detail ?? '', scratch };
}

describe('the rotation of the login of MobiLink', () => {
  test('sets the pending password, proves it, and makes it the current one', async () => {
    const id = makePending(login(NEW));
    const { code, events, output, scratch } = await rotate();
    expect(code, output).toBe(0);
    expect(events).toEqual(['password-set', 'rotated']);
    expect([database.accepts('ml', NEW), database.accepts('ml', OLD)]).toEqual([true, false]);
    expect(stored.versionOf(LOGIN_ARN, 'AWSCURRENT')).toBe(id);
    expect(stored.current(LOGIN_ARN)).toBe(login(NEW));
    expect(readdirSync(join(scratch, 'start-1')).filter((name) => name.startsWith('password'))).toEqual([]);
  });

  test('that was ended after the password was set goes on where it stopped', async () => {
    const id = makePending(login(NEW));
    database.sql(`ALTER USER ml IDENTIFIED BY '${NEW}'`);
    const { code, events, output } = await rotate();
    expect(code, output).toBe(0);
    expect(events).toEqual(['rotated']);
    expect(stored.versionOf(LOGIN_ARN, 'AWSCURRENT')).toBe(id);
  });

  test('has nothing to do when none is under way, and after it has succeeded', async () => {
    expect(await rotate()).toMatchObject({ code: 0, events: ['nothing-to-rotate'] });
    makePending(login(NEW));
    await rotate();
    expect(await rotate()).toMatchObject({ code: 0, events: ['nothing-to-rotate'] });
    expect(database.accepts('ml', NEW)).toBe(true);
  });

  test.each([
    [
      'another user',
      () => makePending(login(NEW, 'other')),
      /is another user \(other\).*Fix: rotate the password only/,
    ],
    [
      'a password that is no word',
      () => makePending(login("x'; DROP TABLE y --")),
      /must be 16 to 128 letters and digits/,
    ],
    [
      'a database that knows neither password',
      () => {
        makePending(login(NEW));
        database.sql("ALTER USER ml IDENTIFIED BY 'somethingElse'");
      },
      /the database refuses the current password.*Fix: set the current password/,
    ],
  ])('leaves all as it is with %s', async (_what, arrange, words) => {
    arrange();
    const { code, events, detail } = await rotate();
    expect(code).toBe(1);
    expect(events.at(-1)).toBe('failed');
    expect(detail).toMatch(words);
    expect(stored.current(LOGIN_ARN)).toBe(login(OLD));
    expect(database.accepts('ml', NEW)).toBe(false);
  });

  test('that could not move the label fails, and the next one makes it good', async () => {
    makePending(login(NEW));
    const move = stored.standIn.operations.UpdateSecretVersionStage;
    Object.assign(stored.standIn.operations, {
      UpdateSecretVersionStage: {
        ...move,
        answer: () => {
          throw new ServiceError('AccessDeniedException', 'not allowed', 400);
        },
      },
    });
    expect(await rotate()).toMatchObject({ code: 1, events: ['password-set', 'failed'] });
    Object.assign(stored.standIn.operations, { UpdateSecretVersionStage: move });
    expect(await rotate()).toMatchObject({ code: 0, events: ['rotated'] });
    expect(stored.current(LOGIN_ARN)).toBe(login(NEW));
  });
});

describe('a MobiLink server in the middle of its syncs', () => {
  let server: Supervised | undefined;

  afterEach(async () => {
    server?.signal('SIGTERM');
    await server?.ended;
  });

  test('is restarted in place with the new login, after what it has begun; what failed is made good by the next try', async () => {
    database.sql('DELETE FROM consol.syncs');
    const site = { folder: folder.path, network: network(folder.path), database, secretsEndpoint: loopback.endpoint };
    const timing = { secretEvery: 300, rotationJitter: 300, probeEvery: 200, probeSoon: 100 };
    server = await startSupervised(site, {}, timing);
    const it = server;
    await it.until('serving');
    const outcomes: string[] = [];
    let isRoundOver = false;
    const remote = async () => {
      do {
        outcomes.push(await it.send('SYNC 0.1'));
        if (outcomes.at(-1) !== 'OK') await sleep(100);
      } while (!isRoundOver || outcomes.at(-1) !== 'OK');
    };
    const round = remote();
    while (outcomes.length < 5) await sleep(20);
    makePending(login(NEW));
    const { code, output } = await rotate();
    expect(code, output).toBe(0);
    await it.until('serving', 2);
    expect(it.starts()).toHaveLength(2);
    const before = outcomes.length;
    while (outcomes.length < before + 5) await sleep(20);
    isRoundOver = true;
    await round;
    // The container stayed, and so did its place behind the load balancer.
    expect(it.count('stopped')).toBe(0);
    expect(it.count('crashed')).toBe(0);
    expect(database.accepts('ml', OLD)).toBe(false);
    // Nothing is lost and nothing is done twice: what was told to be done is what is there.
    const done = outcomes.filter((outcome) => outcome === 'OK').length;
    expect(database.sql('SELECT COUNT(*) FROM consol.syncs').trim()).toBe(`${done}`);
    expect(outcomes.filter((outcome) => outcome === 'ERROR')).toEqual([]);
    expect(outcomes.slice(-5)).toEqual(['OK', 'OK', 'OK', 'OK', 'OK']);
    for (const secret of [OLD, NEW]) expect(it.lines.map(({ text }) => text).join()).not.toContain(secret);
  });
});
