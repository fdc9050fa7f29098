import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeOutput } from '../../image/supervisor/engines/engine';
import { mysql } from '../../image/supervisor/engines/mysql';
import { oracle } from '../../image/supervisor/engines/oracle';
import { sqlAnywhere } from '../../image/supervisor/engines/sql-anywhere';
import { sqlServer } from '../../image/supervisor/engines/sql-server';

const said = (stdout: string, more: Partial<ProbeOutput> = {}): ProbeOutput => ({
  exitCode: 0,
  stdout,
  stderr: '',
  ...more,
});

/** Every answer that means "serving", and no other one does. */
const SERVING = {
  mysql: ['innodb_read_only|OFF\nread_only|OFF\n', 'innodb_read_only|OFF\nread_only|OFF\nsuper_read_only|OFF\n'],
  'sql-anywhere': ['readonly=off;role=primary\n', 'readonly=off;role=none\n'],
  'sql-server': ['updateability=read_write\n', 'updateability=read_write\r\n', 'updateability=read_write'],
  oracle: ['role=primary\n', 'role=primary'],
};

describe('the judgement of MySQL', () => {
  it.each(SERVING.mysql)('is serving for %j', (stdout) => {
    expect(mysql.judge(said(stdout))).toEqual({ kind: 'serving' });
    expect(mysql.judge(said(stdout, { stderr: 'a' })).kind).toBe('unreachable');
    expect(mysql.judge(said(stdout, { exitCode: 1 })).kind).toBe('unreachable');
    expect(mysql.judge(said(stdout, { exitCode: null })).kind).toBe('unreachable');
  });

  it.each([
    ['innodb_read_only|OFF\nread_only|ON\n', 'read_only is ON'],
    ['innodb_read_only|ON\nread_only|OFF\n', 'innodb_read_only is ON'],
    ['innodb_read_only|OFF\nread_only|ON\nsuper_read_only|ON\n', 'read_only is ON, super_read_only is ON'],
    ['innodb_read_only|OFF\nread_only|OFF\nsuper_read_only|ON\n', 'super_read_only is ON'],
    ['innodb_read_only|OFF\nread_only|NO_LOCK\n', 'read_only is NO_LOCK'],
  ])('is that it is no primary for %j', (stdout, detail) => {
    expect(mysql.judge(said(stdout))).toEqual({ kind: 'not-primary', detail });
  });

  it.each([
    '',
    '\n',
    'read_only|OFF\n',
    'innodb_read_only|OFF\n',
    'super_read_only|OFF\n',
    'innodb_read_only|OFF\nread_only|OFF\nread_only|OFF\n',
    'innodb_read_only|OFF\nread_only|OFF\nread_only|ON\n',
    'innodb_read_only|OFF\nread_only|OFF\nother|OFF\n',
    'innodb_read_only|OFF\nread_only|OFF|OFF\n',
    'innodb_read_only|OFF\n read_only|OFF\n',
    'innodb_read_only|OFF\nread_only|0\n',
    'innodb_read_only|OFF\nread_only|\n',
    "[S1000][ma-3.1.15]Unknown system variable 'a'\n",
  ])('is nothing for %j', (stdout) => {
    expect(mysql.judge(said(stdout))).toEqual({ kind: 'unreachable' });
  });

  it('is a failed login only where the state says so', () => {
    const failed = (stdout: string) =>
      mysql.judge(said(stdout, { exitCode: 1, stderr: '[ISQL]ERROR: Could not SQLDriverConnect\n' })).kind;
    expect(failed("[28000][ma-3.1.15]Access denied for user 'ml'@'10.0.0.1' (using password: YES)\n")).toBe(
      'login-failed',
    );
    expect(failed("[28000][unixODBC][MySQL][ODBC 9.1(w) Driver]Access denied for user 'ml'@'10.0.0.1'\n")).toBe(
      'login-failed',
    );
    expect(failed("[S1000][ma-3.1.15]Can't connect to server on 'db' (115)\n")).toBe('unreachable');
    expect(failed("[S1000][ma-3.1.15]Can't connect to '[28000]'\n")).toBe('unreachable');
  });
});

describe('the judgement of SQL Anywhere', () => {
  it.each(SERVING['sql-anywhere'])('is serving for %j', (stdout) => {
    expect(sqlAnywhere.judge(said(stdout))).toEqual({ kind: 'serving' });
    expect(sqlAnywhere.judge(said(stdout, { stderr: 'a' })).kind).toBe('unreachable');
    expect(sqlAnywhere.judge(said(stdout, { exitCode: 1 })).kind).toBe('unreachable');
  });

  it.each([
    'readonly=on;role=mirror\n',
    'readonly=off;role=mirror\n',
    'readonly=on;role=primary\n',
    'readonly=unknown;role=primary\n',
    'readonly=off;role=copy\n',
    'readonly=on;role=none\n',
  ])('is that it is no primary for %j', (stdout) => {
    expect(sqlAnywhere.judge(said(stdout)).kind).toBe('not-primary');
  });

  it.each([
    '',
    'readonly=off;role=\n',
    'readonly=off\n',
    'x readonly=off;role=primary\n',
    'readonly=off;role=primary x\n',
    'readonly=off;role=primary\n\n',
  ])('is nothing for %j', (stdout) => {
    expect(sqlAnywhere.judge(said(stdout))).toEqual({ kind: 'unreachable' });
  });

  it('is a failed login for what its driver may say', () => {
    const failed = (stdout: string) => sqlAnywhere.judge(said(stdout, { exitCode: 1 })).kind;
    expect(failed('[28000][SAP][ODBC Driver][SQL Anywhere]Invalid user ID or password\n')).toBe('login-failed');
    expect(failed('[08001][SAP][ODBC Driver][SQL Anywhere]Invalid user ID or password (-103)\n')).toBe('login-failed');
    expect(failed('[08001][SAP][ODBC Driver][SQL Anywhere]Database server not found (-100)\n')).toBe('unreachable');
  });
});

describe('the judgement of SQL Server', () => {
  it.each(SERVING['sql-server'])('is serving for %j', (stdout) => {
    expect(sqlServer.judge(said(stdout))).toEqual({ kind: 'serving' });
    expect(sqlServer.judge(said(stdout, { stderr: 'a' })).kind).toBe('unreachable');
    expect(sqlServer.judge(said(stdout, { exitCode: 1 })).kind).toBe('unreachable');
  });

  it.each([
    ['updateability=read_only\n', 'the database is read_only'],
    ['updateability=unknown\n', 'the database is unknown'],
  ])('is that it is no primary for %j', (stdout, detail) => {
    expect(sqlServer.judge(said(stdout))).toEqual({ kind: 'not-primary', detail });
  });

  it.each([
    '',
    'updateability=\n',
    'updateability=READ_WRITE\n',
    'updateability=read_write\n\n',
    'x\nupdateability=read_write\n',
  ])('is nothing for %j', (stdout) => {
    expect(sqlServer.judge(said(stdout))).toEqual({ kind: 'unreachable' });
  });

  it.each([
    ["Sqlcmd: Error: Microsoft ODBC Driver 18 for SQL Server : Login failed for user 'mobilink'..\n", 'login-failed'],
    ['Msg 18456, Level 14, State 1, Server db, Line 1\n', 'login-failed'],
    [
      'Sqlcmd: Error: ... : Cannot open database "mobilink" requested by the login. The login failed..\nSqlcmd: Error: ... : Login failed for user \'mobilink\'..\n',
      'unreachable',
    ],
    ['Sqlcmd: Error: Microsoft ODBC Driver 18 for SQL Server : Login timeout expired.\n', 'unreachable'],
    ['Sqlcmd: Error: ... : SSL Provider: [error:0A000086:SSL routines::certificate verify failed]\n', 'unreachable'],
  ])('of a failure: %j', (words, kind) => {
    expect(sqlServer.judge(said(words, { exitCode: 1 })).kind).toBe(kind);
    expect(sqlServer.judge(said('', { exitCode: 1, stderr: words })).kind).toBe(kind);
  });
});

describe('the judgement of Oracle', () => {
  it.each(SERVING.oracle)('is serving for %j', (stdout) => {
    expect(oracle.judge(said(stdout))).toEqual({ kind: 'serving' });
    expect(oracle.judge(said(stdout, { stderr: 'a' })).kind).toBe('unreachable');
  });

  it.each(['physical standby', 'logical standby', 'snapshot standby', 'unknown'])(
    'is that %s is no primary',
    (role) => {
      expect(oracle.judge(said(`role=${role}\n`))).toEqual({ kind: 'not-primary', detail: `the database is ${role}` });
    },
  );

  it.each(['', 'role=\n', 'role=PRIMARY\n', 'role=primary\n\n', '|role=primary|\n'])('is nothing for %j', (stdout) => {
    expect(oracle.judge(said(stdout))).toEqual({ kind: 'unreachable' });
  });

  it.each([
    ['[28000][SAP][ODBC Driver][Oracle]ORA-01017: invalid username/password; logon denied\n', 'login-failed'],
    ['[HY000][SAP][ODBC Driver][Oracle]ORA-01017: invalid username/password; logon denied\n', 'login-failed'],
    ['[HY000]ORA-28000: the account is locked\n', 'login-failed'],
    ['[HY000]ORA-12541: TNS:no listener\n', 'unreachable'],
    ['[HY000]ORA-12514: TNS:listener does not currently know of service requested\n', 'unreachable'],
    ['[HY000]ORA-01033: ORACLE initialization or shutdown in progress\n', 'unreachable'],
  ])('of a failure: %j', (words, kind) => {
    expect(oracle.judge(said(words, { exitCode: 1 })).kind).toBe(kind);
  });
});

describe.each([mysql, sqlServer, oracle, sqlAnywhere])('$name', (engine) => {
  const serving = SERVING[engine.name as keyof typeof SERVING];

  it('is asked by one statement on one line', () => {
    expect(engine.question).toMatch(/^(SET NOCOUNT ON; )?(SELECT|SHOW) [^;\n]*(;role=)?[^;\n]*$/);
  });

  it('is never serving by garbage', () => {
    const word = fc.constantFrom(
      'read_only',
      'innodb_read_only',
      'super_read_only',
      '|',
      'OFF',
      'ON',
      'off',
      'readonly=',
      'updateability=',
      'read_write',
      'role=',
      ';role=',
      'primary',
      'none',
      '\n',
      ' ',
      '\r',
      '\0',
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word).map((it) => it.join('')),
    );
    fc.assert(
      fc.property(garbage, garbage, fc.constantFrom(0, 1, null), (stdout, stderr, exitCode) => {
        const { kind } = engine.judge({ exitCode, stdout, stderr });
        if (kind === 'serving')
          expect({ exitCode, stderr, isKnown: serving.includes(stdout) }).toEqual({
            exitCode: 0,
            stderr: '',
            isKnown: true,
          });
      }),
      { numRuns: 3_000 },
    );
  });

  it('is not serving by an answer that was changed anywhere', () => {
    const change = fc.tuple(fc.constantFrom(...serving), fc.nat(), fc.nat({ max: 3 }), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(change, ([answer, at, gone, more]) => {
        const place = at % (answer.length + 1);
        const changed = answer.slice(0, place) + more + answer.slice(place + gone);
        // Blank lines are no part of an answer.
        const known = serving.map((it) => it.replace(/\n+/g, '\n').trim());
        if (!known.includes(changed.replace(/\n+/g, '\n').trim()))
          expect(engine.judge(said(changed)).kind).not.toBe('serving');
      }),
      { numRuns: 3_000 },
    );
  });
});
