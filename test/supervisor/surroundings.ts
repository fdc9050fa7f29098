import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../image/supervisor/configuration';
import type { SecretSource } from '../../image/supervisor/secrets';

const ACCOUNT = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret';

export const LOGIN_ARN = `${ACCOUNT}:consolidated/login-AbCdEf`;
export const IDENTITY_ARN = `${ACCOUNT}:farm/identity-AbCdEf`;
export const IDENTITY_PASSWORD_ARN = `${ACCOUNT}:farm/identity-password-AbCdEf`;

/** A folder that is gone afterwards. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'mobilink-supervisor-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The least that a supervisor must be told. */
export function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    MOBILINK_DATABASE: JSON.stringify({ engine: 'mysql', dsn: { SERVER: 'db.example.internal', DATABASE: 'consol' } }),
    MOBILINK_LOGIN_SECRET_ARN: LOGIN_ARN,
    MOBILINK_STREAMS: JSON.stringify([{ protocol: 'tcpip', port: 2439 }]),
    MOBILINK_HEALTH_PORT: '8439',
    MOBILINK_WORKERS: '5',
    MOBILINK_MAX_WORKERS: '10',
    MOBILINK_SCRIPT_VERSIONS: '2',
    MOBILINK_LONGEST_SYNC_SECONDS: '900',
    MOBILINK_METRICS: JSON.stringify({ namespace: 'MobiLinkHa', farm: 'stores' }),
    SATMP: '/scratch',
    ...more,
  };
}

/** A container in which everything is there. */
export const MACHINE: Machine = {
  hostname: 'ip-10-0-0-1.internal',
  isWritableFolder: () => true,
  isFile: () => true,
  odbcinst: () => '[Vendor]\nDescription = of a hook\nDriver = /opt/vendor/libmyodbc9w.so\n',
};

/** Secrets that are only here. */
export function secretsOf(texts: Readonly<Record<string, string>>): SecretSource {
  return {
    fetch: async (arn) => {
      const text = texts[arn];
      if (text === undefined) throw new Error(`${arn} is not there`);
      return { text, versionId: `version of ${arn}` };
    },
  };
}
