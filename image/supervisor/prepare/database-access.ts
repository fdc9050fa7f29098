import type { Configuration } from '../configuration';
import { type Login, parseLogin } from '../login';
import { type ProbeResult, probe } from '../probe';
import { type Provision, provision } from '../provision';
import type { SecretSource } from '../secrets';
import { PreparationError } from './preparation-error';

/** The login that mlsrv17 uses, and the files by which the probe reaches the database. */
export interface Access {
  readonly login: Login;
  readonly provision: Provision;
}

export interface AccessPorts {
  readonly configuration: Configuration;
  readonly secrets: SecretSource;
  readonly now: () => number;
  readonly sleep: (millis: number) => Promise<void>;
  readonly onWaiting: (result: ProbeResult) => void;
}

export interface AccessPace {
  /** Between two probes. */
  readonly pauseMillis: number;
  /** How long a database may be away: a failover, or rules of the network that come a little later. */
  readonly patienceMillis: number;
}

/** Waits until the database serves, as the supervisor does before each start of mlsrv17; fetches the login again when it is refused. */
export async function awaitDatabase(ports: AccessPorts, pace: AccessPace): Promise<Access> {
  const { configuration, now, sleep, onWaiting } = ports;
  const until = now() + pace.patienceMillis;
  let access = await fetchAccess(ports, 1);
  for (let start = 2, told = ''; ; start++) {
    const result = await probe({ engine: configuration.engine, provision: access.provision });
    if (result.kind === 'serving') return access;
    if (now() >= until) {
      throw new PreparationError(
        `the database does not serve: ${result.kind}${'detail' in result ? `: ${result.detail}` : ''}. Fix: look at the database, at its security groups and at the login, then deploy again`,
      );
    }
    if (result.kind !== told) onWaiting(result);
    told = result.kind;
    await sleep(pace.pauseMillis);
    if (result.kind === 'login-failed') access = await fetchAccess(ports, start);
  }
}

async function fetchAccess({ configuration, secrets }: AccessPorts, start: number): Promise<Access> {
  const fetched = await secrets.fetch(configuration.loginSecretArn);
  const login = parseLogin(configuration.loginSecretArn, fetched.text);
  const known: SecretSource = { fetch: async () => fetched };
  // No stream: a preparation needs no certificate.
  const files = await provision({ ...configuration, streams: [] }, known, start, () => 'prepare');
  return { login, provision: files };
}
