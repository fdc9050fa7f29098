import { describe, expect, it } from 'vitest';
import type { PairRole } from '../../rehearsal/sql-anywhere/site/network';
import { PARTNERS, PairHosts, pause } from './pair-hosts';

type Link = readonly [PairRole, PairRole];
const LINKS: readonly Link[] = [
  ['first', 'second'],
  ['first', 'arbiter'],
  ['second', 'arbiter'],
];
/** Each link, and each two of them. */
const SETS: readonly (readonly Link[])[] = [
  ...LINKS.map((link) => [link]),
  ...LINKS.map((link) => LINKS.filter((it) => it !== link)),
];

describe.concurrent('links that are cut', () => {
  it.for(
    SETS.flatMap((links) =>
      (['reset', 'hole'] as const).map((how) => ({ links, how, cut: links.map((it) => it.join('-')).join(' and ') })),
    ),
  )(
    '$cut ($how): never two that accept, nothing lost, and whole again when they are restored',
    async ({ links, how }, { onTestFinished }) => {
      const pair = await PairHosts.open();
      onTestFinished(() => pair.remove());
      await pair.birth();
      await pair.complete();
      const kept = new Set<string>();
      const write = async (row: string) => {
        const accepted = await Promise.all(
          PARTNERS.map(async (partner) => {
            const name = `${row}-${partner}`;
            const acknowledged = pair.insert(name, partner).then((it) => {
              if (it) kept.add(name);
              return it;
            });
            return Promise.race([acknowledged, pause(1000).then(() => false)]);
          }),
        );
        expect(accepted.filter(Boolean).length, `${row}: accepted by ${accepted}`).toBeLessThan(2);
      };
      await write('before');
      for (const [one, other] of links) pair.site.cut(one, other, how);
      // Longer than the time-out of the links and a promotion.
      for (let round = 0; round < 6; round++) {
        await write(`cut-${round}`);
        await pause(500);
      }
      // Whatever is cut, two of the three still see each other.
      expect([...kept].some((row) => row.startsWith('cut-'))).toBe(true);
      pair.site.restoreAll();
      const primary = await pair.complete();
      await write('after');
      for (const partner of PARTNERS) {
        const rows = new Set(await pair.rows(partner));
        expect(
          [...kept].filter((row) => !rows.has(row)),
          `lost on ${partner}; ${primary} is primary`,
        ).toEqual([]);
      }
      expect(pair.complaints).toEqual([]);
    },
  );
});
