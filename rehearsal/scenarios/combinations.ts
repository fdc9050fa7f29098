import { oneEpochForThePair, untilPairIsTracked } from './pair-promises';
import { oneEpochInTime, untilTracked } from './promises';
import { type Need, type Scenario, SECOND } from './scenario';
import { runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, untilDeadline, withFleet } from './sync-stage';

/** What is left of a combination when the other scenarios have been played: its own remotes, through a failover of its database. */
function combination(name: string, needs: Need, over: 'RDS' | 'a mirrored pair'): Scenario {
  return {
    name,
    story: `The deployed remote synchronizes while its consolidated database, ${over}, fails over; its hosts are those of its groups.`,
    needs,
    startsAt: BEFORE_THE_HOUR,
    quiet: true,
    async play(stage) {
      const { world, record, checks } = stage;
      await (over === 'RDS' ? untilTracked(stage) : untilPairIsTracked(stage));
      const on = await withFleet(stage, { singles: 4, pairs: 4 });
      const deployed = on.fleet.remotes.filter(({ name: remote }) => remote === world.deployedRemotes[0]?.remoteName);
      checks.promise(
        'the deployment has registered its remote with the instances of its groups',
        deployed.length === 1 && world.customResources.unanswered.length === 0,
        deployed.flatMap(({ hosts }) => hosts.map(({ id }) => id)).join(', '),
      );
      const before = record.last?.epoch ?? 0;
      const slot = nextSlot(world.clock.now());
      await world.clock.runUntil(slot + 20 * SECOND);
      if (over === 'RDS') {
        const course = world.failOver();
        await untilDeadline(on, slot);
        oneEpochInTime(stage, course, before);
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
];
