import { oneEpochForThePair, untilPairIsTracked } from './pair-promises';
import { oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Need, type Scenario, SECOND, type Stage } from './scenario';
import { heldBackWhileAway, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, untilDeadline, withFleet } from './sync-stage';

/** The one server is primary by its first answer. */
async function untilServerIsTracked({ world, record, checks }: Stage): Promise<void> {
  await world.clock.run(3 * MINUTE);
  checks.promise(
    'the server is known as primary within three minutes of the deployment',
    record.last?.state === 'stable' && record.last.memberId === world.site.single?.server,
    `${record.last?.state}, ${record.last?.memberId}`,
  );
}

/** What is left of a combination when the other scenarios have been played: its own remotes, through a failover of its database. */
function combination(name: string, needs: Need, over: 'RDS' | 'a mirrored pair' | 'a single server'): Scenario {
  return {
    name,
    story: `The deployed remote synchronizes while its consolidated database, ${over}, fails over; its hosts are those of its groups.`,
    needs,
    startsAt: BEFORE_THE_HOUR,
    quiet: true,
    partial: true,
    async play(stage) {
      const { world, record, checks } = stage;
      await { RDS: untilTracked, 'a mirrored pair': untilPairIsTracked, 'a single server': untilServerIsTracked }[over](
        stage,
      );
      const on = await withFleet(stage, { singles: 4, pairs: 4 });
      const deployed = on.fleet.remotes.filter(({ name: remote }) => remote === world.deployedRemotes[0]?.remoteName);
      checks.promise(
        'the deployment has registered its remote with the instances of its groups',
        deployed.length === 1 && world.customResources.unanswered.length === 0,
        deployed.flatMap(({ hosts }) => hosts.map(({ id }) => id)).join(', '),
      );
      const before = record.last?.epoch ?? 0;
      const slot = nextSlot(world.clock.now());
      // Some are on their way; with a single server that is gone, the others wait until it is back.
      await world.clock.runUntil(slot + 20 * SECOND);
      if (over === 'RDS') {
        const course = world.failOver();
        await untilDeadline(on, slot);
        oneEpochInTime(stage, course, before);
      } else if (over === 'a single server') {
        stage.say('the server is gone, and comes back after two minutes');
        world.site.single?.kill();
        await world.clock.run(2 * MINUTE);
        world.site.single?.start();
        await untilDeadline(on, slot);
        heldBackWhileAway(on, slot, slot);
        checks.promise(
          'a server that comes back is the same primary, in the same epoch',
          record.last?.state === 'stable' && record.last.epoch === before,
          `${record.last?.state}, epoch ${record.last?.epoch}`,
        );
      } else {
        const from = world.clock.now();
        world.pair.kill('first');
        await untilDeadline(on, slot);
        oneEpochForThePair(stage, from, before, 'second');
      }
      await runKeptItsPromises(on, slot, () => ['synchronized']);
    },
  };
}

export const COMBINATIONS: readonly Scenario[] = [
  combination('mirrored-remotes-over-rds', 'a mirrored remote over RDS', 'RDS'),
  combination('single-remotes-over-rds', 'a single remote over RDS', 'RDS'),
  combination('single-remotes-over-a-pair', 'a single remote over a mirrored pair', 'a mirrored pair'),
  combination('mirrored-remotes-over-a-server', 'a mirrored remote over a single server', 'a single server'),
];
