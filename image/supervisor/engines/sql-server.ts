import type { Login } from '../login';
import { dataSourceValue } from './data-source-value';
import type { Asking, DataSourceKeys, Engine, Judgement, ProbeOutput } from './engine';

/** Needs no privilege. The standby of an availability group takes no login at all; a database that is being moved is read-only. */
const QUESTION =
  "SET NOCOUNT ON; SELECT 'updateability=' + LOWER(COALESCE(CONVERT(varchar(20), DATABASEPROPERTYEX(DB_NAME(), 'Updateability')), 'unknown'))";

const TOOLS = '/opt/mssql-tools18/bin';

/**
 * What may stand in the connection string that mlsrv17 takes apart by rules of its own. RDS and Secrets Manager make no other passwords.
 */
const PLAIN = /^[A-Za-z0-9_.,^+!#$%&*~:-]+$/;

/**
 * Microsoft SQL Server by Microsoft ODBC Driver 18, of which it is not documented that it reads a login from `odbc.ini`: so mlsrv17 gets it
 * by its file of options, and the question is asked by Microsoft's `sqlcmd`, which takes the password from a variable.
 */
export const sqlServer: Engine = {
  name: 'sql-server',
  requiredKeys: ['SERVER', 'DATABASE'],
  // The hook of the image makes this link; the library itself has its version in its name.
  driverFile: () => '/opt/microsoft/msodbcsql18/lib64/libmsodbcsql.so',
  faultOfKeys,
  authorities: (keys, certificates) => (checksCertificate(keys) ? certificates : undefined),
  dataSource: (keys) => keys,
  login: {
    fault: ({ username, password }) => {
      const names = Object.entries({ username, password }).flatMap(([name, value]) =>
        PLAIN.test(value) ? [] : [name],
      );
      return names.length === 0
        ? undefined
        : `${names.join(' and ')} cannot stand in a connection string: only letters, digits and _ . , ^ + ! # $ % & * ~ : - can`;
    },
    keys: () => ({}),
    connectionString: ({ username, password }) => `UID=${username};PWD=${password}`,
  },
  client: {
    files: () => ({}),
    // OpenSSL reads the variable where a program asks for its usual authorities (OpenSSL, "SSL_CTX_set_default_verify_paths").
    environment: (_folder, { certificates }) => ({ SSL_CERT_FILE: certificates }),
    libraryFolders: [],
    programFolders: [TOOLS],
  },
  question: QUESTION,
  asking,
  judge,
};

/** By its data source, with errors as exit code and on stdout, without headers and padding (Microsoft, "sqlcmd utility"). */
function asking(dataSource: string, login: Login): Asking {
  return {
    program: 'sqlcmd',
    arguments: ['-D', '-S', dataSource, '-l', '3', '-N', 'm', '-b', '-x', '-h', '-1', '-W', '-Q', QUESTION],
    environment: sqlcmdLogin(login),
    input: '',
  };
}

/** Where sqlcmd looks for a login that does not stand on its command line (Microsoft, "sqlcmd utility"). */
export function sqlcmdLogin({ username, password }: Login): Readonly<Record<string, string>> {
  return { SQLCMDUSER: username, SQLCMDPASSWORD: password };
}

function faultOfKeys(keys: DataSourceKeys): string | undefined {
  const encrypt = (dataSourceValue(keys, 'ENCRYPT') ?? '').toLowerCase();
  return ['yes', 'mandatory', 'strict'].includes(encrypt)
    ? undefined
    : 'Encrypt must be yes, mandatory or strict: MobiLink has nothing to say in clear text';
}

function checksCertificate(keys: DataSourceKeys): boolean {
  return !['yes', 'true', '1'].includes((dataSourceValue(keys, 'TRUSTSERVERCERTIFICATE') ?? 'no').toLowerCase());
}

function judge({ exitCode, stdout, stderr }: ProbeOutput): Judgement {
  if (exitCode !== 0) {
    const said = `${stdout}\n${stderr}`;
    // 4060 comes with the words of 18456, and says that the database is not there yet: it recovers after a failover.
    const isAway = /Cannot open database|\b4060\b/.test(said);
    return { kind: !isAway && /Login failed for user|\b18456\b/.test(said) ? 'login-failed' : 'unreachable' };
  }
  const [, updateability] = /^updateability=([a-z_]+)\r?\n?$/.exec(stdout) ?? [];
  if (updateability === undefined || stderr !== '') return { kind: 'unreachable' };
  return updateability === 'read_write'
    ? { kind: 'serving' }
    : { kind: 'not-primary', detail: `the database is ${updateability}` };
}
