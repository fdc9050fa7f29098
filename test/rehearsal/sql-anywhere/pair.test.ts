import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { processesOf } from '../../../rehearsal/sql-anywhere/site/host-processes';
import { type PairRole, ROLES } from '../../../rehearsal/sql-anywhere/site/network';
import { PairBirth, run } from '../../../rehearsal/sql-anywhere/site/pair-birth';
import { type HostVariants, until } from '../../../rehearsal/sql-anywhere/site/pair-host';
import { PairSite } from '../../../rehearsal/sql-anywhere/site/pair-site';

/** Real milliseconds for one second of a liveness time-out: 30 of them are long enough for a busy machine. */
const SECOND = 15;

const sites: PairSite[] = [];

afterEach(async () => {
  for (const site of sites.splice(0)) {
    const complaints = site.hosts.flatMap((host) => host.complaints.map((line) => `${host.role}: ${line}`));
    const roots = site.hosts.map(({ root }) => root);
    await site.remove();
    expect(complaints).toEqual([]);
    expect(roots.flatMap(processesOf)).toEqual([]);
    expect(roots.filter((root) => existsSync(root))).toEqual([]);
  }
});

interface Pair {
  readonly site: PairSite;
  readonly birth: PairBirth;
}

async function openSite(variants: HostVariants = {}, failoverCommand?: string): Promise<Pair> {
  const site = await PairSite.open({ variants: { second: SECOND, ...variants } });
  sites.push(site);
  return { site, birth: new PairBirth(site, 30, failoverCommand) };
}

/** A pair that is synchronized, `first` being the primary. */
async function born(variants: HostVariants = {}, failoverCommand?: string): Promise<Pair> {
  const pair = await openSite(variants, failoverCommand);
  await pair.birth.all();
  await untilRole(pair, 'first', /role=primary;state=synchronized;partner=connected;arbiter=connected/);
  return pair;
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
  it('is born: the server on which mirroring is defined is the first primary, the copy becomes its mirror', async () => {
    const pair = await born();
    expect(await pair.site.askRole('first')).toMatch(
      /^server=consolidated_first;role=primary;state=synchronized;partner=connected;arbiter=connected;mode=synchronous;clock=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/,
    );
    await untilRole(pair, 'second', /^server=consolidated_second;role=mirror;/);
    expect(await insert(pair, 'first', 'one')).toBe(true);
    expect(await probes(pair, 'second')).toEqual(['one']);
    expect(await insert(pair, 'second', 'two')).toBe(false);
    const state = '[consolidated]\nOwner=consolidated_first\nState=synchronized\nMode=synchronous\nSequence=1\n';
    for (const role of ROLES) await until(() => stateOf(pair, role) === state, `the state file of ${role}`);
  });
});
