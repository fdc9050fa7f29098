import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIGURATION_EXIT_CODE, ConfigurationError } from '../configuration';
import type { DataSourceKeys } from '../engines/engine';
import { SecretError, secretsManager } from '../secrets';
import { carryOut, type LeasePace } from './carry-out';
import { CLIENTS } from './clients';
import { type AccessPace, awaitDatabase } from './database-access';
import { PreparationError } from './preparation-error';
import { fetchScripts, s3 } from './script-source';
import { type PreparationSettings, parsePreparation } from './settings';

export interface PreparationPace {
  readonly database: AccessPace;
  readonly lease: LeasePace;
}

/** A deployment waits for 13 minutes: two preparations one after the other, and a failover before them. */
const PACE: PreparationPace = {
  database: { pauseMillis: 2_000, patienceMillis: 180_000 },
  lease: { pauseMillis: 5_000, renewMillis: 10_000, staleMillis: 60_000, patienceMillis: 540_000 },
};

const FAILED = 1;

/** Prepares the consolidated database, once, however often and by however many it is called; gives the exit code. */
export async function prepare(env: NodeJS.ProcessEnv, pace: PreparationPace = PACE): Promise<number> {
  // Scripts and options hold what is for nobody else.
  process.umask(0o077);
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => stop.abort(new PreparationError(`stopped by ${name}. Fix: deploy again`)));
  }
  try {
    await prepareBy(parsePreparation(env), pace, stop.signal);
    say('prepared');
    return 0;
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    say('failed', { detail: message });
    if (error instanceof ConfigurationError) return CONFIGURATION_EXIT_CODE;
    if (!(error instanceof PreparationError || error instanceof SecretError)) console.error(error);
    return FAILED;
  }
}

async function prepareBy(settings: PreparationSettings, pace: PreparationPace, signal: AbortSignal): Promise<void> {
  const { configuration, scripts } = settings;
  const { engine, dsn, odbc, installation } = configuration;
  const now = () => performance.now();
  const pause = (millis: number, over?: AbortSignal) =>
    sleep(millis, undefined, { signal: over === undefined ? signal : AbortSignal.any([signal, over]) }).catch(() =>
      signal.throwIfAborted(),
    );
  say('preparing', { engine: engine.name, scripts: scripts.map(({ name, version }) => `${name} ${version}`) });
  const texts = await fetchScripts(scripts, s3());
  const access = await awaitDatabase(
    {
      configuration,
      secrets: secretsManager(),
      now,
      sleep: pause,
      onWaiting: (result) => say('waiting', { ...result }),
    },
    pace.database,
  );
  const { folder, environment, redact } = access.provision;
  const createClient = CLIENTS[engine.name];
  if (createClient === undefined) throw new PreparationError(`the engine ${engine.name} cannot be prepared`);
  const client = await createClient(
    {
      dsn: dsn as DataSourceKeys,
      certificates: odbc.certificates,
      login: access.login,
      folder,
      environment,
      installation,
    },
    signal,
  );
  await carryOut({
    client,
    settings,
    texts,
    folder,
    redact,
    me: randomBytes(6).toString('hex'),
    now,
    sleep: pause,
    signal,
    say,
    pace: pace.lease,
  });
}

function say(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
}
