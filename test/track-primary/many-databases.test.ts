import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleBootstrap } from '../../rehearsal/bundle-bootstrap';
import { ACCOUNT, REGION } from '../rehearsal/cloud/database';
import { ManyDatabases, SECOND } from './many-databases';

/* One function over 250 instances, 20 clusters and a pair that is silent, from its first tick on. Each test begins where the last one ended. */

const PAIR = {
  databaseId: 'silent-pair',
  source: {
    kind: 'sql-anywhere',
    databaseId: 'silent-pair',
    members: [
      { server: 'first', host: 'first.internal' },
      { server: 'second', host: 'second.internal' },
    ],
    databasePort: 2638,
    rolePort: 8090,
    alias: { zoneId: 'Z0123456789ABC', name: 'primary.internal' },
  },
};
const ONE_QUESTION_EACH = 4;

let folder: string;
let world: ManyDatabases;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'many-databases-'));
  world = await ManyDatabases.start(await bundleBootstrap(folder), { instances: 250, clusters: 20, others: [PAIR] });
});

afterAll(async () => {
  await world.dispose();
  rmSync(folder, { recursive: true });
});

async function record(databaseId: string) {
  return (await world.records()).get(databaseId);
}

describe('one function over many databases', () => {
  it('records and announces each of them, by four questions a look', async () => {
    const began = world.clock.now();
    await world.watch(1);
    const records = [...(await world.records()).values()];
    expect(records).toHaveLength(270);
    expect(new Set(records.map(({ epoch, state }) => `${epoch} ${state}`))).toEqual(new Set(['1 stable']));
    expect(new Set(world.announced).size).toBe(270);
    expect(world.announced).toHaveLength(270);
    const firstLook = world.callsSince(began).filter(({ at }) => at < 10);
    expect(firstLook).toHaveLength(ONE_QUESTION_EACH);
    // A pair that hangs for two seconds delays nobody: six looks, ten seconds apart.
    expect(firstLook.every(({ at }) => at < 2)).toBe(true);
    expect(world.callsSince(began)).toHaveLength(6 * ONE_QUESTION_EACH);
    expect(world.count('dynamodb:GetItem')).toBeGreaterThan(0);
    expect(world.count('dynamodb:BatchGetItem')).toBe(6 * ONE_QUESTION_EACH);
    const lists = ['db', 'cluster'].map((kind) => `arn:aws:rds:${REGION}:${ACCOUNT}:${kind}:*`);
    expect(new Set(world.asked.map(({ resource }) => resource))).toEqual(new Set(lists));
  });

  it('knows of failovers at the next look, whichever question names them, and of nothing else', async () => {
    world.instance(7).api = { status: 'available', availabilityZone: `${REGION}b` };
    world.instance(249).api = { status: 'available', availabilityZone: `${REGION}b` };
    world.cluster(3).api = { status: 'available', writers: ['cluster-3-instance-2'] };
    // Gone by name, whether deleted or renamed; and stopped.
    world.rds.instances.splice(100, 1);
    world.instance(120).api = { ...world.instance(120).api, status: 'stopped' };
    await world.put({ databaseId: { S: 'instance-50' }, epoch: { S: 'two' } });
    const { length: before } = world.announced;
    const began = world.clock.now();
    await world.watch(1);

    const records = await world.records();
    const moved = [...records.values()].filter(({ epoch }) => epoch === 2).map(({ databaseId }) => databaseId);
    expect(moved.sort()).toEqual(['cluster-3', 'instance-249', 'instance-7']);
    const changes = world.announced.slice(before).filter((it) => it.startsWith('MobiLink Primary Changed'));
    expect(changes.sort()).toEqual(moved.map((id) => `MobiLink Primary Changed ${id} 2`));
    const unwell = [...records.values()].filter(({ state }) => state !== 'stable');
    expect(unwell.map(({ databaseId, state }) => `${databaseId} ${state}`).sort()).toEqual([
      'instance-100 no-primary',
      'instance-121 no-primary',
    ]);
    // The damaged one stays as it is, each look says so, and nobody else suffers.
    expect(records.has('instance-50')).toBe(false);
    expect(world.callsSince(began).length).toBeLessThanOrEqual(7 * ONE_QUESTION_EACH);
  });

  it('an event makes a look at its own database only', async () => {
    const watched = (await record('instance-9'))?.observedAt;
    world.instance(9).api = { status: 'available', availabilityZone: `${REGION}b` };
    const asked = world.asked.length;
    const began = world.clock.now();
    await world.tell(world.instance(9), 'RDS-EVENT-9999');
    expect(world.asked.slice(asked).filter(({ resource }) => !resource.endsWith('*'))).toEqual([
      { action: 'rds:DescribeDBInstances', resource: world.instance(9).arn },
    ]);
    const { epoch, observedAt = '' } = (await record('instance-9')) ?? {};
    expect(epoch).toBe(2);
    expect(observedAt).not.toBe(watched);
    expect(Date.parse(observedAt)).toBeGreaterThan(began);
  });

  it('an event for which no look is left is left to the watch', async () => {
    const grantedAt = { S: new Date(world.clock.now()).toISOString() };
    await world.put({ databaseId: { S: '#event-looks' }, looks: { N: '0' }, grantedAt });
    const named = () => world.asked.filter(({ resource }) => resource === world.instance(10).arn);
    await world.tell(world.instance(10), 'RDS-EVENT-0013');
    expect(named()).toHaveLength(0);
    expect(world.logged('too many events at once: this one is left to the next look of the watch')).toHaveLength(1);
    // Where no watch grants anything any more, events are all there is.
    const long = { S: new Date(world.clock.now() - 200 * SECOND).toISOString() };
    await world.put({ databaseId: { S: '#event-looks' }, looks: { N: '0' }, grantedAt: long });
    await world.tell(world.instance(10), 'RDS-EVENT-9999');
    expect(named()).toHaveLength(1);
  });

  it('an event of a database that the rule does not name is left aside', async () => {
    const asked = world.asked.filter(({ resource }) => !resource.endsWith('*')).length;
    await world.tell(world.instance(200), 'RDS-EVENT-0013');
    expect(world.asked.filter(({ resource }) => !resource.endsWith('*'))).toHaveLength(asked);
    expect(world.logged('an event of another database was left aside')).toHaveLength(1);
  });

  it('says of a damaged record whose it is and what is wrong with it, and of nothing else', async () => {
    await world.clock.run(130 * SECOND);
    const told = world.logged('a poll failed');
    expect(new Set(told.map(({ databaseId }) => databaseId))).toEqual(new Set(['instance-50']));
    expect(JSON.stringify(told)).toContain('epoch: ');
  });
});

describe('an account that is throttled', () => {
  let few: ManyDatabases;
  beforeAll(async () => {
    few = await ManyDatabases.start(await bundleBootstrap(folder), { instances: 2, clusters: 2, others: [PAIR] });
    await few.watch(1);
  });
  afterAll(() => few.dispose());

  it('is asked less and less, and at the old pace as soon as it answers', async () => {
    const before = await few.records();
    const began = few.clock.now();
    few.rds.throttle(235 * SECOND);
    await few.watch(4);
    const looks = looksOf(few.callsSince(began).filter(({ at }) => at < 235));
    // Each minute's watch begins with a look, and twelve seconds and more lie between the others: 24 looks otherwise.
    expect(looks.length).toBeLessThanOrEqual(16);
    expect(Math.max(...gaps(looks))).toBeGreaterThan(14);
    expect(Math.max(...gaps(looks))).toBeLessThanOrEqual(31);
    const during = await few.records();
    for (const [id, { epoch, state }] of before) expect(during.get(id)).toMatchObject({ epoch, state });

    few.instance(1).api = { status: 'available', availabilityZone: `${REGION}b` };
    const over = few.clock.now();
    await few.watch(1);
    expect((await few.records()).get('instance-1')?.epoch).toBe(2);
    expect(gaps(looksOf(few.callsSince(over)).slice(1)).every((gap) => gap < 12)).toBe(true);
  });

  it('does not delay those that are asked themselves', () => {
    const told = few.ended.map(({ logs }) =>
      logs.filter(({ text }) => text.includes('gave no answer') && text.includes('silent-pair')).map(({ at }) => at),
    );
    expect(told.length).toBeGreaterThan(2);
    for (const moments of told) {
      expect(moments.length).toBeGreaterThanOrEqual(6);
      expect(Math.max(...gaps(moments))).toBeLessThan(12 * SECOND);
    }
  });
});

/** When the calls of one look began: those that are a second apart belong to one. */
function looksOf(calls: readonly { at: number }[]): number[] {
  return calls.map(({ at }) => at).filter((at, index, all) => index === 0 || at - (all[index - 1] ?? 0) > 2);
}

function gaps(moments: readonly number[]): number[] {
  return moments.slice(1).map((at, index) => at - (moments[index] ?? 0));
}
