import { expect } from 'vitest';
import type { Step } from '../../rehearsal/sql-anywhere/mobilink/mobilink-server';
import { Dice } from '../syncs/dice';
import { EACH_MINUTE, other, type Partner, RemoteSite, type SyncEnd } from './remote-site';

/** What SAP's documents leave open; each sequence draws its own. */
const VARIANTS = {
  words: ['Title', 'UPPER', 'lower'],
  mirror_http: ['yes'],
  mirror_state: ['known', 'null'],
  first_event: ['yes', 'no'],
  state_file: ['before', 'after'],
  foreign_files: ['ignored', 'fail'],
  mirror_sync: ['refused', 'late'],
  missing_log: ['off-line', 'missing', 'offset'],
} as const;

const STEPS: readonly Step[] = ['upload', 'acknowledge', 'download', 'end'];

interface Operation {
  readonly name: string;
  happens(): Promise<void>;
}

/**
 * A mirrored remote whose application writes, whose log is renamed, whose roles move and whose partners end, while syncs come from the
 * cloud and from inside, some of them held or cut at any step: all of it drawn from a seed. After each operation nothing may be wrong
 * that nothing can mend any more; at the end nothing may be missing either.
 */
export class RemoteSequence {
  public readonly story: string[] = [];

  public static async run(seed: number, operations: number): Promise<RemoteSequence> {
    const dice = new Dice(seed);
    const variants = Object.fromEntries(Object.entries(VARIANTS).map(([name, of]) => [name, pick(dice, of)]));
    const remote = await RemoteSite.open({ variants, schedules: [EACH_MINUTE] });
    remote.mobilink.whenLocked = dice.hits(0.5) ? 'refuse' : 'wait';
    const sequence = new RemoteSequence(remote, dice);
    try {
      sequence.story.push(Object.entries({ ...variants, lock: remote.mobilink.whenLocked }).join(' '));
      await remote.write('first');
      for (let count = 0; count < operations; count++) {
        const operation = pick(dice, await sequence.possible());
        sequence.story.push(operation.name);
        await operation.happens();
        expectNone(remote.problems());
      }
      sequence.story.push('all is mended');
      expectNone(await remote.finalProblems());
      sequence.story.push(
        `${remote.uploaded.length} rows, ${remote.mobilink.completed} syncs, ${remote.mobilink.met} locked`,
      );
    } catch (error) {
      throw new Error(`${sequence.story.join('\n  ')}\n${String(error)}`);
    } finally {
      await remote.remove();
    }
    return sequence;
  }

  private constructor(
    private readonly remote: RemoteSite,
    private readonly dice: Dice,
  ) {}

  private async possible(): Promise<Operation[]> {
    const { remote, dice } = this;
    const primary = await remote.untilPrimary();
    const mirror = other(primary);
    const count = 1 + Math.floor(dice.next() * 3);
    const step = pick(dice, STEPS);
    const write = { name: `${count} rows`, happens: () => remote.write(primary, count) };
    const operations: Operation[] = [
      write,
      write,
      { name: `${count} rows together`, happens: () => remote.writeTogether(primary, count, 'COMMIT') },
      { name: `${count} rows rolled back`, happens: () => remote.writeTogether(primary, count, 'ROLLBACK') },
      { name: `${count} rows left open`, happens: () => remote.writeTogether(primary, count, 'leave') },
      { name: 'the log is renamed', happens: () => remote.renameLog(primary) },
      { name: 'a price is offered', happens: async () => remote.offer() },
      { name: `${primary} synchronizes`, happens: () => this.synchronize(primary, [0, 76, 1]) },
      { name: 'both triggers fire', happens: () => this.both(primary) },
      { name: `${primary} synchronizes and is cut at ${step}`, happens: () => this.cut(primary, step) },
    ];
    if (remote.isDown(mirror)) {
      operations.push({ name: `${mirror} comes back`, happens: () => this.comeBack(mirror) });
      return operations;
    }
    await remote.complete();
    operations.push(
      { name: `${mirror} is asked to synchronize`, happens: () => this.synchronize(mirror, [75]) },
      { name: `${primary} gives its role away`, happens: () => this.move(primary, false) },
      { name: `${primary} ends`, happens: () => this.move(primary, true) },
      { name: `${primary} gives its role away at ${step}`, happens: () => this.moveDuring(primary, step, false) },
      { name: `${primary} ends at ${step}`, happens: () => this.moveDuring(primary, step, true) },
    );
    return operations;
  }

  private async synchronize(on: Partner, codes: readonly (number | null)[]): Promise<void> {
    const end = await this.remote.sync(on);
    expect(codes, JSON.stringify(end)).toContain(end.code);
    // A sync that was refused by the lock of the remote id, or that a catch-up got ahead of, is the only failure there may be here.
    if (end.code === 1) expect(end.report?.message).toMatch(/Unable to lock the remote ID/);
  }

  /** At the same moment, on the same host: one waits for the other, or is busy. */
  private async both(primary: Partner): Promise<void> {
    const { remote } = this;
    const one = remote.startSync(primary);
    await remote.fire(primary);
    const two = remote.startSync(primary);
    const ends = await Promise.all([one.ended, two.ended]);
    for (const end of ends) expect([0, 76, 1], JSON.stringify(end)).toContain(end.code);
  }

  private async cut(primary: Partner, step: Step): Promise<void> {
    const cut = this.remote.mobilink.cut(step);
    const { code } = await this.remote.sync(primary);
    cut.release();
    expect([0, 1, 76]).toContain(code);
  }

  private async move(primary: Partner, ends: boolean): Promise<void> {
    if (ends) this.remote.kill(primary);
    else await this.remote.failOver(primary);
    await this.remote.untilPrimary();
  }

  /** A sync that is busy or refused never comes to the step. */
  private async moveDuring(primary: Partner, step: Step, ends: boolean): Promise<void> {
    const held = this.remote.mobilink.hold(step);
    const sync = this.remote.startSync(primary);
    let end: SyncEnd | undefined;
    await Promise.race([held.arrived, sync.ended.then((it) => (end = it))]);
    await this.move(primary, ends);
    held.release();
    end = await sync.ended;
    expect([null, 1, 76, 0], JSON.stringify(end)).toContain(end.code);
  }

  private async comeBack(mirror: Partner): Promise<void> {
    await this.remote.start(mirror);
    await this.remote.complete();
  }
}

function expectNone(problems: readonly string[]): void {
  expect(problems.join('\n')).toBe('');
}

function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[Math.floor(dice.next() * from.length)] as T;
}
