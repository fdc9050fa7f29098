import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectMessage, dispatchMessage } from '../../lambda/records/sync-messages';
import { OperatorSite } from './operator-site';

let site: OperatorSite;
beforeEach(async () => {
  site = await OperatorSite.open();
});
afterEach(() => site.close());

function file(name: string, text: string): string {
  const place = path.join(site.folder, name);
  writeFileSync(place, text);
  return place;
}

const host = (number: number) => `i-${number.toString(16).padStart(17, '0')}`;

describe('remotes import', () => {
  const CSV = [
    '\uFEFFgroup,remote,hosts,profile,paused',
    `stores,store-1,"${host(1)} ${host(2)}",nightly,no`,
    `stores,store-2,${host(3)},,yes`,
    '',
    `stores,store 3,${host(4)},,`,
    'stores,store-4,nowhere,,',
    `stores,store-5,${host(5)},,perhaps`,
    `stores,store-1,${host(6)},,`,
    `ships,ship-1,${host(7)}`,
  ].join('\r\n');

  it('registers what is right, and names the rest by its line', async () => {
    const { code, stdout, stderr } = await site.call(['remotes', 'import', file('stores.csv', CSV)]);
    expect(stdout).toBe('7 rows: 3 registered, 0 as they were, 4 left out\n');
    expect(stderr).toContain('line 5 is left out: remote must be 1 to 128 letters');
    expect(stderr).toContain('line 6 is left out: hosts.0 must be an instance id');
    expect(stderr).toContain('line 7 is left out: paused must be yes or no');
    expect(stderr).toContain('line 8 is left out: stores/store-1 stands in line 2 already');
    expect(code).toBe(1);
    const items = await site.items('registry');
    expect(items.map(({ remoteName }) => remoteName).sort()).toEqual(['ship-1', 'store-1', 'store-2']);
    expect(items.find(({ remoteName }) => remoteName === 'store-1')).toMatchObject({
      hosts: [host(1), host(2)],
      profile: 'nightly',
      paused: false,
    });
    const again = await site.call(['remotes', 'import', file('stores.csv', CSV)]);
    expect(again.stdout).toBe('7 rows: 0 registered, 3 as they were, 4 left out\n');
  });

  it('changes what its owner says, and leaves alone what its syncs have written', async () => {
    await site.remote('store-1', { profile: 'old', lastOutcome: 'failed', consecutiveFailures: 3 });
    const line = JSON.stringify({ group: 'stores', remote: 'store-1', hosts: [host(9)] });
    const { code } = await site.call([
      'remotes',
      'import',
      file('one.jsonl', `${line}\n{"group":"stores"}\nno JSON\n`),
    ]);
    expect(code).toBe(1);
    const [item] = await site.items('registry');
    expect(item).toMatchObject({ hosts: [host(9)], lastOutcome: 'failed', consecutiveFailures: 3 });
    expect(item).not.toHaveProperty('profile');
  });

  it('only looks with --dry-run', async () => {
    const { stdout, stderr } = await site.call(['remotes', 'import', file('stores.csv', CSV), '--dry-run', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 7,
      registered: 3,
      dryRun: true,
      bad: [{ line: 5 }, { line: 6 }, { line: 7 }, { line: 8 }],
    });
    expect(stderr).toContain('3 would be registered');
    expect(await site.items('registry')).toEqual([]);
  });

  it('goes on where it was killed', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => `stores,store-${index},${host(index + 1)},,`);
    rows[1234] = 'stores,store-1234,bad,,';
    const place = file('many.csv', ['group,remote,hosts,profile,paused', ...rows].join('\n'));
    const child = site.start(['remotes', 'import', place]);
    await new Promise<void>((done) => {
      child.stderr.on('data', (text: Buffer) => {
        if (/rows: [1-9]\d* registered/.test(String(text))) done();
      });
    });
    const ended = new Promise((done) => child.once('exit', (_code, signal) => done(signal)));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const before = (await site.items('registry')).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(4_999);
    const { code, stdout } = await site.call(['remotes', 'import', place]);
    const [, registered, unchanged] = /5000 rows: (\d+) registered, (\d+) as they were, 1 left out/.exec(stdout) ?? [];
    expect(Number(registered) + Number(unchanged)).toBe(4_999);
    expect(Number(unchanged)).toBeGreaterThanOrEqual(before);
    expect(await site.items('registry')).toHaveLength(4_999);
    expect(code).toBe(1);
  });

  it.each([
    ['no file', () => path.join(site.folder, 'none.csv'), /There is no file/],
    ['other columns', () => file('a.csv', 'group,name,hosts\n'), /missing: remote; unknown: name/],
    ['no CSV', () => file('a.csv', 'group,remote,hosts\n"a'), /is not CSV: .*/],
  ])('says that it is %s', async (_what, place, message) => {
    const { code, stderr } = await site.call(['remotes', 'import', place()]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

describe('remotes', () => {
  it('are listed by group, with their pauses', async () => {
    await site.remote('store-1');
    await site.remote('store-2', { paused: true, lastOutcome: 'failed', consecutiveFailures: 2, lastDetail: 'no log' });
    await site.remote('ship-1', {}, 'ships');
    await site.call(['remotes', 'pause', '--group', 'ships']);
    const { stdout } = await site.call(['remotes', 'list']);
    expect(stdout).toMatch(/stores\/store-2 .*failed +2 +yes +no log/);
    expect(stdout).not.toContain('ships/');
    expect((await site.call(['remotes', 'list', '--group', 'ships'])).stdout).toMatch(/ships\/ship-1 .*with its group/);
    const json = (await site.call(['remotes', 'list', '--json'])).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(json.map(({ remoteName }) => remoteName).sort()).toEqual(['store-1', 'store-2']);
  });

  it('are paused and resumed one by one, and one that is not there is named', async () => {
    await site.remote('store-1');
    const paused = await site.call(['remotes', 'pause', 'stores/store-1', 'stores/none']);
    expect(paused).toMatchObject({ code: 1, stdout: 'paused stores/store-1\nnot registered: stores/none\n' });
    expect(await site.items('registry')).toMatchObject([{ paused: true, lastOutcome: 'synchronized' }]);
    await site.call(['remotes', 'resume', 'stores/store-1']);
    expect(await site.items('registry')).toMatchObject([{ paused: false }]);
  });

  it('are paused all at once', async () => {
    expect((await site.call(['remotes', 'pause', '--all'])).stdout).toBe('paused everything\n');
    expect(await site.items('registry')).toEqual([{ groupShard: '#paused', remoteName: '*', paused: true }]);
    await site.call(['remotes', 'resume', '--all']);
    expect(await site.items('registry')).toMatchObject([{ paused: false }]);
  });
});

describe('sync', () => {
  it('orders what the functions understand, one batch a shard', async () => {
    for (let index = 0; index < 30; index++)
      await site.remote(`store-${index}`, { hosts: [host(2 * index + 1), host(2 * index + 2)] });
    const names = Array.from({ length: 30 }, (_, index) => `stores/store-${index}`);
    const { code, stdout } = await site.call(['sync', ...names, 'stores/store-0']);
    expect(code).toBe(0);
    const [, runId] = /mobilink-ha run (by-hand@\S+)/.exec(stdout) ?? [];
    const [run] = await site.items('runs');
    expect(run).toMatchObject({ runId, item: 'run', shards: 4 });
    const orders = site.messages('dispatch').map((it) => v.parse(dispatchMessage, it));
    const ends = site.messages('collect').map((it) => v.parse(collectMessage, it));
    expect(ends).toHaveLength(4);
    const ordered = orders.flatMap((it) => (it.kind === 'retry' ? it.remotes.map(({ remoteName }) => remoteName) : []));
    expect(orders.every((it) => it.kind === 'retry' && it.attempt === 1)).toBe(true);
    expect(ordered.sort()).toEqual(names.map((name) => name.slice(7)).sort());
    for (const end of ends) {
      if (end.kind !== 'shard-ended') throw new Error(end.kind);
      expect(orders.filter((it) => it.kind !== 'run' && it.shard === end.shard)).toHaveLength(end.batches);
      expect(end.run).toMatchObject({
        schedule: 'by-hand',
        deadlineSeconds: 3_000,
        timeLimitSeconds: 1_800,
        attempts: 3,
      });
    }
  });

  it('orders nothing if one of them is not there', async () => {
    await site.remote('store-1');
    const { code, stderr } = await site.call(['sync', 'stores/store-1', 'stores/none']);
    expect(stderr).toContain('Not registered: stores/none');
    expect(code).toBe(2);
    expect(site.messages('dispatch')).toEqual([]);
    expect(await site.items('runs')).toEqual([]);
  });
});
