import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ledger } from '../../image/supervisor/prepare/ledger';
import type { ClientSettings, SqlClient } from '../../image/supervisor/prepare/sql-client';
import { sqlcmdClient } from '../../image/supervisor/prepare/sqlcmd-client';
import { sqlplusClient } from '../../image/supervisor/prepare/sqlplus-client';

/*
 * Clients that cannot be had here: stand-ins note what they are told and say what the test wants. What SQL Server and Oracle make of the
 * statements is not seen (docs/sap-assumptions.md).
 */

const PASSWORD = 'p^a-s.s_1 &x';

/** Notes its words, its variables and the files that it is given, and answers with the file `answer`. */
const STAND_IN = `#!/bin/bash
here=\${0%/*}
printf '%s\\n' "$@" >"$here/words"
env >"$here/variables"
for word in "$@"; do case $word in @*) cp "\${word#@}" "$here/script"; stat -c %a "\${word#@}" >"$here/mode";; esac; done
while (($# > 1)); do [[ $1 == -i ]] && cp "$2" "$here/script"; shift; done
next=$(sed -n 's/^@\\(\\/.*\\)/\\1/p' "$here/script"); [[ -n $next ]] && cp "$next" "$here/inner"
cat "$here/answer"; exit "$(cat "$here/code")"
`;

async function site(program: string, create: (settings: ClientSettings) => Promise<SqlClient>, login = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const bin = path.join(folder, 'bin');
  const start = path.join(folder, 'start');
  for (const it of [bin, start]) mkdirSync(it);
  writeFileSync(path.join(bin, program), STAND_IN);
  chmodSync(path.join(bin, program), 0o755);
  const answer = (text: string, code = 0) => {
    writeFileSync(path.join(bin, 'answer'), text);
    writeFileSync(path.join(bin, 'code'), `${code}`);
  };
  answer('');
  const client = await create({
    dsn: {},
    certificates: '/certificates.pem',
    login: { username: 'mobilink', password: PASSWORD, ...login },
    folder: start,
    environment: { PATH: `${bin}:${process.env.PATH}` },
    installation: '/opt/sqlanywhere17',
  });
  const told = (name: string) => readFileSync(path.join(bin, name), 'utf8');
  const book = ledger({ client, folder: start, redact: (it) => it, signal: AbortSignal.timeout(20_000) });
  return { client, book, answer, told, left: () => readdirSync(start) };
}

const ANSWER = [
  'mobilink-ha-begin;',
  'mobilink-ha-object=ML_USER;',
  'mobilink-ha-object=ml_table  ;   ',
  'mobilink-ha-applied=set up;0123abc;',
  'mobilink-ha-end;',
  '',
].join('\r\n');

const INVENTORY = { objects: ['ML_USER', 'ml_table'], applied: new Map([['set up', '0123abc']]) };

describe('sqlcmd', () => {
  it('gets the login by variables, and ends at the first error', async () => {
    const { book, answer, told, left } = await site('sqlcmd', sqlcmdClient);
    answer(ANSWER);
    expect(await book.read()).toEqual(INVENTORY);
    expect(told('words')).not.toContain(PASSWORD);
    expect(told('words').split('\n')).toEqual(expect.arrayContaining(['-D', '-S', 'mobilink', '-b', '-x', '-I']));
    expect(told('variables')).toContain(`SQLCMDPASSWORD=${PASSWORD}\n`);
    expect(left()).toEqual([]);
  });

  it('changes the ledger in one transaction, and nothing without one', async () => {
    const { book, told } = await site('sqlcmd', sqlcmdClient);
    await book.put('set up', 'abc');
    expect(told('script').split('\nGO\n')).toEqual([
      'SET NOCOUNT ON',
      'SET XACT_ABORT ON',
      'BEGIN TRANSACTION',
      "DELETE FROM mobilink_ha_applied WHERE name = 'set up'",
      "INSERT INTO mobilink_ha_applied (name, sha256) VALUES ('set up', 'abc')",
      'COMMIT',
      '',
    ]);
    await book.fit();
    expect(told('script')).toContain('SET ALLOW_SNAPSHOT_ISOLATION ON\nGO\n');
    expect(told('script')).not.toContain('TRANSACTION');
    await book.create();
    expect(told('script')).toContain("IF OBJECT_ID('mobilink_ha_applied') IS NULL CREATE TABLE mobilink_ha_applied (");
  });

  it('tells the error without the rows before it', async () => {
    const { book, answer } = await site('sqlcmd', sqlcmdClient);
    answer('a customer’s row\nMsg 208, Level 16, State 1, Server db, Line 1\nInvalid object name.\n', 1);
    const error = await book.create().catch((it: Error) => it.message);
    expect(error).toMatch(/Msg 208.*Invalid object name/);
    expect(error).not.toContain('customer');
  });
});

describe('sqlplus', () => {
  it('gets the login in a file that nobody else reads, and that is gone afterwards', async () => {
    const { book, answer, told, left } = await site('sqlplus', sqlplusClient);
    answer(ANSWER);
    expect(await book.read()).toEqual(INVENTORY);
    expect(told('words')).toMatch(/^-S\n-L\n-NOLOGINTIME\n\/nolog\n@\S+\n$/);
    expect(told('variables')).not.toContain(PASSWORD);
    expect(told('mode')).toBe('600\n');
    expect(told('script').split('\n').slice(0, 3)).toEqual([
      'WHENEVER OSERROR EXIT FAILURE ROLLBACK',
      'WHENEVER SQLERROR EXIT FAILURE ROLLBACK',
      `CONNECT mobilink/"${PASSWORD}"@mobilink`,
    ]);
    expect(told('inner')).toContain("SELECT 'mobilink-ha-begin;' FROM DUAL\n/\n");
    expect(left()).toEqual([]);
  });

  it('makes the table in a block that takes "there already" for done', async () => {
    const { book, told } = await site('sqlplus', sqlplusClient);
    await book.create();
    expect(told('inner')).toMatch(
      /^BEGIN EXECUTE IMMEDIATE 'CREATE TABLE mobilink_ha_applied \([^']*\)'; EXCEPTION.*-955.*END;\n\/\nCOMMIT\n\/\n$/,
    );
  });

  it.each([
    [{ password: 'a"b' }, /password of the login/],
    [{ password: 'a\nb' }, /password of the login/],
    [{ username: 'a b' }, /username of the login/],
    [{ username: 'a"/"b@c' }, /username of the login/],
  ])('refuses %j', async (login, message) => {
    await expect(site('sqlplus', sqlplusClient, login)).rejects.toThrow(message);
  });

  it('tells the error', async () => {
    const { book, answer } = await site('sqlplus', sqlplusClient);
    answer('a row\nERROR at line 1:\nORA-01031: insufficient privileges\n', 1);
    const error = await book.create().catch((it: Error) => it.message);
    expect(error).toMatch(/ORA-01031/);
    expect(error).not.toContain('a row');
  });
});
