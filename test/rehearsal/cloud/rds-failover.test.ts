import { describe, expect, it } from 'vitest';
import { Chance } from '../../../rehearsal/cloud/chance';
import {
  abandonFailover,
  type CloudEvent,
  type FailoverCourse,
  failOver,
  reboot,
  tenuresOf,
} from '../../../rehearsal/cloud/rds-failover';
import { ACCOUNT, database, REGION } from './database';
import { QueueClock } from './queue-clock';

function stage(seed: string, instance = database()) {
  const clock = new QueueClock();
  const told: { at: number; event: CloudEvent }[] = [];
  const world = {
    clock,
    chance: new Chance(seed),
    emit: (event: CloudEvent) => told.push({ at: clock.now(), event }),
  };
  return { clock, told, world, instance };
}

const SEEDS = Array.from({ length: 40 }, (_, index) => `seed ${index}`);
const ids = (told: { event: CloudEvent }[]) => told.map(({ event }) => event.detail.EventID);

/** What an observer sees, second by second. */
async function watch(seed: string, forced: boolean) {
  const { clock, told, world, instance } = stage(seed);
  const course = failOver(instance, world, { forced });
  const seen: { at: number; status: string; zone: string; address?: string }[] = [];
  while (clock.now() <= course.apiTellsAt) {
    const { status, availabilityZone: zone } = instance.api;
    seen.push({ at: clock.now(), status, zone, address: instance.addresses[0] });
    await clock.run(1_000);
  }
  return { course, told, seen, instance };
}

describe('a Multi-AZ failover', () => {
  it.each(SEEDS)('goes its way in the order that AWS describes (%s)', async (seed) => {
    const { course, told, instance } = await watch(seed, false);
    const { startedAt, addressMovedAt, completedAt, apiTellsAt } = course;
    const ordered = [startedAt, addressMovedAt, completedAt, apiTellsAt];
    expect(ordered).toEqual([...ordered].sort((a, b) => a - b));
    expect(completedAt - startedAt).toBeGreaterThanOrEqual(60_000);
    expect(completedAt - startedAt).toBeLessThanOrEqual(120_000);
    expect(told.map(({ at, event }) => [event.detail.EventID, at])).toEqual([
      ['RDS-EVENT-0013', startedAt],
      ['RDS-EVENT-0015', completedAt],
      ['RDS-EVENT-0049', completedAt],
    ]);
    expect(instance.api).toEqual({
      status: 'available',
      availabilityZone: `${REGION}b`,
      secondaryZone: `${REGION}a`,
    });
    expect(instance.addresses).toEqual(['10.0.32.10']);
  });

  it.each(SEEDS)('shows each change at its own moment (%s)', async (seed) => {
    const { course, seen } = await watch(seed, false);
    for (const { at, zone, address } of seen) {
      expect(zone).toBe(at < course.apiTellsAt ? course.from : course.to);
      expect(address).toBe(at < course.addressMovedAt ? '10.0.16.10' : '10.0.32.10');
    }
  });

  it('may pass while the status reads available, or not; one that was asked for never does', async () => {
    const shown = async (forced: boolean) => {
      const runs = await Promise.all(SEEDS.map((seed) => watch(seed, forced)));
      return runs.map(({ seen }) => seen.some(({ status }) => status === 'rebooting'));
    };
    expect(new Set(await shown(false))).toEqual(new Set([true, false]));
    expect(new Set(await shown(true))).toEqual(new Set([true]));
  });

  it('is the same for the same seed, and another for another', () => {
    const courses = (seed: string) => {
      const { instance, world, told } = stage(seed);
      return [failOver(instance, world), told];
    };
    expect(courses('one')).toEqual(courses('one'));
    expect(courses('one')).not.toEqual(courses('two'));
  });

  it('keeps what really was primary apart from what the API says', async () => {
    const { clock, world, instance } = stage('truth');
    expect(tenuresOf(instance).map(({ zone }) => zone)).toEqual([`${REGION}a`]);
    const there = failOver(instance, world);
    // The second one begins before the API has told of the first: it must lead back, not stay.
    await clock.run(there.completedAt - clock.now());
    expect(instance.api.availabilityZone).toBe(`${REGION}a`);
    const back = failOver(instance, world);
    expect([back.from, back.to]).toEqual([`${REGION}b`, `${REGION}a`]);
    await clock.run(back.apiTellsAt - clock.now());
    expect(instance.api.availabilityZone).toBe(`${REGION}a`);
    expect(instance.addresses).toEqual(['10.0.16.10']);
    const tenure = ({ to: zone, completedAt: since, apiTellsAt: toldSince }: FailoverCourse) => ({
      zone,
      since,
      toldSince,
    });
    expect(tenuresOf(instance).slice(1)).toEqual([tenure(there), tenure(back)]);
  });

  it('is refused while another one is under way, and without a standby', () => {
    const { world, instance } = stage('refused');
    failOver(instance, world);
    expect(() => failOver(instance, world)).toThrow('consolidated is failing over already, to eu-central-1b');
    const single = database('single', { multiAz: false, api: { status: 'available', availabilityZone: 'a' } });
    expect(() => failOver(single, world)).toThrow('single has no standby to fail over to');
  });

  it('tells of itself as EventBridge delivers it', () => {
    const { world, instance, told } = stage('event');
    failOver(instance, world);
    expect(told[0]?.event).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
      'detail-type': 'RDS DB Instance Event',
      source: 'aws.rds',
      account: ACCOUNT,
      time: '2026-01-05T09:00:00Z',
      region: REGION,
      resources: [instance.arn],
      detail: {
        EventCategories: ['failover'],
        SourceType: 'DB_INSTANCE',
        SourceArn: instance.arn,
        Date: '2026-01-05T09:00:00.000Z',
        Message: 'Multi-AZ instance failover started.',
        SourceIdentifier: 'consolidated',
        EventID: 'RDS-EVENT-0013',
      },
    });
  });
});

describe('what is no failover', () => {
  it('a reboot goes away and comes back where it was', async () => {
    const { clock, told, world, instance } = stage('reboot');
    const before = structuredClone(instance);
    const backAt = reboot(instance, world);
    await clock.run(backAt - clock.now() - 1);
    expect(instance.api.status).toBe('rebooting');
    expect(ids(told)).toEqual(['RDS-EVENT-0004']);
    await clock.run(1);
    expect(instance).toEqual(before);
    expect(ids(told)).toEqual(['RDS-EVENT-0004', 'RDS-EVENT-0006']);
  });

  it('an abandoned failover changes nothing and says so', async () => {
    const { clock, told, world, instance } = stage('abandoned');
    const before = structuredClone(instance);
    abandonFailover(instance, world);
    await clock.run(600_000);
    expect(instance).toEqual(before);
    expect(ids(told)).toEqual(['RDS-EVENT-0034']);
  });
});
