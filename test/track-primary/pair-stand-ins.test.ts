import { describe, expect, it } from 'vitest';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { decide } from '../../lambda/track-primary/core';
import { SqlAnywherePair } from '../../lambda/track-primary/sql-anywhere-pair';
import { PairBirth } from '../../rehearsal/sql-anywhere/site/pair-birth';
import { type HostVariants, until } from '../../rehearsal/sql-anywhere/site/pair-host';
import { PairSite } from '../../rehearsal/sql-anywhere/site/pair-site';
import { FIRST, OTHER, PAIR } from './pair-lines';

/*
 * The tracker's adapter and decision against the stand-in servers: real processes, real role services, real failovers. Looks are ten
 * seconds apart by a clock of their own, so that nothing waits for them.
 */

/** Real milliseconds for one second of a liveness time-out: a busy machine must not look like a broken link. */
const SECOND = 40;
const LIVENESS = 30;
const POLL = 10_000;
const SIGNAL = new AbortController().signal;
/** What the primary says when either of the other two may be lost. */
const WHOLE = /role=primary;state=synchronized;partner=connected;arbiter=connected/;

class Tracker {
  public record: PrimaryRecord | undefined;
  /** Who was primary in each epoch, in turn. */
  public readonly primaries: string[] = [];
  public readonly states = new Set<string>();
  private millis = Date.now();
  private readonly source: SqlAnywherePair;

  constructor(private readonly site: PairSite) {
    const seen = (['first', 'second'] as const).map((role) => site.seenFrom('client', role));
    const members = PAIR.members.map((member, index) => ({ ...member, host: seen[index]?.address ?? '' }));
    this.source = new SqlAnywherePair({ ...PAIR, members, rolePort: seen[0]?.rolePort ?? 0 }, () => this.millis);
  }

  public async look(): Promise<void> {
    this.millis += POLL;
    const before = this.record?.epoch ?? 0;
    const { record } = decide('main', this.record, await this.source.observe(SIGNAL), undefined, this.millis);
    this.record = record;
    if (!record) return;
    this.states.add(record.state);
    if (record.epoch === before) return;
    expect(record.epoch).toBe(before + 1);
    this.primaries.push(record.primary.memberId);
  }

  public async untilStable(memberId: string): Promise<void> {
    await until(
      async () => {
        await this.look();
        return this.record?.state === 'stable' && this.record.primary.memberId === memberId;
      },
      `the record to name ${memberId}; ${JSON.stringify(this.record)}; ${await this.site.askRole('first')}`,
    );
  }

  public async untilState(state: PrimaryRecord['state']): Promise<void> {
    await until(
      async () => {
        await this.look();
        return this.record?.state === state;
      },
      `the state ${state}; ${JSON.stringify(this.record)}`,
    );
  }
}

/** A pair that was born and is tracked; nothing of it is left afterwards. */
async function tracked(
  variants: HostVariants,
  work: (tracker: Tracker, site: PairSite, birth: PairBirth) => Promise<void>,
) {
  const site = await PairSite.open({ variants: { second: SECOND, ...variants } });
  try {
    const birth = new PairBirth(site, LIVENESS);
    await birth.all();
    // Until then nobody takes over from the first primary.
    await until(async () => WHOLE.test((await site.askRole('first')) ?? ''), 'the pair to be whole');
    const tracker = new Tracker(site);
    await tracker.untilStable(FIRST);
    await work(tracker, site, birth);
  } finally {
    await site.remove();
  }
}

describe('the tracker over a stand-in pair', () => {
  it.each<HostVariants>([{}, { mirror_http: 'no', words: 'UPPER' }])(
    'one failover and the way back are one epoch each (%j)',
    (variants) =>
      tracked(variants, async (tracker, site, birth) => {
        site.kill('first');
        await tracker.untilStable(OTHER);
        await birth.start('first');
        await until(
          async () => /state=synchronized/.test((await site.askRole('second')) ?? ''),
          'the mirror to be back',
        );
        await tracker.untilStable(OTHER);
        site.kill('second');
        await tracker.untilStable(FIRST);
        expect(tracker.primaries).toEqual([FIRST, OTHER, FIRST]);
      }),
  );

  it('a primary that is cut off from both and still seen loses its epoch to the survivor, once', () =>
    tracked({}, async (tracker, site) => {
      site.cut('first', 'second', 'hole');
      site.cut('first', 'arbiter', 'hole');
      await tracker.untilStable(OTHER);
      expect(tracker.primaries).toEqual([FIRST, OTHER]);
      site.restoreAll();
      await until(async () => /role=mirror/.test((await site.askRole('first')) ?? ''), 'the old primary to follow');
      await tracker.untilStable(OTHER);
      expect(tracker.primaries).toEqual([FIRST, OTHER]);
    }));

  it('a lost arbiter or mirror changes nothing, and both partners down are no primary', () =>
    tracked({ mirror_http: 'no' }, async (tracker, site, birth) => {
      site.isolate('arbiter');
      await until(
        async () => /arbiter=disconnected/.test((await site.askRole('first')) ?? ''),
        'the arbiter to be lost',
      );
      for (let looks = 0; looks < 3; looks++) await tracker.look();
      site.restoreAll();
      await until(async () => /arbiter=connected/.test((await site.askRole('first')) ?? ''), 'the arbiter to be back');
      site.kill('second');
      for (let looks = 0; looks < 3; looks++) await tracker.look();
      expect([...tracker.states]).toEqual(['stable']);
      site.kill('first');
      await tracker.untilState('no-primary');
      await birth.start('first');
      await birth.start('second');
      await tracker.untilStable(FIRST);
      expect(tracker.primaries).toEqual([FIRST]);
    }));
});
