import { App, Stack } from 'aws-cdk-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, parseConfiguration } from '../../image/supervisor/configuration';
import { refusalOf } from '../../image/supervisor/refused-arguments';
import { validateExtraArguments } from '../../lib/farm/extra-arguments';
import { Problems } from '../../lib/validation/problems';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { environment } from '../../rehearsal/mlsrv/told';
import { IDENTITY_ARN, MACHINE } from './surroundings';

const parse = (more: Record<string, string> = {}) => parseConfiguration(environment(more), MACHINE);

function problemsOf(more: Record<string, string | undefined>, machine = MACHINE): readonly string[] {
  try {
    parseConfiguration({ ...environment(), ...more }, machine);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

const dsn = { SERVER: 'db', DATABASE: 'consol' };
const database = (value: unknown) => ({ MOBILINK_DATABASE: JSON.stringify(value) });
const streams = (...value: unknown[]) => ({ MOBILINK_STREAMS: JSON.stringify(value) });
const extra = (...value: unknown[]) => ({ MOBILINK_EXTRA_ARGUMENTS: JSON.stringify(value) });
const metrics = (value: object) => ({
  MOBILINK_METRICS: JSON.stringify({ namespace: 'MobiLinkHa', farm: 'stores', ...value }),
});

describe('a configuration', () => {
  it('has its defaults', () => {
    const it = parse();
    expect(it).toMatchObject({
      dsn: { SERVER: 'db.example.internal', DATABASE: 'consol' },
      odbc: {
        driverFile: '/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so',
        certificates: '/etc/ssl/certs/ca-certificates.crt',
      },
      streams: [{ protocol: 'tcpip', port: 2439 }],
      ignoredClients: [],
      maxConnections: 21,
      extraArguments: [],
      periodicSeconds: 60,
      verbosity: { letters: 'mn' },
      installation: '/opt/sqlanywhere17',
      taskName: 'ip-10-0-0-1-internal',
    });
    expect(it.engine.name).toBe('mysql');
    expect(it.metrics.names).toContain('DB_CONNECTIONS');
    expect('I. 2026-11-23 12:00:00. <Main> PERIODIC: DB_CONNECTIONS: 7'.match(it.metrics.pattern)?.groups).toEqual({
      name: 'DB_CONNECTIONS',
      value: '7',
    });
  });

  it('reads everything that may be given', () => {
    const given = parse({
      ...streams({ protocol: 'https', port: 8443, identitySecretArn: IDENTITY_ARN }),
      MOBILINK_MAX_CONNECTIONS: '31',
      MOBILINK_UPLOAD_WORKERS: '5',
      MOBILINK_MAX_ACTIVE_SYNCS: '50',
      MOBILINK_MAX_NETWORK_CONNECTIONS: '500',
      MOBILINK_UPLOAD_GROUP: '10',
      MOBILINK_IGNORED_CLIENTS: '["10.0.0.1","fd00::1"]',
      MOBILINK_CLIENT_IP_PRESERVED: 'yes',
      MOBILINK_VERBOSITY: 'mnr',
      MOBILINK_VERBOSITY_UNTIL: '2026-11-24T18:00:00Z',
      MOBILINK_VERBOSITY_REASON: 'SAP support, case 17',
      MOBILINK_PERIODIC_SECONDS: '30',
      ...metrics({ names: ['A'], pattern: '(?<name>[A-Z]+)=(?<value>[0-9]+)' }),
      ...extra('-zf', '-o', '/scratch/a log'),
      MOBILINK_TASK_NAME: 'blue-1',
    });
    expect(given).toMatchObject({
      maxConnections: 31,
      uploadWorkers: 5,
      maxActiveSyncs: 50,
      maxNetworkConnections: 500,
      uploadGroup: 10,
      ignoredClients: ['10.0.0.1', 'fd00::1'],
      verbosity: { letters: 'mnr', until: Date.UTC(2026, 10, 24, 18) },
      periodicSeconds: 30,
      metrics: { names: ['A'], pattern: /(?<name>[A-Z]+)=(?<value>[0-9]+)/ },
      extraArguments: ['-zf', '-o', '/scratch/a log'],
      taskName: 'blue-1',
    });
  });

  it('names servers by the task that ECS tells of', () => {
    const id = '0123456789abcdef0123456789abcdef';
    expect(parse({ ECS_CONTAINER_METADATA_URI_V4: `http://169.254.170.2/v4/${id}-2495160603` }).taskName).toBe(id);
  });

  it('takes the driver that it is told of, by its path or by its name in the image', () => {
    expect(parse({ MOBILINK_ODBC_DRIVER: '/opt/libmyodbc9w.so' }).odbc.driverFile).toBe('/opt/libmyodbc9w.so');
    const required = database({ engine: 'mysql', dsn: { ...dsn, SSLMODE: 'REQUIRED' } });
    expect(parse({ MOBILINK_ODBC_DRIVER: 'Vendor', ...required }).odbc.driverFile).toBe('/opt/vendor/libmyodbc9w.so');
    expect(problemsOf({ MOBILINK_ODBC_DRIVER: 'Vendors' })).toEqual([
      'MOBILINK_ODBC_DRIVER: must be the path of a library or an installed driver, got "a name that is not there". Fix: name a driver of the image\'s odbcinst.ini, or leave it out for the engine\'s usual one',
    ]);
  });

  it('names everything that is missing, at once', () => {
    try {
      parseConfiguration({}, MACHINE);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      const { problems, message } = error as ConfigurationError;
      expect(problems.map((it) => it.split(':')[0])).toEqual([
        'MOBILINK_DATABASE',
        'MOBILINK_LOGIN_SECRET_ARN',
        'MOBILINK_STREAMS',
        'MOBILINK_HEALTH_PORT',
        'MOBILINK_WORKERS',
        'MOBILINK_MAX_WORKERS',
        'MOBILINK_SCRIPT_VERSIONS',
        'MOBILINK_LONGEST_SYNC_SECONDS',
        'MOBILINK_METRICS',
        'SATMP',
      ]);
      for (const problem of problems) expect(message).toContain(`\n  - ${problem}`);
      for (const problem of problems) expect(problem).toMatch(/, got nothing\. Fix: \S/);
    }
  });

  it('names what is wrong by itself and what does not go together, at once', () => {
    const problems = problemsOf({
      ...database({ engine: 'db2', dsn }),
      ...streams({ protocol: 'tcpip', port: 8439 }, { protocol: 'smtp', port: 80 }),
      MOBILINK_WORKERS: '7',
      MOBILINK_MAX_WORKERS: '6',
      MOBILINK_UPLOAD_WORKERS: '8',
      MOBILINK_HEALTH_PORT: 'x',
    });
    expect(problems.map((it) => it.split(':')[0]).sort()).toEqual([
      'MOBILINK_DATABASE.engine',
      'MOBILINK_HEALTH_PORT',
      'MOBILINK_MAX_WORKERS',
      'MOBILINK_STREAMS.1.port',
      'MOBILINK_STREAMS.1.protocol',
      'MOBILINK_UPLOAD_WORKERS',
    ]);
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    [
      'an engine that nobody can ask',
      database({ engine: 'db2', dsn }),
      /^MOBILINK_DATABASE\.engine: must be mysql or sql-server or oracle or sql-anywhere, got "db2"/,
    ],
    [
      'a database in clear text',
      { MOBILINK_DATABASE: 'SERVER=db;PWD=x' },
      /^MOBILINK_DATABASE: must be JSON like .*, got something else\. Fix/,
    ],
    [
      'a data source without its server',
      database({ engine: 'mysql', dsn: { DATABASE: 'a' } }),
      /must have SERVER in dsn, got \["DATABASE"\]/,
    ],
    [
      'a pair without its hosts',
      database({ engine: 'sql-anywhere', dsn: { SERVER: 'a', DBN: 'b' } }),
      /must have HOST in dsn/,
    ],
    [
      'a password in the data source',
      database({ engine: 'mysql', dsn: { ...dsn, Pwd: 'geheim' } }),
      /^MOBILINK_DATABASE\.dsn\.Pwd: must not name login or driver/,
    ],
    [
      'a number in the data source',
      database({ engine: 'mysql', dsn: { ...dsn, PORT: 3306 } }),
      /^MOBILINK_DATABASE\.dsn\.PORT: must be text/,
    ],
    [
      'a line break in the data source',
      database({ engine: 'mysql', dsn: { ...dsn, X: 'a\nPWD=b' } }),
      /dsn\.X: must not hold what odbc\.ini cannot carry: a line break/,
    ],
    [
      'a key twice',
      database({ engine: 'mysql', dsn: { ...dsn, server: 'b' } }),
      /must name each key once.*\["SERVER"\]/,
    ],
    [
      'a key with a line break',
      database({ engine: 'mysql', dsn: { ...dsn, 'A\nB': 'b' } }),
      /letters, digits and underscores/,
    ],
    [
      'an unknown word for TLS',
      database({ engine: 'mysql', dsn: { ...dsn, SSLMODE: 'YES' } }),
      /^MOBILINK_DATABASE\.dsn: SSLMODE must be one of/,
    ],
    [
      'encryption that the driver may drop',
      database({ engine: 'mysql', dsn: { ...dsn, SSLMODE: 'required' } }),
      /SSLMODE=REQUIRED must not be asked of MariaDB/,
    ],
    [
      'a name instead of an ARN',
      { MOBILINK_LOGIN_SECRET_ARN: 'consolidated/login' },
      /^MOBILINK_LOGIN_SECRET_ARN: must be the ARN of a secret, got "consolidated/,
    ],
    ['no stream', streams(), /^MOBILINK_STREAMS: must hold a stream/],
    [
      'a port for root',
      streams({ protocol: 'tcpip', port: 443 }),
      /^MOBILINK_STREAMS\.0\.port: .* 1024 to 65535.*got 443/,
    ],
    ['a port in quotes', streams({ protocol: 'tcpip', port: '2439' }), /^MOBILINK_STREAMS\.0\.port: must be a number/],
    [
      'one port twice',
      streams({ protocol: 'tcpip', port: 2439 }, { protocol: 'http', port: 2439 }),
      /must be on different ports, got \[2439,2439\]/,
    ],
    [
      'TLS without identity',
      streams({ protocol: 'https', port: 8443 }),
      /^MOBILINK_STREAMS\.0: needs identitySecretArn, got "https"/,
    ],
    [
      'an identity without TLS',
      streams({ protocol: 'http', port: 8080, identitySecretArn: IDENTITY_ARN }),
      /must have no identitySecretArn, got "http"/,
    ],
    [
      'the password of no identity',
      streams({ protocol: 'http', port: 8080, identityPasswordSecretArn: IDENTITY_ARN }),
      /no identityPasswordSecretArn without an identity/,
    ],
    [
      'a health port of a stream',
      { MOBILINK_HEALTH_PORT: '2439' },
      /^MOBILINK_HEALTH_PORT: must not be the port of a stream, got 2439/,
    ],
    [
      'half a worker',
      { MOBILINK_WORKERS: '2.5' },
      /^MOBILINK_WORKERS: must be a whole number from 1 to 1000, got "2\.5"/,
    ],
    ['no worker', { MOBILINK_WORKERS: '0' }, /^MOBILINK_WORKERS: must be a whole number from 1/],
    [
      'fewer workers at most than always',
      { MOBILINK_MAX_WORKERS: '4' },
      /^MOBILINK_MAX_WORKERS: must be at least MOBILINK_WORKERS, 5, got 4/,
    ],
    [
      'more upload workers than workers',
      { MOBILINK_UPLOAD_WORKERS: '6' },
      /^MOBILINK_UPLOAD_WORKERS: must be at most MOBILINK_WORKERS, 5, got 6/,
    ],
    [
      'too few connections',
      { MOBILINK_MAX_CONNECTIONS: '10' },
      /^MOBILINK_MAX_CONNECTIONS: must be above MOBILINK_MAX_WORKERS, 10, got 10/,
    ],
    ['a short sync', { MOBILINK_LONGEST_SYNC_SECONDS: '60' }, /from 120 to 3600, got "60"/],
    [
      'ignored clients behind the load balancer',
      { MOBILINK_IGNORED_CLIENTS: '["10.0.0.1"]' },
      /^MOBILINK_IGNORED_CLIENTS: must be empty unless MOBILINK_CLIENT_IP_PRESERVED is yes/,
    ],
    [
      'a name to ignore',
      { MOBILINK_IGNORED_CLIENTS: '["host;port=1"]', MOBILINK_CLIENT_IP_PRESERVED: 'yes' },
      /^MOBILINK_IGNORED_CLIENTS\.0: must be an IP address/,
    ],
    ['another word for yes', { MOBILINK_CLIENT_IP_PRESERVED: 'true' }, /must be yes or no, got "true"/],
    [
      'row contents without anything',
      { MOBILINK_VERBOSITY: 'mnr' },
      /^MOBILINK_VERBOSITY: needs MOBILINK_VERBOSITY_UNTIL and MOBILINK_VERBOSITY_REASON/,
    ],
    [
      'everything without an end',
      { MOBILINK_VERBOSITY: '+', MOBILINK_VERBOSITY_REASON: 'a' },
      /^MOBILINK_VERBOSITY: needs/,
    ],
    [
      'uploaded rows without a reason',
      { MOBILINK_VERBOSITY: 'i', MOBILINK_VERBOSITY_UNTIL: '2026-11-24T18:00:00Z' },
      /^MOBILINK_VERBOSITY: needs/,
    ],
    ['downloaded rows', { MOBILINK_VERBOSITY: 'q' }, /^MOBILINK_VERBOSITY: needs/],
    ['the noise of probes', { MOBILINK_VERBOSITY: 'f' }, /^MOBILINK_VERBOSITY: needs/],
    ['an option among the letters', { MOBILINK_VERBOSITY: 'm -ud' }, /^MOBILINK_VERBOSITY: must be letters of -v/],
    [
      'an instant without offset',
      { MOBILINK_VERBOSITY_UNTIL: '2026-11-24T18:00:00' },
      /must be an instant with its offset/,
    ],
    ['a day that is none', { MOBILINK_VERBOSITY_UNTIL: '2026-13-24T18:00:00Z' }, /must be an instant with its offset/],
    ['no farm', { MOBILINK_METRICS: '{"namespace":"a"}' }, /^MOBILINK_METRICS\.farm: /],
    ['a pattern that is none', metrics({ pattern: '(' }), /^MOBILINK_METRICS\.pattern: must be a regular expression: /],
    ['a pattern without its groups', metrics({ pattern: '(?<name>.*)' }), /it has no group \(\?<value>\.\.\.\)/],
    ['a name with a blank', metrics({ names: ['A B'] }), /^MOBILINK_METRICS\.names\.0: /],
    ['a task name of words', { MOBILINK_TASK_NAME: 'a b' }, /^MOBILINK_TASK_NAME: must be 1 to 40 letters/],
    ['a relative folder', { SATMP: 'scratch' }, /^SATMP: must be an absolute path/],
    [
      'a folder that ends the option',
      { SATMP: '/scratch;port=1' },
      /^SATMP: must be an absolute path of plain characters/,
    ],
    ['an empty variable', { MOBILINK_UPLOAD_WORKERS: '' }, /^MOBILINK_UPLOAD_WORKERS: must be a whole number/],
    [
      'two options in one text',
      extra('-zf -ud'),
      /^MOBILINK_EXTRA_ARGUMENTS\.0: cannot be passed on: it holds more than one argument/,
    ],
    ['a number as argument', extra('-r', 5), /^MOBILINK_EXTRA_ARGUMENTS\.1: must be text/],
  ])('refuses %s', (_, more, message) => {
    const problems = problemsOf(more);
    expect(problems.filter((it) => message.test(it))).toHaveLength(1);
    for (const problem of problems) expect(problem).toMatch(/Fix: \S/);
  });

  it('never repeats what may be a secret', () => {
    const texts = [
      problemsOf(database({ engine: 'mysql', dsn: { ...dsn, PWD: 'geheim' } })),
      problemsOf(database({ engine: 'mysql', dsn: { ...dsn, X: 'geheim\n' } })),
      problemsOf({ MOBILINK_DATABASE: 'PWD=geheim' }),
    ];
    for (const problems of texts) {
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.join()).not.toContain('geheim');
    }
  });

  it('misses a driver, certificates or a folder that the image does not have', () => {
    const without = { ...MACHINE, isFile: () => false, isWritableFolder: () => false };
    const tls = database({ engine: 'mysql', dsn: { ...dsn, SSLMODE: 'VERIFY_IDENTITY' } });
    expect(problemsOf(tls, without).map((it) => it.split(', got')[0])).toEqual([
      'SATMP: must be a folder that can be written',
      'MOBILINK_ODBC_DRIVER: the driver of the engine mysql must be in the image',
      "MOBILINK_CA_BUNDLE: must be a file, for the server's certificate is checked against it",
    ]);
    expect(problemsOf({}, { ...MACHINE, isFile: (path) => path.endsWith('.so') })).toEqual([]);
  });

  it('looks at the machine itself unless told otherwise', () => {
    const { path, remove } = temporaryFolder();
    try {
      expect(parseConfiguration(environment({ SATMP: path })).scratch).toBe(path);
      const nowhere = environment({ SATMP: `${path}/nowhere`, MOBILINK_ODBC_DRIVER: `${path}/none.so` });
      expect(() => parseConfiguration(nowhere)).toThrow(
        /SATMP: must be a folder[\s\S]*MOBILINK_ODBC_DRIVER: the driver/,
      );
    } finally {
      remove();
    }
  });

  it('parses whatever it gets, or throws all problems', () => {
    const names = Object.keys(environment());
    fc.assert(
      fc.property(
        fc.subarray(names),
        fc.array(fc.oneof(fc.string(), fc.json()), { minLength: 10, maxLength: 10 }),
        (wrong, values) => {
          const more = Object.fromEntries(wrong.map((name, index) => [name, values[index] ?? '']));
          for (const problem of problemsOf(more)) expect(problem).toMatch(/^(MOBILINK_|SATMP)[\s\S]*Fix: /);
        },
      ),
    );
  });
});

describe('an extra argument', () => {
  it.each([
    '-ud',
    '-UD',
    ' -ud',
    '-os',
    '-os10m',
    '-os 10m',
    '-notifier',
    '-ca',
    '-ca host',
    '-ca=host',
    '-lsc',
    '-c',
    '-c "a"',
    '-cDSN=x',
    '-c DSN=x',
    '-x',
    '-xtcpip',
    '-x tcpip(port=1)',
    '-zs',
    '-zsname',
    '-w',
    '-w5',
    '-w 5',
    '-wm',
    '-wm9',
    '-wu',
    '-wu3',
    '-cn',
    '-cn21',
    '-sm',
    '-nc',
    '-tx',
    '-ppv',
    '-ppv60',
    '-v',
    '-v+',
    '-vmn',
    '-vr',
    '@options',
    ' @options',
    '',
    ' ',
    '# -ud',
    '-o a\n-ud',
    '-o "a" -ud',
    '-zf -v+',
    '-o\u0000',
  ])('is refused if it is %j', (argument) => {
    expect(refusalOf(argument)).toBeDefined();
  });

  it.each([
    '-zf',
    '-zp',
    '-zu+',
    '-zus',
    '-zw',
    '-zwd',
    '-ct',
    '-ct10',
    '-cr',
    '-cr 5',
    '-cm',
    '-cinit',
    '-cmax',
    '-r',
    '-rd',
    '-o',
    '-on',
    '-on10m',
    '-oserver.log',
    '-ot',
    '-ds',
    '-dsd',
    '-esu',
    '-sl',
    '-s',
    '-nba',
    '-t',
    '/scratch/a log',
    '5',
    'host:80',
    '10m',
  ])('passes if it is %j', (argument) => {
    expect(refusalOf(argument)).toBeUndefined();
  });

  it('is refused whenever the farm refuses it at synth', () => {
    const scope = new Stack(new App());
    const options = [
      '-ud',
      '-os',
      '-notifier',
      '-ca',
      '-lsc',
      '-c',
      '-x',
      '-zs',
      '-w',
      '-wm',
      '-cn',
      '@',
      '-o',
      '-zf',
      '-cr',
      '-v',
    ];
    const argument = fc.tuple(
      fc.constantFrom('', ' '),
      fc.constantFrom(...options),
      fc.constantFrom('', ' ', '=', '5', '10m', 'tcpip', 'DSN=a', 'name', '-a', '"a"'),
    );
    fc.assert(
      fc.property(argument, (parts) => {
        const problems = new Problems(scope);
        validateExtraArguments(problems, [parts.join('')]);
        return problems.messages().length === 0 || refusalOf(parts.join('')) !== undefined;
      }),
      { numRuns: 1_000 },
    );
  });
});
