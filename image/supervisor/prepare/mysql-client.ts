import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSourceKeys } from '../engines/engine';
import { isVerified, modeOf } from '../odbc/mysql-drivers';
import { PreparationError } from './preparation-error';
import { type Outcome, runProgram } from './run-program';
import { type ClientSettings, COMMON_SQL, type SqlClient, type SqlDialect } from './sql-client';

/** Whose command line client is installed: they check certificates by different options. */
type Vendor = 'MariaDB' | 'MySQL';

const PROGRAMS = ['mariadb', 'mysql'];

/** The command line client of MariaDB or MySQL: it understands `delimiter`, which SAP's script uses and no server does. */
export async function mysqlClient(settings: ClientSettings, signal: AbortSignal): Promise<SqlClient> {
  const { folder, environment } = settings;
  const { program, vendor } = await findClient(environment, signal);
  const options = join(folder, 'client.cnf');
  await writeFile(options, optionFile(settings, vendor), { mode: 0o600, flag: 'wx' });
  return {
    setUpScript: 'syncmys.sql',
    dialect: MYSQL,
    file: (statements) => statements.map((it) => `${it};\n`).join(''),
    run: (file, stop) => {
      // It reads no file but this one, and gives up at the first error.
      const words = [`--defaults-file=${options}`, '--batch', '--raw', '--skip-column-names', '--unbuffered'];
      return runProgram({ program, arguments: words, environment, input: file }, stop);
    },
    complaint: ({ stderr, exitCode }) => {
      // Before the error stands the statement, which may hold what is nobody's business; stdout holds rows.
      const from = stderr.search(/^ERROR /m);
      return from === -1 ? `${program} ended with ${exitCode}` : stderr.slice(from);
    },
  };
}

const MYSQL: SqlDialect = {
  ...COMMON_SQL,
  objects: (wrap) => {
    const ofSchema = (column: string, table: string, schema: string) =>
      `SELECT ${wrap(column)} FROM information_schema.${table} WHERE ${schema} = DATABASE() AND LEFT(${column}, 3) = 'ml_'`;
    return [
      ofSchema('table_name', 'tables', 'table_schema'),
      ofSchema('routine_name', 'routines', 'routine_schema'),
      ofSchema('trigger_name', 'triggers', 'trigger_schema'),
    ].join(' UNION ALL ');
  },
  join: (...parts) => `CONCAT(${parts.join(', ')})`,
};

/** The options as MariaDB's and MySQL's programs read them; throws when the client cannot keep what the data source asks for. */
export function optionFile(
  { dsn, certificates, login }: Pick<ClientSettings, 'dsn' | 'certificates' | 'login'>,
  vendor: Vendor,
): string {
  const given = new Map(Object.entries(dsn).map(([key, value]) => [key.toUpperCase(), value]));
  const lines = [
    ['host', given.get('SERVER') ?? ''],
    ['port', given.get('PORT') ?? '3306'],
    ['database', given.get('DATABASE') ?? ''],
    ['user', login.username],
    ['password', login.password],
    ['default-character-set', 'utf8mb4'],
    ['connect-timeout', '10'],
    ['max-allowed-packet', '64M'],
    ['local-infile', '0'],
  ].map(([name, value = '']) => `${name}=${quoted(value)}`);
  // A session that was lost took its settings with it: half a script in another one would be another script.
  return `[mysql]\nprotocol=TCP\nskip-reconnect\n${[...lines, ...tlsOptions(dsn, certificates, vendor)].join('\n')}\n`;
}

function tlsOptions(dsn: DataSourceKeys, certificates: string, vendor: Vendor): string[] {
  const mode = modeOf(dsn) ?? undefined;
  const authorities = isVerified(mode) ? [`ssl-ca=${quoted(certificates)}`] : [];
  if (vendor === 'MySQL') return mode === undefined ? [] : [`ssl-mode=${mode}`, ...authorities];
  if (isVerified(mode)) return [...authorities, 'ssl-verify-server-cert'];
  if (mode === 'DISABLED') return ['skip-ssl'];
  // From 11.4 on it checks what nobody has asked it to (MariaDB, "Securing Connections for Client and Server").
  if (mode === undefined) return ['disable-ssl-verify-server-cert'];
  if (mode === 'PREFERRED') return ['ssl', 'disable-ssl-verify-server-cert'];
  throw new PreparationError(
    `SSLMODE=${mode} cannot be kept by MariaDB's client, which falls back to clear text. Fix: VERIFY_IDENTITY, or MySQL's own client in the image`,
  );
}

/** In quotes a value keeps spaces, `#` and quotes; a backslash begins an escape (MySQL, "Using Option Files"). */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

async function findClient(environment: ClientSettings['environment'], signal: AbortSignal) {
  for (const program of PROGRAMS) {
    const outcome = await runProgram({ program, arguments: ['--version'], environment }, signal).catch(unlessMissing);
    if (outcome?.exitCode !== 0) continue;
    const vendor: Vendor = /mariadb/i.test(outcome.stdout) ? 'MariaDB' : 'MySQL';
    return { program, vendor };
  }
  throw new PreparationError(
    `there is no ${PROGRAMS.join(' and no ')} in the image. Fix: install Debian's mariadb-client, or another by a hook of the image`,
  );
}

function unlessMissing(error: unknown): Outcome | undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
