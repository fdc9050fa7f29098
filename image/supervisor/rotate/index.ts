import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIGURATION_EXIT_CODE, ConfigurationError } from '../configuration';
import { PreparationError } from '../prepare/preparation-error';
import { parseDatabaseUse } from '../prepare/settings';
import { SecretError } from '../secrets';
import { loginVersions } from './login-versions';
import { type RotationPace, rotateLogin } from './rotate-login';

const PACE: RotationPace = { pauseMillis: 2_000, patienceMillis: 180_000 };

const FAILED = 1;

/** Gives the login that mlsrv17 uses the password that is pending in Secrets Manager; gives the exit code. May be run as often as you like. */
export async function rotate(env: NodeJS.ProcessEnv, pace: RotationPace = PACE): Promise<number> {
  process.umask(0o077);
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => stop.abort(new PreparationError(`stopped by ${name}. Fix: rotate the secret again`)));
  }
  try {
    await rotateLogin({
      configuration: parseDatabaseUse(env),
      versions: loginVersions(),
      now: () => performance.now(),
      sleep: (millis) => sleep(millis, undefined, { signal: stop.signal }).catch(() => stop.signal.throwIfAborted()),
      signal: stop.signal,
      say,
      pace,
    });
    return 0;
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    say('failed', { detail: message });
    if (error instanceof ConfigurationError) return CONFIGURATION_EXIT_CODE;
    if (!(error instanceof PreparationError || error instanceof SecretError)) console.error(error);
    return FAILED;
  }
}

function say(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
}
