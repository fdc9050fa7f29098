import { expect } from 'vitest';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { decide } from '../../lambda/track-primary/core';
import { SqlAnywherePair } from '../../lambda/track-primary/sql-anywhere-pair';
import type { PairRole } from '../../rehearsal/sql-anywhere/site/network';
import { until } from '../../rehearsal/sql-anywhere/site/pair-host';
import { Dice } from '../syncs/dice';
import { PARTNERS, PairHosts, type Partner, pause, ROLES, volumesOf } from './pair-hosts';

const LOOKS_ARE_APART = 10_000;
const FOREVER = new AbortController().signal;

/** Variants of SAP's servers that the documents leave open; each sequence draws its own. */
const VARIANTS = {
  mirror_http: ['yes', 'no'],
  waiting_http: ['refused', '503', 'hang'],
  sigterm: ['end', 'ignore', 'slow'],
  words: ['Title', 'UPPER', 'lower'],
  mirror_state: ['known', 'null'],
  first_event: ['yes', 'no'],
  half_backup: ['stays', 'removed'],
  state_file: ['before', 'after'],
  old_primary: ['ends', 'lingers'],
  lonely_mirror: ['serves', 'waits'],
  incompatible: ['ends', 'stays'],
} as const;

type Fault = { readonly name: string; happens(): Promise<void> };

/**
 * A pair under faults drawn from a seed: hosts end and are replaced, volumes are lost, links are cut, the role is moved, backups run.
 * After each fault a client writes where it can and the tracker looks; what both see must keep the promises of the design (§7).
 */
export class FaultSequence {
  public readonly story: string[] = [];
  private readonly acknowledged = new Set<string>();
  private readonly down = new Set<PairRole>();
  private readonly cuts: [PairRole, PairRole][] = [];
  private record: PrimaryRecord | undefined;
  private millis = Date.parse('2026-01-05T09:00:00Z');
  private written = 0;

  public static async run(seed: number, faults: number): Promise<FaultSequence> {
    const dice = new Dice(seed);
    const drawn = Object.entries(VARIANTS).map(([name, values]) => [name, pick(dice, values)]);
    const pair = await PairHosts.open(Object.fromEntries(drawn));
    const sequence = new FaultSequence(pair, dice);
    try {
      sequence.story.push(`variants ${drawn.map((it) => it.join('=')).join(' ')}`);
      await pair.birth();
      await pair.complete();
      await sequence.check();
      for (let count = 0; count < faults; count++) {
        const fault = pick(dice, await sequence.possible());
        sequence.story.push(fault.name);
        await fault.happens();
        await sequence.check();
      }
      await sequence.mend();
    } catch (error) {
      const lines = await Promise.all(PARTNERS.map((role) => pair.roleLine(role)));
      throw new Error(`${sequence.story.join('\n  ')}\n  ${lines.join('\n  ')}\n${String(error)}`);
    } finally {
      await pair.remove();
    }
    return sequence;
  }

  private readonly source: SqlAnywherePair;

  private constructor(
    private readonly pair: PairHosts,
    private readonly dice: Dice,
  ) {
    const seen = PARTNERS.map((role) => pair.site.seenFrom('client', role));
    this.source = new SqlAnywherePair(
      {
        kind: 'sql-anywhere',
        databaseId: 'pair',
        members: PARTNERS.map((role, index) => ({ server: pair.host(role).server, host: seen[index]?.address ?? '' })),
        databasePort: 2638,
        rolePort: seen[0]?.rolePort ?? 0,
        alias: { zoneId: 'Z0', name: 'primary.mobilink-ha.internal' },
      },
      () => this.millis,
    );
  }

  /** What may happen now. A volume is lost only while another host holds all that was acknowledged: else nobody could keep it. */
  private async possible(): Promise<Fault[]> {
    const { pair, dice } = this;
    const faults: Fault[] = [];
    const up = ROLES.filter((role) => !this.down.has(role));
    const complete = this.down.size === 0 && this.cuts.length === 0;
    for (const role of up) {
      faults.push({ name: `${role} ends`, happens: () => this.end(role) });
    }
    for (const role of this.down) {
      faults.push({ name: `${role} is replaced`, happens: () => this.replace(role) });
    }
    const [from, to] = pick(dice, [
      ['first', 'second'],
      ['first', 'arbiter'],
      ['second', 'arbiter'],
    ] as [PairRole, PairRole][]);
    const how = dice.hits(0.5) ? 'reset' : 'hole';
    faults.push({
      name: `the link ${from}-${to} is cut (${how})`,
      happens: async () => {
        this.cuts.push([from, to]);
        pair.site.cut(from, to, how);
        await this.settle();
      },
    });
    if (this.cuts.length > 0) {
      faults.push({ name: 'all links are restored', happens: () => this.restore() });
    }
    if (complete) {
      const primary = await pair.complete();
      const mirror: Partner = primary === 'first' ? 'second' : 'first';
      faults.push({ name: `${primary} hands over`, happens: () => this.handOver(primary) });
      faults.push({ name: `${primary} is backed up`, happens: () => this.backUp(primary) });
      for (const lost of [primary, mirror] as const) {
        faults.push({ name: `${lost} is replaced and its volumes are lost`, happens: () => this.loseVolumes(lost) });
      }
      faults.push({ name: 'all power is lost', happens: () => this.losePower() });
    }
    return faults;
  }

  private async end(role: PairRole): Promise<void> {
    this.pair.terminate(role);
    this.down.add(role);
    await this.settle();
  }

  /** A host comes back though others may be away: its bootstrap may wait for them, and is then stopped. */
  private async replace(role: PairRole): Promise<void> {
    this.pair.replace(role);
    this.down.delete(role);
    const { process: bootstrap, ended } = this.pair.start(role, 'bootstrap-host', { IN_ROLE_AFTER: '3' });
    await Promise.race([ended, pause(4000)]);
    if (bootstrap.exitCode === null && bootstrap.pid) process.kill(-bootstrap.pid, 'SIGKILL');
    // systemd ends all processes of a unit; here a tool under a time limit has a process group of its own and ends by itself.
    await until(() => !this.pair.isBootstrapping(role), `the bootstrap of ${role} to be gone`);
  }

  private async restore(): Promise<void> {
    this.pair.site.restoreAll();
    this.cuts.length = 0;
    await this.settle();
  }

  private async handOver(primary: Partner): Promise<void> {
    await this.expectScript(primary, 'fail-over');
    expect(await this.pair.complete()).not.toBe(primary);
  }

  private async loseVolumes(role: Partner): Promise<void> {
    this.pair.terminate(role);
    for (const volume of volumesOf(role)) this.pair.loseVolume(volume);
    this.pair.replace(role);
    await this.pair.boot(role);
    await this.pair.complete();
  }

  private async losePower(): Promise<void> {
    for (const role of ROLES) this.pair.replace(role);
    await Promise.all(ROLES.map((role) => this.pair.boot(role)));
    await this.pair.complete();
  }

  /** Fails only when the role moved meanwhile; then it says so. */
  private async backUp(primary: Partner): Promise<void> {
    const { code, output } = await this.pair.run(primary, 'back-up');
    if (code !== 0) expect(await this.pair.complete(), output).not.toBe(primary);
  }

  private async expectScript(role: Partner, script: string): Promise<void> {
    const { code, output } = await this.pair.run(role, script);
    expect(code, output).toBe(0);
  }

  /** As long as a liveness time-out and a promotion take, more or less. */
  private settle(): Promise<void> {
    return pause(this.dice.between(0, 1500));
  }

  private async check(): Promise<void> {
    const accepted = await this.writeEverywhere();
    expect(accepted.length, `two primaries that accept: ${accepted}`).toBeLessThan(2);
    for (let looks = 0; looks < 3; looks++) await this.look();
  }

  /** One row to each partner at once; those that were acknowledged must never be lost. */
  private async writeEverywhere(): Promise<Partner[]> {
    const row = `row-${++this.written}`;
    const accepted = await Promise.all(
      PARTNERS.map(async (role) => {
        if (this.down.has(role)) return false;
        const timeout = pause(1000).then(() => false);
        const acknowledged = this.pair.insert(`${row}-${role}`, role);
        void acknowledged.then((it) => {
          if (it) this.acknowledged.add(`${row}-${role}`);
        });
        return Promise.race([acknowledged, timeout]);
      }),
    );
    return PARTNERS.filter((_, index) => accepted[index]);
  }

  /** Invariant 1: a published primary is one that its source called primary at that moment; epochs never repeat or go back. */
  private async look(): Promise<void> {
    this.millis += LOOKS_ARE_APART;
    const seen = await this.source.observe(FOREVER);
    const { record } = decide('pair', this.record, seen, undefined, this.millis);
    const before = this.record;
    this.record = record;
    if (!record) return;
    const epoch = before?.epoch ?? 0;
    if (record.epoch === epoch) return;
    expect(record.epoch).toBe(epoch + 1);
    expect(record.primary.memberId).not.toBe(before?.primary.memberId);
    const claims = seen.partners.filter(({ answer }) => 'role' in answer && answer.role === 'primary');
    expect(claims.map(({ member }) => member.memberId)).toEqual([record.primary.memberId]);
  }

  /** When all is well again, nothing that was acknowledged is missing, and the record is true. */
  private async mend(): Promise<void> {
    this.story.push('all is mended');
    this.pair.site.restoreAll();
    for (const role of ROLES) if (this.down.has(role)) this.pair.replace(role);
    await Promise.all(ROLES.map((role) => this.pair.boot(role)));
    const primary = await this.pair.complete();
    for (let looks = 0; looks < 2; looks++) await this.look();
    expect(this.record).toMatchObject({ state: 'stable', primary: { memberId: this.pair.host(primary).server } });
    for (const role of PARTNERS) {
      const rows = new Set(await this.pair.rows(role));
      expect(
        [...this.acknowledged].filter((row) => !rows.has(row)),
        `acknowledged and lost on ${role}`,
      ).toEqual([]);
    }
    expect(this.pair.complaints).toEqual([]);
    this.story.push(`${this.acknowledged.size} rows, epoch ${this.record?.epoch}`);
    expect(this.acknowledged.size, 'rows that were acknowledged').toBeGreaterThan(0);
  }
}

function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[Math.floor(dice.next() * from.length)] as T;
}
