import { basename } from 'node:path';
import type { DataSourceKeys, Surroundings } from '../engines/engine';

/** The words of MySQL Connector/ODBC for `SSLMODE`, weakest first ("Connector/ODBC DSN Configuration Options"). */
const MODES = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const;
type Mode = (typeof MODES)[number];

/** How far TLS is asked for; undefined without the key, null when it has a word that nobody knows. */
export function modeOf(keys: DataSourceKeys): Mode | undefined | null {
  const [, given] = Object.entries(keys).find(([key]) => isModeKey(key)) ?? [];
  if (given === undefined) return undefined;
  return MODES.find((it) => it === given.toUpperCase()) ?? null;
}

/** Why the driver cannot do what SSLMODE asks for; undefined when it can. */
export function faultOfMode(keys: DataSourceKeys, driverFile: string): string | undefined {
  const mode = modeOf(keys);
  if (mode === null) return `SSLMODE must be one of ${MODES.join(', ')}`;
  // Tried with 3.1.15: to a server without TLS it speaks in clear text, whatever FORCETLS says, unless it has a certificate to check.
  if (mode !== 'REQUIRED' || !isMariaDb(driverFile)) return undefined;
  return 'SSLMODE=REQUIRED must not be asked of MariaDB Connector/ODBC, which falls back to clear text; VERIFY_IDENTITY it keeps';
}

/** Whether the server's certificate is checked, for which the certificates of authorities are needed. */
export function isVerified(mode: Mode | undefined | null): boolean {
  return mode === 'VERIFY_CA' || mode === 'VERIFY_IDENTITY';
}

/** The keys in the words of the driver: of MariaDB Connector/ODBC if its library has that name, else of MySQL's. */
export function mysqlKeys(keys: DataSourceKeys, { driverFile, certificates }: Surroundings): DataSourceKeys {
  const isChecked = isVerified(modeOf(keys));
  const authorities: Record<string, string> = isChecked ? { SSLCA: certificates } : {};
  if (!isMariaDb(driverFile)) return { ...authorities, ...keys };
  const others = Object.fromEntries(Object.entries(keys).filter(([key]) => !isModeKey(key)));
  // It has two switches instead (`ma_dsn.c`), and cannot check a certificate without the name in it.
  const tls: Record<string, string> = isChecked ? { FORCETLS: '1', SSLVERIFY: '1' } : {};
  // Without it the connector takes the character set of the process for an application that is not a Unicode one.
  return { CHARSET: 'utf8mb4', ...authorities, ...others, ...tls };
}

function isMariaDb(driverFile: string): boolean {
  return basename(driverFile).startsWith('libmaodbc');
}

function isModeKey(key: string): boolean {
  return /^SSL[-_]?MODE$/i.test(key);
}
