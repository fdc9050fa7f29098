import { describe, expect, it } from 'vitest';
import { type MirrorDefinition, mirrorSql, serverNames, sqlFile } from '../../lib/sql-anywhere/mirror-sql';
import { parseStatement } from '../../rehearsal/sql-anywhere/sql/statement';

const definition: MirrorDefinition = {
  databaseName: 'consolidated',
  hosts: { first: 'first.x.internal', second: 'second.x.internal', arbiter: 'arbiter.x.internal' },
  port: 2638,
  livenessSeconds: 30,
  synchronizationMode: 'synchronous',
  autoFailover: false,
  stateFolder: '/var/lib/mobilink-ha/state',
  mobiLinkUser: 'mobilink',
};
const statements = mirrorSql(definition);
/** As the host fills secrets in. */
const filled = (statement: string) => statement.replace(/\{\{[A-Z_]+\}\}/, "it''s");

describe('the SQL of a mirror', () => {
  it('is understood by the stand-in of the server, word by word', () => {
    for (const statement of statements) expect(() => parseStatement(filled(statement)), statement).not.toThrow();
  });

  it('names two partners with state files, an arbiter, and both aliases', () => {
    expect(statements.slice(0, 5)).toEqual([
      `CREATE OR REPLACE MIRROR SERVER "consolidated_primary" AS PRIMARY connection_string='SERVER=consolidated_primary;HOST=first.x.internal:2638,second.x.internal:2638'`,
      `CREATE OR REPLACE MIRROR SERVER "consolidated_mirror" AS MIRROR connection_string='SERVER=consolidated_mirror;HOST=first.x.internal:2638,second.x.internal:2638'`,
      `CREATE OR REPLACE MIRROR SERVER "consolidated_first" AS PARTNER connection_string='SERVER=consolidated_first;HOST=first.x.internal:2638;LTO=30' state_file='/var/lib/mobilink-ha/state/consolidated_first.state'`,
      `CREATE OR REPLACE MIRROR SERVER "consolidated_second" AS PARTNER connection_string='SERVER=consolidated_second;HOST=second.x.internal:2638;LTO=30' state_file='/var/lib/mobilink-ha/state/consolidated_second.state'`,
      `CREATE OR REPLACE MIRROR SERVER "consolidated_arbiter" AS ARBITER connection_string='SERVER=consolidated_arbiter;HOST=arbiter.x.internal:2638;LTO=30'`,
    ]);
  });

  it('prefers no partner and is synchronous', () => {
    const text = statements.join('\n').toLowerCase();
    expect(text).not.toContain('preferred');
    expect(statements).toContain("SET MIRROR OPTION synchronization_mode='synchronous'");
    expect(text).not.toContain('auto_failover');
  });

  it('turns automatic failover on in asynchronous modes, where it is off by itself', () => {
    expect(mirrorSql({ ...definition, synchronizationMode: 'asynchronous', autoFailover: true })).toContain(
      "SET MIRROR OPTION auto_failover='on'",
    );
  });

  it('lets the first partner win when both are alike and no state file is there', () => {
    const { first, second } = serverNames('db');
    expect(first < second).toBe(true);
  });

  it('holds no secret but by its placeholder', () => {
    expect(statements.join('\n').match(/\{\{[A-Z_]+\}\}/g)).toEqual([
      '{{AUTHENTICATION_STRING}}',
      '{{MOBILINK_PASSWORD}}',
      '{{WATCH_PASSWORD}}',
    ]);
  });

  it('quotes a login with a hostile name', () => {
    const hostile = mirrorSql({ ...definition, mobiLinkUser: `x" IDENTIFIED BY 'y'; --` });
    expect(hostile).toContain(`GRANT ROLE SYS_AUTH_RESOURCE_ROLE TO "x"" IDENTIFIED BY 'y'; --"`);
    for (const statement of hostile) expect(() => parseStatement(filled(statement)), statement).not.toThrow();
  });

  it('is a file in which no statement spans two lines', () => {
    expect(
      sqlFile(statements)
        .split('\n')
        .filter((line) => line === 'go'),
    ).toHaveLength(statements.length);
  });
});
