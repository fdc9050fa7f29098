import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { fromItem } from '../../lambda/records/item';
import { type PrimaryRecord, primaryRecordSchema } from '../../lambda/records/primary-record';
import { type PollInput, poll } from '../../lambda/track-primary/poll';
import type { Announcement, Ports } from '../../lambda/track-primary/ports';
import { noteOf, unchangedSince } from '../../lambda/track-primary/primary-records';
import { MemoryTable, stored } from './memory-table';

/*
 * Several invocations of one tracker at once, interleaved at every await, some of them killed at one; the database fails over
 * meanwhile. The conditions are those that the function sends.
 */

const BEGINNING = Date.parse('2026-11-23T04:00:00.000Z');

class World {
  public zone = 'a';
  public status = 'available';
  public millis = BEGINNING;
  public readonly announced: Announcement[] = [];
  public readonly faults: string[] = [];

  constructor(
    private readonly scheduler: fc.Scheduler,
    public readonly table: MemoryTable,
  ) {}

  /**
   * Ports of one invocation, which dies at its n-th call, before the call had its effect or after it, and which gets no answer of the
   * source to the looks that are `silent`, in turn.
   */
  public ports({ diesAt = Number.POSITIVE_INFINITY, afterEffect = false, silent = [false] } = {}): Ports {
    let calls = 0;
    let observations = 0;
    const call = async <T>(label: string, effect: () => T): Promise<T> => {
      calls += 1;
      const dies = calls === diesAt;
      await this.scheduler.schedule(Promise.resolve(), label);
      if (dies && !afterEffect) return new Promise<T>(() => {});
      this.millis += 1;
      const answer = effect();
      await this.scheduler.schedule(Promise.resolve(), `answer to ${label}`);
      return dies ? new Promise<T>(() => {}) : answer;
    };
    const { table } = this;
    return {
      now: () => this.millis,
      records: {
        read: () => call('read', () => this.record),
        replace: (read, next) =>
          call('replace', () =>
            table.put({
              Item: stored(next),
              ...(read ? unchangedSince(read) : { ConditionExpression: 'attribute_not_exists(databaseId)' }),
            }),
          ),
        noteAnnounced: (record) => call('note', () => void table.update(noteOf(record))),
      },
      source: {
        observe: async () => {
          const at = this.millis;
          observations += 1;
          const isSilent = silent[(observations - 1) % silent.length] ?? false;
          const { zone, status } = await call('observe', () => ({ zone: this.zone, status: this.status }));
          if (isSilent) return { kind: 'unknown', at, reason: 'ThrottlingException' };
          const member = { memberId: zone, availabilityZone: zone, host: 'db.example', port: 3306 };
          return { kind: 'seen', at, status, member, addresses: ['10.0.0.1'] };
        },
      },
      announcer: {
        announce: (event) =>
          call('announce', () => {
            const epoch = Number(event.detail.epoch);
            if (!this.table.versions.some((it) => it.epoch === epoch))
              this.faults.push(`epoch ${epoch} announced before stored`);
            this.announced.push(event);
          }),
      },
    };
  }

  public get record(): PrimaryRecord | undefined {
    return this.table.item && v.parse(primaryRecordSchema, fromItem(this.table.item));
  }
}

const invocation = fc.record({
  minute: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  polls: fc.integer({ min: 1, max: 3 }),
  diesAt: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
  afterEffect: fc.boolean(),
  silent: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
});

type Invocation = typeof invocation extends fc.Arbitrary<infer I> ? I : never;

function property(honoursConditions: boolean) {
  return fc.asyncProperty(
    fc.scheduler(),
    fc.array(invocation, { minLength: 2, maxLength: 3 }),
    fc.boolean(),
    async (scheduler, invocations, known) => {
      const world = new World(scheduler, new MemoryTable(honoursConditions));
      const signal = new AbortController().signal;
      if (known) {
        const settled = poll(world.ports(), { databaseId: 'main' }, signal);
        await scheduler.waitFor(settled);
      }
      let ended = 0;
      const invoke = async ({ minute, polls, diesAt, afterEffect, silent }: Invocation) => {
        const ports = world.ports({ diesAt, afterEffect, silent });
        const watch = minute === undefined ? undefined : new Date(BEGINNING + minute * 60_000).toISOString();
        const input: PollInput = { databaseId: 'main', watch };
        for (let done = 0; done < polls; done++) {
          // Three lost races in one poll end it with an error; the next poll looks again.
          const outcome = await poll(ports, input, signal).catch(() => undefined);
          if (outcome?.handedOver) break;
        }
        ended += 1;
      };
      for (const it of invocations) void invoke(it);
      scheduler.scheduleSequence([
        async () => {
          world.status = 'rebooting';
        },
        async () => {
          world.zone = 'b';
          world.status = 'available';
        },
      ]);
      await scheduler.waitIdle();
      expect(ended).toBeGreaterThanOrEqual(invocations.filter(({ diesAt }) => diesAt === undefined).length);

      await scheduler.waitFor(poll(world.ports(), { databaseId: 'main' }, signal));
      check(world, known);
    },
  );
}

function check({ table, record, announced, faults }: World, known: boolean): void {
  expect(faults).toEqual([]);
  const versions = table.versions.map((it) => v.parse(primaryRecordSchema, it));
  for (const [index, next] of versions.entries()) {
    const before = versions[index - 1];
    if (!before) continue;
    expect(next.epoch - before.epoch).toBeGreaterThanOrEqual(0);
    expect(next.announcedEpoch).toBeGreaterThanOrEqual(before.announcedEpoch);
    expect(next.announcedEpoch).toBeLessThanOrEqual(next.epoch);
    if (before.announcedFailover !== undefined) expect(next.announcedFailover).toBe(before.announcedFailover);
    expect(next.watch ?? '').not.toSatisfy((watch: string) => watch < (before.watch ?? ''));
    // Within a second nothing settles: who writes stable again within the epoch applies what was seen before the reboot.
    if (before.state === 'failing-over' && next.epoch === before.epoch) expect(next.state).toBe('failing-over');
    // The database failed over once, from a to b: whoever writes a again applies what was seen before.
    if (before.primary.memberId === 'b') expect(next.primary.memberId).toBe('b');
  }
  expect(record).toMatchObject({ state: 'stable', primary: { memberId: 'b' } });
  if (known) expect(record?.epoch).toBe(2);
  else expect(record?.epoch).toBeLessThanOrEqual(2);
  expect(record?.announcedEpoch).toBe(record?.epoch);
  const begun = announced.some(({ detailType }) => detailType === 'MobiLink Failover Started');
  expect(begun).toBe(versions.some(({ failoverSince }) => failoverSince !== undefined));
  expect(announced.some(({ detail }) => detail.epoch === record?.epoch)).toBe(true);
}

describe('invocations at once, interleaved at every await, killed at any', () => {
  it('an epoch never goes back, no late observation is applied, every change is announced', async () => {
    await fc.assert(property(true), { numRuns: 1_500 });
  });

  it('is caught when the table does not honour the conditions', async () => {
    const { failed } = await fc.check(property(false), { numRuns: 1_500, endOnFailure: true });
    expect(failed).toBe(true);
  });
});

describe('a failover that was over before it could be announced', () => {
  it('is announced by the next poll, its beginning first', async () => {
    const table = new MemoryTable();
    const record: PrimaryRecord = {
      databaseId: 'main',
      epoch: 2,
      state: 'stable',
      primary: { memberId: 'b', availabilityZone: 'b', host: 'db.example', port: 3306, addresses: [] },
      since: '2026-11-23T04:00:20.000Z',
      stateSince: '2026-11-23T04:00:20.000Z',
      observedAt: '2026-11-23T04:00:20.000Z',
      cause: 'the source names b instead of a',
      announcedEpoch: 1,
      failoverSince: '2026-11-23T04:00:00.000Z',
    };
    table.put({ Item: stored(record), ConditionExpression: 'attribute_not_exists(databaseId)' });
    const told: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = new World(scheduler, table);
        world.zone = 'b';
        await scheduler.waitFor(poll(world.ports(), { databaseId: 'main' }, new AbortController().signal));
        told.push(...world.announced.map(({ detailType }) => detailType));
      }),
      { numRuns: 1 },
    );
    expect(told).toEqual(['MobiLink Failover Started', 'MobiLink Primary Changed']);
    expect(fromItem(table.item ?? {})).toMatchObject({ announcedEpoch: 2, announcedFailover: record.failoverSince });
  });
});
