import { dirname, join } from 'node:path';
import { DATA_SOURCE } from '../odbc/data-source-file';
import { dataSourceValue } from './data-source-value';
import type { DataSourceKeys, Engine, Judgement, ProbeOutput, Surroundings } from './engine';

/** Everybody may read it (Oracle, "SYS_CONTEXT", 19c). One value, so that nothing depends on how columns are shown. */
const QUESTION = "SELECT 'role=' || LOWER(NVL(SYS_CONTEXT('USERENV', 'DATABASE_ROLE'), 'unknown')) FROM DUAL";

/** Oracle Instant Client, where the hook of the image puts it. */
const CLIENT = '/opt/oracle/instantclient';

/** What a value in a net service name may consist of: parentheses would begin another one. */
const PLAIN = /^[A-Za-z0-9._-]+$/;

/** These describe the way to the database, and stand in Oracle's own files. */
const OF_THE_WAY = ['HOST', 'PORT', 'SERVICE_NAME'];

/** Oracle by SAP's own driver, which needs Oracle's client and finds the database by a net service name. */
export const oracle: Engine = {
  name: 'oracle',
  requiredKeys: OF_THE_WAY,
  driverFile: (installation) => `${installation}/lib64/libdboraodbc17_r.so`,
  faultOfKeys: (keys) => {
    const wrong = OF_THE_WAY.filter((name) => !PLAIN.test(dataSourceValue(keys, name) ?? ''));
    return wrong.length === 0
      ? undefined
      : `${wrong.join(' and ')} must be of letters, digits, points, hyphens and underscores, as a net service name is`;
  },
  authorities: (_keys, certificates) => join(walletBeside(certificates), 'cwallet.sso'),
  // SID is the net service name (SAP, "SQL Anywhere driver for Oracle", 17.0).
  dataSource: (keys) => ({
    SID: DATA_SOURCE,
    ...Object.fromEntries(Object.entries(keys).filter(([key]) => !OF_THE_WAY.includes(key.toUpperCase()))),
  }),
  login: { keys: ({ username, password }) => ({ UserID: username, Password: password }) },
  client: {
    files: (keys, { certificates }) => ({ 'tnsnames.ora': serviceName(keys), 'sqlnet.ora': network(certificates) }),
    environment: (folder) => ({ TNS_ADMIN: folder, NLS_LANG: 'AMERICAN_AMERICA.AL32UTF8' }),
    libraryFolders: [CLIENT],
    programFolders: [CLIENT],
  },
  question: QUESTION,
  judge,
};

/** ENABLE=BROKEN turns keepalive on, so that a host that vanished is noticed (Oracle, "Net Services Reference", 19c). */
function serviceName(keys: DataSourceKeys): string {
  const address = `(PROTOCOL=TCPS)(HOST=${dataSourceValue(keys, 'HOST')})(PORT=${dataSourceValue(keys, 'PORT')})`;
  return `${DATA_SOURCE}=(DESCRIPTION=(ENABLE=BROKEN)(TRANSPORT_CONNECT_TIMEOUT=3)(ADDRESS=${address})(CONNECT_DATA=(SERVICE_NAME=${dataSourceValue(keys, 'SERVICE_NAME')})))\n`;
}

/** The server's certificate is checked, and the name in it (RDS User Guide, "Enforcing a DN match with an SSL connection"). */
function network(certificates: Surroundings['certificates']): string {
  return [
    `WALLET_LOCATION=(SOURCE=(METHOD=FILE)(METHOD_DATA=(DIRECTORY=${walletBeside(certificates)})))`,
    'SSL_CLIENT_AUTHENTICATION=FALSE',
    'SSL_VERSION=1.2',
    'SSL_SERVER_DN_MATCH=ON',
    'SQLNET.OUTBOUND_CONNECT_TIMEOUT=5',
    'DIAG_ADR_ENABLED=OFF',
    '',
  ].join('\n');
}

function walletBeside(certificates: string): string {
  return join(dirname(certificates), 'oracle-wallet');
}

function judge({ exitCode, stdout, stderr }: ProbeOutput): Judgement {
  // ORA-01017: invalid username/password; ORA-28000: the account is locked; ORA-28001: the password has expired.
  if (exitCode !== 0) {
    const refused = /^\[28000\]|ORA-(01017|28000|28001)\b/m.test(stdout);
    return { kind: refused ? 'login-failed' : 'unreachable' };
  }
  const [, role] = /^role=([a-z ]+)\n?$/.exec(stdout) ?? [];
  if (role === undefined || stderr !== '') return { kind: 'unreachable' };
  return role === 'primary' ? { kind: 'serving' } : { kind: 'not-primary', detail: `the database is ${role}` };
}
