import { beforeEach, describe, expect, it } from 'vitest';
import { readRoleAnswer } from '../../../lambda/track-primary/role-line';
import { Clock } from '../../../rehearsal/cloud/clock';
import { MirroredPair, type PairServer, type PairVariants } from '../../../rehearsal/cloud/mirrored-pair';

const SECOND = 1_000;
const server = (member: PairServer['member'], zone: string): PairServer => ({
  member,
  server: `db_${member}`,
  host: `${member}.internal`,
  address: '10.0.0.1',
  availabilityZone: zone,
});
const SERVERS = { first: server('first', 'a'), second: server('second', 'b'), arbiter: server('arbiter', 'c') };
const LIVENESS = 30 * SECOND;

let clock: Clock;
let took: string[];
let apart: Set<string>;
beforeEach(() => {
  clock = new Clock(Date.UTC(2026, 0, 5, 9, 0, 0));
  took = [];
  apart = new Set();
});

function born(variants: PairVariants = {}): MirroredPair {
  const liveness = Object.fromEntries(Object.values(SERVERS).map((it) => [it.server, LIVENESS]));
  return new MirroredPair({ databaseId: 'db', servers: SERVERS, mode: 'synchronous', liveness }, variants, {
    clock,
    mayConnect: (one, other) => !apart.has(one.member) && !apart.has(other.member),
    tookOver: (it) => took.push(it.server),
  });
}

const roles = (pair: MirroredPair) =>
  (['first', 'second'] as const).map((member) => /role=(\w+)/.exec(pair.roleLine(member) ?? '')?.[1]);

describe('a mirrored pair in virtual time', () => {
  it('is synchronized when the story begins, and says so in the line that the tracker reads', () => {
    const pair = born();
    expect(roles(pair)).toEqual(['primary', 'mirror']);
    const now = clock.now();
    const said = readRoleAnswer('db_first', { text: pair.roleLine('first') ?? '', askedAt: now, answeredAt: now });
    expect(said).toMatchObject({
      role: 'primary',
      state: 'synchronized',
      partner: 'connected',
      arbiter: 'connected',
      mode: 'synchronous',
      clockSkew: 0,
    });
    expect(took).toEqual([]);
  });

  it('fails over at once when the server dies, and after the liveness time-out when its zone goes dark', async () => {
    const killed = born();
    killed.kill('first');
    expect(killed.reach('first')).toBe('refused');
    await clock.run(3 * SECOND);
    expect(roles(killed)).toEqual([undefined, 'primary']);

    const dark = born();
    dark.loseZone('a');
    expect(dark.reach('first')).toBe('silent');
    await clock.run(LIVENESS - SECOND);
    expect(roles(dark)).toEqual([undefined, 'mirror']);
    await clock.run(4 * SECOND);
    expect(roles(dark)).toEqual([undefined, 'primary']);
    dark.restoreZone('a');
    await clock.run(5 * SECOND);
    expect(roles(dark)).toEqual(['mirror', 'primary']);
    expect(took).toEqual(['db_second', 'db_second']);
  });

  it.each<[lingers: number, claims: number]>([
    [0, 1],
    [20 * SECOND, 2],
  ])('a cut-off primary that lingers for %d ms: %d claimants', async (lingers, claims) => {
    const pair = born({ lingers });
    pair.cut('first', 'second');
    pair.cut('first', 'arbiter');
    await clock.run(2 * LIVENESS);
    expect(Math.max(...pair.truths.map(({ claimants }) => claimants.length))).toBe(claims);
    expect(pair.primary?.server).toBe('db_second');
    expect(roles(pair)).toEqual([undefined, 'primary']);
    pair.restore('first', 'second');
    pair.restore('first', 'arbiter');
    await clock.run(5 * SECOND);
    expect(roles(pair)).toEqual(['mirror', 'primary']);
  });

  it('goes on without its arbiter, and gives its role away when it is told to', async () => {
    const pair = born();
    pair.kill('arbiter');
    await clock.run(LIVENESS * 2);
    expect(pair.roleLine('first')).toMatch(/role=primary;.*partner=connected;arbiter=disconnected/);
    pair.start('arbiter');
    await clock.run(3 * SECOND);
    pair.failOver();
    await clock.run(3 * SECOND);
    expect(roles(pair)).toEqual(['mirror', 'primary']);
    pair.kill('first');
    expect(() => pair.failOver()).toThrow(/SET PARTNER FAILOVER: the mirror is not synchronized/);
  });

  it('with a mirror that serves no HTTP, nothing listens there', () => {
    const pair = born({ mirrorAnswers: false });
    expect([pair.reach('first'), pair.reach('second')]).toEqual(['open', 'refused']);
  });

  it('is not born where the network keeps the servers apart', async () => {
    apart.add('second');
    const pair = born();
    pair.kill('first');
    await clock.run(5 * LIVENESS);
    expect(pair.primary).toBeUndefined();
  });
});
