import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../configuration';
import type { DataSourceKeys } from '../engines/engine';
import { type Login, parseLogin } from '../login';
import { CLIENTS } from '../prepare/clients';
import { lastWords } from '../prepare/last-words';
import { PreparationError } from '../prepare/preparation-error';
import { type ProbeResult, probe } from '../probe';
import { type Provision, provision } from '../provision';
import { PASSWORD_STATEMENTS, requirePlainPassword } from './change-password';
import type { LoginVersions, SecretVersion } from './login-versions';

export interface RotationPace {
  /** Between two probes. */
  readonly pauseMillis: number;
  /** How long a database may be away. */
  readonly patienceMillis: number;
}

export interface Rotation {
  readonly configuration: Configuration;
  readonly versions: LoginVersions;
  readonly now: () => number;
  readonly sleep: (millis: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly say: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly pace: RotationPace;
}

/** A login, and the files by which the database is reached with it. */
interface Way {
  readonly login: Login;
  readonly files: Provision;
}

/**
 * Sets the pending password in the database, proves that it works, and makes it the current one at once: between the first and the last,
 * a server that opens a connection is refused. Whatever is done already is not done again.
 */
export async function rotateLogin(rotation: Rotation): Promise<void> {
  const { configuration, versions, say } = rotation;
  const arn = configuration.loginSecretArn;
  const [current, pending] = await Promise.all([versions.current(arn), versions.pending(arn)]);
  if (pending === undefined || pending.versionId === current.versionId) return say('nothing-to-rotate');
  const to = await wayOf(rotation, pending, 2);
  requirePlainPassword(to.login.password);
  const from = await wayOf(rotation, current, 1);
  if (to.login.username !== from.login.username) {
    throw new PreparationError(
      `the pending login is another user (${to.login.username}) than the current one (${from.login.username}), which owns the ml_* objects. Fix: rotate the password only`,
    );
  }
  if ((await ask(rotation, to)).kind === 'login-failed') {
    await untilServing(rotation, from, 'current');
    await setPassword(rotation, from, to.login.password);
    say('password-set');
  }
  await untilServing(rotation, to, 'pending');
  await versions.promote(arn, current, pending);
  say('rotated', { version: pending.versionId });
}

async function wayOf({ configuration }: Rotation, version: SecretVersion, start: number): Promise<Way> {
  const login = parseLogin(configuration.loginSecretArn, version.text);
  const known = { fetch: async () => version };
  const keep = [join(configuration.scratch, 'start-1'), join(configuration.scratch, 'start-2')];
  const files = await provision({ ...configuration, streams: [] }, known, start, () => 'rotate', { keep });
  return { login, files };
}

function ask({ configuration }: Rotation, { files }: Way): Promise<ProbeResult> {
  return probe({ engine: configuration.engine, provision: files });
}

async function untilServing(rotation: Rotation, way: Way, which: string): Promise<void> {
  const { now, sleep, pace, say } = rotation;
  const until = now() + pace.patienceMillis;
  for (let told = ''; ; ) {
    const result = await ask(rotation, way);
    if (result.kind === 'serving') return;
    const detail = 'detail' in result ? `: ${result.detail}` : '';
    if (result.kind === 'login-failed') {
      throw new PreparationError(
        `the database refuses the ${which} password${detail}. Fix: set the current password of the secret in the database, then rotate the secret again`,
      );
    }
    if (now() >= until) {
      throw new PreparationError(
        `the database does not serve: ${result.kind}${detail}. Fix: look at the database and its security groups, then rotate the secret again`,
      );
    }
    if (result.kind !== told) say('waiting', { ...result });
    told = result.kind;
    await sleep(pace.pauseMillis);
  }
}

async function setPassword({ configuration, signal }: Rotation, from: Way, password: string): Promise<void> {
  const { engine, dsn, odbc, installation } = configuration;
  const createClient = CLIENTS[engine.name];
  const statements = PASSWORD_STATEMENTS[engine.name]?.(password) ?? [];
  if (createClient === undefined || statements.length === 0) {
    throw new PreparationError(`nobody knows how a login of ${engine.name} changes its password. Fix: rotate by hand`);
  }
  const { folder, environment } = from.files;
  const client = await createClient(
    {
      dsn: dsn as DataSourceKeys,
      certificates: odbc.certificates,
      login: from.login,
      folder,
      environment,
      installation,
    },
    signal,
  );
  const redact = (text: string) => from.files.redact(text).replaceAll(password, '***');
  const complaints: string[] = [];
  for (const [index, statement] of statements.entries()) {
    const file = join(folder, `password-${index}.sql`);
    await writeFile(file, client.file([statement]), { mode: 0o600, flag: 'wx' });
    const outcome = await client.run(file, signal).finally(() => rm(file, { force: true }));
    if (outcome.exitCode === 0) return;
    complaints.push(lastWords(client.complaint(outcome), redact));
  }
  throw new PreparationError(`the database does not take the new password: ${complaints.join('; ')}`);
}
