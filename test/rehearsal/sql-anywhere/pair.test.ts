import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesOf } from '../../../rehearsal/sql-anywhere/site/host-processes';
import { type PairRole, ROLES } from '../../../rehearsal/sql-anywhere/site/network';
import { PairBirth, run } from '../../../rehearsal/sql-anywhere/site/pair-birth';
import { type HostVariants, until } from '../../../rehearsal/sql-anywhere/site/pair-host';
import { PairSite } from '../../../rehearsal/sql-anywhere/site/pair-site';

/** Real milliseconds for one second of a liveness time-out: 30 of them are long enough for a busy machine. */
const SECOND = 500;

/** Where a time-out has to expire. */
const SHORT = { second: 100 };

interface Pair {
  readonly site: PairSite;
  readonly birth: PairBirth;
}

/** Three hosts for one test, and nothing of them afterwards: neither complaint nor process nor file. */
async function onSite(variants: HostVariants, work: (pair: Pair) => Promise<void>, event?: string): Promise<void> {
  const site = await PairSite.open({ variants: { second: SECOND, ...variants } });
  const roots = site.hosts.map(({ root }) => root);
  let complaints: string[];
  try {
    await work({ site, birth: new PairBirth(site, 30, event) });
  } finally {
    complaints = site.hosts.flatMap((host) => host.complaints.map((line) => `${host.role}: ${line}`));
    await site.remove();
  }
  expect(complaints).toEqual([]);
  expect(roots.flatMap(processesOf)).toEqual([]);
  expect(roots.filter((root) => existsSync(root))).toEqual([]);
}

/** With a pair that is synchronized, `first` being the primary. */
function withPair(variants: HostVariants, work: (pair: Pair) => Promise<void>, event?: string): Promise<void> {
  const afterBirth = async (pair: Pair) => {
    await pair.birth.all();
    await untilRole(pair, 'first', /role=primary;state=synchronized;partner=connected;arbiter=connected/);
    await work(pair);
  };
  return onSite(variants, afterBirth, event);
}

function untilRole({ site }: Pair, role: PairRole, pattern: RegExp): Promise<void> {
  return until(async () => pattern.test((await site.askRole(role)) ?? ''), `${role} to say ${pattern}`);
}

async function insert({ birth }: Pair, role: PairRole, value: string): Promise<boolean> {
  try {
    const client = await birth.connect(role);
    await run(client, `INSERT INTO "probe" VALUES ('${value}')`);
    client.close();
    return true;
  } catch {
    return false;
  }
}

async function probes({ birth }: Pair, role: PairRole): Promise<(string | null | undefined)[]> {
  const client = await birth.connect(role);
  const rows = await run(client, 'SELECT * FROM "probe"');
  client.close();
  return rows.map(([value]) => value);
}

function stateOf({ site }: Pair, role: PairRole): string {
  const { server } = site.host(role);
  return readFileSync(site.host(role).file(`/var/lib/mobilink-ha/state/${server}.state`), 'utf8');
}

describe.concurrent('a stand-in pair', () => {
  it('is born: the server on which mirroring is defined is the first primary, the copy becomes its mirror', () =>
    withPair({}, async (pair) => {
      expect(await pair.site.askRole('first')).toMatch(
        /^server=consolidated_first;role=primary;state=synchronized;partner=connected;arbiter=connected;mode=synchronous;clock=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/,
      );
      await untilRole(pair, 'second', /^server=consolidated_second;role=mirror;/);
      expect(await insert(pair, 'first', 'one')).toBe(true);
      expect(await probes(pair, 'second')).toEqual(['one']);
      expect(await insert(pair, 'second', 'two')).toBe(false);
      const state = '[consolidated]\nOwner=consolidated_first\nState=synchronized\nMode=synchronous\nSequence=1\n';
      for (const role of ROLES) await until(() => stateOf(pair, role) === state, `the state file of ${role}`);
    }));

  it.each([{}, { mirror_http: 'no', words: 'UPPER', state_file: 'after' }, { mirror_state: 'null', words: 'lower' }])(
    'fails over when the primary is killed, and takes it back as mirror (%j)',
    (variants) =>
      withPair(variants, async (pair) => {
        expect(await insert(pair, 'first', 'before')).toBe(true);
        pair.site.kill('first');
        await untilRole(pair, 'second', /role=primary;state=synchronizing;partner=disconnected;arbiter=connected/);
        expect(await insert(pair, 'second', 'after')).toBe(true);
        await pair.birth.start('first');
        await untilRole(pair, 'second', /role=primary;state=synchronized/);
        await until(async () => (await probes(pair, 'first').catch(() => [])).length === 2, 'the mirror to have both');
        expect(await probes(pair, 'first')).toEqual(['before', 'after']);
        expect(await insert(pair, 'first', 'on the mirror')).toBe(false);
        await until(() => stateOf(pair, 'first') === stateOf(pair, 'second'), 'the state file to follow');
        expect(stateOf(pair, 'first')).toContain('Owner=consolidated_second\nState=synchronized\n');
      }),
  );

  it.each(['reset', 'hole'] as const)('goes on when one link is cut (%s)', (how) =>
    withPair(how === 'hole' ? SHORT : {}, async (pair) => {
      for (const [one, other, line] of [
        ['first', 'second', /role=primary;state=synchronizing;partner=disconnected;arbiter=connected/],
        ['first', 'arbiter', /role=primary;state=synchronized;partner=connected;arbiter=disconnected/],
        ['second', 'arbiter', /role=primary;state=synchronized;partner=connected;arbiter=connected/],
      ] as const) {
        pair.site.cut(one, other, how);
        await untilRole(pair, 'first', line);
        expect(await insert(pair, 'first', `without ${one} to ${other}`)).toBe(true);
        pair.site.restore(one, other);
        await untilRole(pair, 'first', /role=primary;state=synchronized;partner=connected;arbiter=connected/);
      }
      expect(await probes(pair, 'second')).toHaveLength(3);
      expect(stateOf(pair, 'arbiter')).toContain('Owner=consolidated_first\n');
    }),
  );

  it.each(['reset', 'hole'] as const)('leaves a primary that is cut off (%s) without a word of its own', (how) =>
    withPair(how === 'hole' ? SHORT : {}, async (pair) => {
      const client = await pair.birth.connect('first');
      pair.site.cut('first', 'second', how);
      pair.site.cut('first', 'arbiter', how);
      // Its connection breaks when its database restarts: it never hears that the row is in.
      await expect(run(client, `INSERT INTO "probe" VALUES ('lost')`)).rejects.toThrow('terminated');
      await untilRole(pair, 'second', /role=primary/);
      expect(await pair.site.askRole('first')).toBeUndefined();
      expect(await insert(pair, 'second', 'kept')).toBe(true);
      pair.site.restoreAll();
      await untilRole(pair, 'first', /role=mirror/);
      await until(async () => (await probes(pair, 'first')).includes('kept'), 'the mirror to have it');
      expect(await probes(pair, 'first')).toEqual(['kept']);
      expect(await probes(pair, 'second')).toEqual(['kept']);
    }),
  );

  it('shows two primaries for a while, of which one acknowledges', () =>
    withPair({ ...SHORT, old_primary: 'lingers' }, async (pair) => {
      const client = await pair.birth.connect('first');
      pair.site.cut('first', 'second', 'reset');
      pair.site.cut('first', 'arbiter', 'reset');
      const blocked = run(client, `INSERT INTO "probe" VALUES ('lost')`).catch(() => 'refused');
      await untilRole(pair, 'second', /role=primary/);
      expect(await pair.site.askRole('first')).toMatch(/role=primary;.*partner=disconnected;arbiter=disconnected/);
      expect(await insert(pair, 'second', 'kept')).toBe(true);
      expect(await blocked).toBe('refused');
      pair.site.restoreAll();
      await untilRole(pair, 'first', /role=mirror/);
      expect(await probes(pair, 'second')).toEqual(['kept']);
    }));

  it.each([
    ['refused', undefined],
    ['503', 503],
    ['hang', undefined],
  ] as const)('waits for quorum when both others are gone, and its role service is silent (%s)', (how, status) =>
    withPair({ waiting_http: how }, async (pair) => {
      pair.site.kill('second');
      await untilRole(pair, 'first', /partner=disconnected/);
      pair.site.kill('arbiter');
      await until(
        async () => (await pair.birth.connect('first').catch(() => undefined)) === undefined,
        'no connection',
      );
      const { address, rolePort } = pair.site.seenFrom('client', 'first');
      const answer = await fetch(`http://${address}:${rolePort}/mobilink_ha_role`, {
        signal: AbortSignal.timeout(300),
      }).catch(() => undefined);
      expect(answer?.status).toBe(status);
      await pair.birth.start('arbiter');
      await untilRole(pair, 'first', /role=primary;.*partner=disconnected;arbiter=connected/);
      expect(await insert(pair, 'first', 'again')).toBe(true);
    }),
  );

  it('needs both partners at the very first start, whatever the arbiter says', () =>
    withPair({}, async (pair) => {
      const { site, birth } = pair;
      expect(await insert(pair, 'first', 'old')).toBe(true);
      await until(async () => (await probes(pair, 'second')).length === 1, 'the mirror to have it');
      for (const host of site.hosts) {
        site.kill(host.role);
        rmSync(host.file(`/var/lib/mobilink-ha/state/${host.server}.state`));
      }
      await birth.start('arbiter');
      await birth.start('second');
      await until(
        () => /(consolidated_second is connected.*){2}/s.test(logOf(pair, 'arbiter')),
        'the arbiter to know it',
      );
      await expect(birth.connect('second')).rejects.toThrow('not accessible');
      await birth.start('first');
      await untilRole(pair, 'first', /role=primary;state=synchronized/);
      expect(await probes(pair, 'second')).toEqual(['old']);
    }));

  it('changes its roles when a person says so, and only then', () =>
    withPair({}, async (pair) => {
      const client = await pair.birth.connect('first');
      await expect(run(client, 'ALTER DATABASE "other" SET PARTNER FAILOVER')).rejects.toThrow('name');
      await expect(run(client, 'ALTER DATABASE "consolidated" SET PARTNER FAILOVER')).rejects.toThrow('terminated');
      await untilRole(pair, 'second', /role=primary;state=synchronized/);
      await untilRole(pair, 'first', /role=mirror/);
      const other = await pair.birth.connect('first');
      await expect(run(other, 'ALTER DATABASE "consolidated" SET PARTNER FAILOVER')).rejects.toThrow('not the primary');
      other.close();
    }));

  it('loses nothing when the power of all three fails', () =>
    withPair({}, async (pair) => {
      for (const value of ['one', 'two', 'three']) expect(await insert(pair, 'first', value)).toBe(true);
      for (const role of ROLES) pair.site.kill(role);
      for (const role of ROLES) await pair.birth.start(role);
      await until(async () => {
        const lines = await Promise.all([pair.site.askRole('first'), pair.site.askRole('second')]);
        return lines.filter((line) => /role=primary;state=synchronized/.test(line ?? '')).length === 1;
      }, 'one primary');
      await until(async () => (await probes(pair, 'first').catch(() => [])).length === 3, 'the values');
      expect(await probes(pair, 'first')).toEqual(['one', 'two', 'three']);
      expect(await probes(pair, 'second')).toEqual(['one', 'two', 'three']);
    }));

  it('tells of a failover by its event, once for each that took the role', () =>
    withPair(
      {},
      async (pair) => {
        pair.site.kill('first');
        await untilRole(pair, 'second', /role=primary/);
        const told = pair.site.host('second').file('/told');
        await until(() => existsSync(told) && readFileSync(told, 'utf8') !== '', 'the event');
        expect(readFileSync(told, 'utf8')).toBe(`${pair.site.host('second').root}\n`);
        // When the first primary took the role the event was not there yet.
        expect(existsSync(pair.site.host('first').file('/told'))).toBe(false);
      },
      'echo "$MOBILINK_HA_ROOT" >>"$MOBILINK_HA_ROOT/told"',
    ));

  it('renames its log on both sides, and a mirror keeps no log that its primary has not', () =>
    withPair({}, async (pair) => {
      const { site, birth } = pair;
      const connection = `SERVER=consolidated_first;DBN=consolidated;HOST=127.0.0.1:2638;UID=${birth.user};PWD=${birth.password}`;
      const rename = async (value: string) => {
        expect(await insert(pair, 'first', value)).toBe(true);
        const end = await site
          .host('first')
          .run('dbbackup', '-y', '-t', '-r', '-c', connection, site.host('first').file('/tmp'));
        expect(end).toMatchObject({ code: 0 });
      };
      const offline = (role: PairRole) =>
        readdirSync(path.dirname(birth.databaseFile(role))).filter((name) => /^\d{6}[A-Z]{2}\.LOG$/.test(name));
      await rename('one');
      await rename('two');
      await until(() => offline('second').length === 2, 'two logs on the mirror');
      expect(offline('first')).toEqual(offline('second'));
      const [oldest = ''] = offline('first');
      rmSync(path.join(path.dirname(birth.databaseFile('first')), oldest));
      await rename('three');
      await until(() => offline('second').length === 2 && !offline('second').includes(oldest), 'the mirror to follow');
      // Both read all of it again.
      for (const role of ['first', 'second'] as const) {
        site.kill(role);
        await birth.start(role);
        await untilRole(pair, role, /partner=connected/);
        expect(await probes(pair, role)).toEqual(['one', 'two', 'three']);
      }
    }));

  it('ends the database of a mirror whose next log was deleted on the primary', () =>
    withPair({}, async (pair) => {
      const { site, birth } = pair;
      site.kill('second');
      await untilRole(pair, 'first', /partner=disconnected/);
      expect(await insert(pair, 'first', 'while it was away')).toBe(true);
      const connection = `SERVER=consolidated_first;DBN=consolidated;HOST=127.0.0.1:2638;UID=${birth.user};PWD=${birth.password}`;
      await site.host('first').run('dbbackup', '-y', '-t', '-r', '-c', connection, site.host('first').file('/tmp'));
      const folder = path.dirname(birth.databaseFile('first'));
      for (const name of readdirSync(folder).filter((it) => it.endsWith('.LOG'))) rmSync(path.join(folder, name));
      const { ended } = await birth.start('second');
      expect((await ended).code).toBe(1);
      expect(logOf(pair, 'second')).toContain('incompatible');
      // A new copy is taken in again, once its old files and state are out of the way.
      rmSync(path.dirname(birth.databaseFile('second')), { recursive: true });
      rmSync(site.host('second').file('/var/lib/mobilink-ha/state/consolidated_second.state'));
      await birth.copy('first', 'second');
      await birth.start('second');
      await untilRole(pair, 'first', /state=synchronized/);
      expect(await probes(pair, 'second')).toEqual(['while it was away']);
    }));
});

function logOf({ site }: Pair, role: PairRole): string {
  const file = site.host(role).file(`/var/lib/mobilink-ha/${site.host(role).server}.txt`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
