import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConnectionString } from '../../../rehearsal/sql-anywhere/connection-string';
import { readStates, writeStates } from '../../../rehearsal/sql-anywhere/mirroring/state-file';
import { parseServerArguments } from '../../../rehearsal/sql-anywhere/server/command-line';
import { pairStatements } from '../../../rehearsal/sql-anywhere/site/pair-statements';
import type { Questions } from '../../../rehearsal/sql-anywhere/sql/expression';
import { parseBody } from '../../../rehearsal/sql-anywhere/sql/program';
import { hashOf, parseStatement } from '../../../rehearsal/sql-anywhere/sql/statement';

const QUESTIONS: Questions = {
  property: (name) => (name === 'Name' ? 'consolidated_first' : null),
  databaseProperty: (name) => (name === 'MirrorRole' ? 'Primary' : null),
  utc: () => new Date('2026-01-05T09:00:00.123Z'),
  user: () => 'dba',
};

function value(sql: string): string | null {
  const statement = parseStatement(sql);
  if (statement.kind !== 'select') throw new Error(`${sql} asks nothing`);
  return statement.expression(QUESTIONS);
}

const literal = (text: string) => `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
const name = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('the statements of the stand-in', () => {
  it('are those that define a pair', () => {
    const statements = pairStatements({
      database: 'consolidated',
      zone: 'mobilink-ha.internal',
      liveness: 30,
      authentication: 'secret',
      failoverCommand: '/bin/bash /opt/mobilink-ha/tell-failover.sh',
    });
    const changes = statements.map((statement) => parseStatement(statement));
    expect(changes.map((it) => it.kind)).toEqual(statements.map(() => 'change'));
    expect(changes[2]).toEqual({
      kind: 'change',
      change: {
        kind: 'mirror-server',
        name: 'consolidated_first',
        type: 'PARTNER',
        connectionString: 'SERVER=consolidated_first;HOST=first.mobilink-ha.internal:2638;LTO=30',
        stateFile: '/var/lib/mobilink-ha/state/consolidated_first.state',
      },
    });
    expect(changes.at(-1)).toMatchObject({ change: { command: '/bin/bash /opt/mobilink-ha/tell-failover.sh' } });
  });

  it.each([
    'DROP DATABASE "consolidated"',
    'CREATE MIRROR SERVER "a" AS PRIMARY connection_string=\'SERVER=a;HOST=h\'',
    'CREATE OR REPLACE MIRROR SERVER "a" AS PARTNER connection_string=\'SERVER=a;HOST=h\'',
    'CREATE OR REPLACE MIRROR SERVER "a" AS PRIMARY connection_string=\'SERVER=b;HOST=h\'',
    'CREATE OR REPLACE MIRROR SERVER "a" AS PRIMARY connection_string=\'SERVER=a;HOST=h;COLOUR=red\'',
    "CREATE OR REPLACE MIRROR SERVER a AS PRIMARY connection_string='SERVER=a;HOST=h'",
    "SET MIRROR OPTION authentication_string='{{AUTHENTICATION_STRING}}'",
    "SET MIRROR OPTION authentication_string=''",
    "SET MIRROR OPTION colour='red'",
    'GRANT CONNECT TO "mobilink"',
    "GRANT CONNECT TO \"mobilink\" IDENTIFIED BY 'one', 'two'",
    'ALTER DATABASE "consolidated" SET PARTNER FAILOVER NOW',
    "SELECT 'a' 'b'",
    "SELECT 'not closed",
    "SELECT 'a single \\n backslash'",
    'CREATE OR REPLACE EVENT "e" TYPE MirrorFailover HANDLER BEGIN CALL xp_cmdshell(\'x\'); END',
  ])('are not: %s', (statement) => {
    expect(() => parseStatement(statement)).toThrow();
  });

  it('take any name and any literal that is quoted', () => {
    const text = fc.string({ unit: 'binary-ascii', minLength: 1 }).filter((it) => !it.includes('{{'));
    fc.assert(
      fc.property(text, text, (user, password) => {
        expect(parseStatement(`GRANT CONNECT TO ${name(user)} IDENTIFIED BY ${literal(password)}`)).toEqual({
          kind: 'change',
          change: { kind: 'user', name: user, hash: hashOf(password) },
        });
        expect(value(`SELECT ${literal(password)} || ${literal(user)}`)).toBe(password + user);
      }),
    );
  });

  it('compute what the scripts ask', () => {
    expect(
      value(
        "SELECT 'mobilink-ha-role=' || COALESCE(DB_PROPERTY('MirrorRole'),'none') || ',read-only=' || COALESCE(DB_PROPERTY('ReadOnly'),'none') || ';'",
      ),
    ).toBe('mobilink-ha-role=Primary,read-only=none;');
    expect(value('SELECT CURRENT UTC TIMESTAMP')).toBe('2026-01-05 09:00:00.123');
    expect(value("SELECT DATEFORMAT(CURRENT UTC TIMESTAMP,'YYYY-MM-DD HH:NN:SS.SSS')")).toBe('2026-01-05 09:00:00.123');
    expect(value("SELECT STRING(LOWER('AB'), NULL, UPPER('c'))")).toBe('abC');
    expect(value("SELECT CAST(PROPERTY('Name') AS LONG VARCHAR)")).toBe('consolidated_first');
  });

  it('let a procedure set headers', () => {
    const { headers, line } = parseBody(
      "BEGIN CALL sa_set_http_header('@HttpStatus', '503'); SELECT LOWER(DB_PROPERTY('MirrorRole')) AS \"line\"; END",
    );
    expect(headers.map(([header, of]) => [header, of(QUESTIONS)])).toEqual([['@HttpStatus', '503']]);
    expect(line(QUESTIONS)).toBe('primary');
  });
});

describe('a state file', () => {
  it('reads what was written, for each database', () => {
    const state = fc.record({
      owner: fc.stringMatching(/^\w{1,9}$/),
      state: fc.constantFrom('synchronizing' as const, 'synchronized' as const),
      mode: fc.constantFrom('synchronous' as const, 'asynchronous' as const),
      sequence: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^\w{1,9}$/), state)), (entries) => {
        const states = new Map(entries);
        expect(readStates(writeStates(states))).toEqual(states);
      }),
    );
  });

  it.each(['garbage', '[a]\nOwner=b\n', '[a]\nOwner=b\nState=confused\nMode=synchronous\nSequence=1\n'])(
    'is not %j',
    (text) => {
      expect(() => readStates(text)).toThrow('not a state file');
    },
  );
});

describe('the command line of a server', () => {
  const PARTNER = ['-n', 'a', '-x', 'tcpip(port=2638;dobroad=no)', '-xs', 'http(port=8090)', '-su', 's', '/d/a.db'];
  const ARBITER = ['-n', 'a', '-x', 'tcpip(port=2638;dobroad=no)', '-su', 's', '-xf', '/s', '-xa', 'AUTH=x;DBN=d'];

  it('is that of a partner, or of an arbiter', () => {
    expect(parseServerArguments([...PARTNER, '-xp', 'on'])).toMatchObject({
      name: 'a',
      port: 2638,
      httpPort: 8090,
      database: { file: '/d/a.db', mirrored: true },
    });
    expect(parseServerArguments(ARBITER).arbiter?.authentications).toEqual(new Map([['d', 'x']]));
  });

  it.each([
    ['-xp before the file', ['-xp', 'on', ...PARTNER]],
    ['options after the file', [...PARTNER, '-o', 'log']],
    ['an unknown option', ['-unknown', 'x', ...PARTNER]],
    ['broadcasts', PARTNER.map((word) => word.replace(';dobroad=no', ''))],
    ['no name', PARTNER.slice(2)],
    ['one option twice', ['-n', 'b', ...PARTNER]],
    ['an arbiter with a database', [...ARBITER, '/d/a.db']],
    ['an arbiter without its secret', ARBITER.slice(0, -2)],
    ['lists of two lengths', [...ARBITER.slice(0, -1), 'AUTH=x,y;DBN=d']],
    ['nothing to do', PARTNER.slice(0, -1)],
  ])('is not: %s', (_, words) => {
    expect(() => parseServerArguments(words)).toThrow();
  });
});

describe('a connection string', () => {
  it('has known keys, each once, and no quotes', () => {
    expect(parseConnectionString('server=a;Host=b:1,c:2;UID=x;PWD=a=b')).toEqual({
      SERVER: 'a',
      HOST: 'b:1,c:2',
      UID: 'x',
      PWD: 'a=b',
    });
    for (const text of ['COLOUR=red', 'UID=a;uid=b', "PWD='x", 'LTO=soon']) {
      expect(() => parseConnectionString(text)).toThrow();
    }
  });
});
