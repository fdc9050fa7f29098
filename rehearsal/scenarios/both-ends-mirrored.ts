import type { FleetRemote } from '../world/fleet';
import { oneEpochForThePair, untilPairIsTracked } from './pair-promises';
import { HOUR, MINUTE, type Scenario, SECOND } from './scenario';
import { costOfRun, heldBackWhileAway, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, type SyncStage, untilDeadline, withFleet } from './sync-stage';

const REMOTES = 50;
const FAIL_OVER_BEFORE = 5;
const FAIL_OVER_DURING = 5;

/** Long enough that a remote can fail over in the middle of it. */
const SYNC_SECONDS = 90;

/** Remotes whose sync is under way on their primary. */
function underWay({ fleet }: SyncStage): FleetRemote[] {
  return fleet.remotes.filter(({ hosts }) =>
    hosts.some(({ role, syncs }) => role === 'primary' && syncs.some(({ endedAt }) => endedAt === undefined)),
  );
}

export const bothEndsMirrored: Scenario = {
  name: 'both-ends-mirrored',
  story: `The consolidated pair fails over while ${REMOTES} mirrored remotes synchronize, ${FAIL_OVER_BEFORE + FAIL_OVER_DURING} of which fail over too.`,
  needs: 'a mirrored remote over a mirrored pair',
  startsAt: BEFORE_THE_HOUR,
  quiet: true,
  partial: true,
  async play(stage) {
    const { world, record, checks } = stage;
    await untilPairIsTracked(stage);
    const on = await withFleet(stage, { singles: 0, pairs: REMOTES });
    for (const host of on.fleet.hosts) host.usualSync = { seconds: SYNC_SECONDS, exitCode: 0 };
    const before = record.last?.epoch ?? 0;
    const slot = nextSlot(world.clock.now());
    const early = on.fleet.remotes.slice(0, FAIL_OVER_BEFORE);
    stage.say(`${early.length} remotes fail over before the round; the registry knows their old primaries`);
    for (const remote of early) await on.fleet.failOver(remote);
    await world.clock.runUntil(slot);
    const windowEnd = slot + on.syncs.schedule.windowSeconds * SECOND;
    while (underWay(on).length < FAIL_OVER_BEFORE + FAIL_OVER_DURING && world.clock.now() < windowEnd) {
      await world.clock.run(2 * SECOND);
    }
    const late = underWay(on)
      .filter((remote) => !early.includes(remote))
      .slice(0, FAIL_OVER_DURING);
    stage.say(`${late.length} remotes fail over in the middle of their sync`);
    for (const remote of late) await on.fleet.failOver(remote);
    checks.promise(
      'remotes fail over in the middle of a sync',
      late.length === FAIL_OVER_DURING,
      late.map(({ name }) => name).join(', '),
    );
    stage.say('the server of the consolidated primary dies');
    const from = world.clock.now();
    world.pair.kill('first');
    await untilDeadline(on, slot);
    oneEpochForThePair(stage, from, before, 'second');
    heldBackWhileAway(on, slot, from);
    // A sync that lost its database is a failure that is told; the next run makes it good.
    await runKeptItsPromises(on, slot, (remote) => (late.includes(remote) ? ['failed'] : ['synchronized']));
    checks.promise(
      'a remote that had failed over before is synchronized on its partner in the same run',
      early.every(({ hosts: [, partner] }) => partner?.syncs.some(({ exitCode }) => exitCode === 0)),
      `${early.length} remotes`,
    );
    costOfRun(on, slot);
    stage.say('the next round');
    const next = slot + HOUR;
    await world.clock.runUntil(next - 2 * MINUTE);
    await untilDeadline(on, next);
    await runKeptItsPromises(on, next, () => ['synchronized']);
  },
};
