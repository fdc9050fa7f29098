import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { figuresOf } from '../../drill/report';
import { FailoverSite, type Round } from '../../rehearsal/mlsrv/failover-site';
import { VARIANTS, type Variant } from '../../rehearsal/mlsrv/variants';

const variants = Object.keys(VARIANTS) as Variant[];

/** Each round is one failover for each variant. */
const ROUNDS = Math.ceil(Number(process.env.FAILOVERS ?? 10) / variants.length);
const PROMISE = 10_000;

const rounds: Round[] = [];
let site: FailoverSite;
let begun: number;
let acknowledged = 0;

beforeAll(async () => {
  site = await FailoverSite.start(variants);
  begun = performance.now();
});

afterAll(() => site.stop());

describe.sequential('a server is back within 10 s of the database that accepts logins', () => {
  test.each(Array.from({ length: ROUNDS }, (_, round) => [round + 1, round % 2 === 0 ? 'killed' : 'hung'] as const))(
    'round %i: the primary is %s',
    async (_round, how) => {
      const round = await site.failOver(how, 3_000 + Math.random() * 4_000);
      rounds.push(round);
      for (const { variant, lines, servingAt } of round.passages) {
        const events = lines.flatMap(({ event }) => event ?? []);
        const words = `${variant}\n${lines.map(({ text }) => text).join('\n')}`;
        expect(events, words).toContain('primary-gone');
        expect(events, words).toContain('accepts-logins');
        expect(
          events.filter((it) => it === 'serving'),
          words,
        ).toHaveLength(1);
        expect(events.filter((it) => it === 'restarting').length, words).toBeLessThanOrEqual(1);
        expect(servingAt - round.backAt, words).toBeLessThan(PROMISE);
        // Nobody else may have started it, and nobody may have touched one that got over it.
        const serving = lines.find(({ event }) => event === 'serving');
        expect(serving?.fields.restarted, words).toBe(VARIANTS[variant].isRestarted);
        expect(await site.of(variant).send('SYNC 0'), words).toBe('OK');
        acknowledged++;
      }
      // Also those that the primaries before this one took.
      expect(site.database.syncs()).toBeGreaterThanOrEqual(acknowledged);
      expect(site.refusals).toEqual([]);
      await site.database.renewStandby();
    },
  );

  test('at a cost that can be told', () => {
    const seconds = (performance.now() - begun) / 1_000;
    const figures = variants.map((variant) => figuresOf(variant, rounds, site.of(variant).usage(), seconds));
    console.table(figures.map(({ reconnects, ...it }) => it));
    for (const { megabytes } of figures) expect(megabytes).toBeLessThan(150);
  });
});
