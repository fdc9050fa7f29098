import { oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Scenario, SECOND } from './scenario';
import { heldBackWhileAway, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, untilDeadline, withFleet } from './sync-stage';

export const syncFailover: Scenario = {
  name: 'sync-failover',
  story: 'The consolidated database fails over in the middle of a round: what is not sent yet waits until it is back.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 216, pairs: 4 });
    const before = record.last?.epoch ?? 0;
    const slot = nextSlot(world.clock.now());
    // The first fifty of each shard are on their way, the others are due towards the end of the window.
    await world.clock.runUntil(slot + 0.8 * on.syncs.schedule.windowSeconds * SECOND);
    stage.say('the primary’s zone goes dark while commands are being sent');
    const course = world.failOver();
    await untilDeadline(on, slot);
    oneEpochInTime(stage, course, before);
    const sent = heldBackWhileAway(on, slot, course.startedAt);
    await runKeptItsPromises(on, slot, () => ['synchronized']);
    checks.promise(
      'the round ends within its window, the failover and ten minutes',
      sent.every(({ at }) => at <= slot + on.syncs.schedule.windowSeconds * SECOND + 15 * MINUTE),
      `the last command ${((Math.max(...sent.map(({ at }) => at)) - slot) / MINUTE).toFixed(1)} min after the slot`,
    );
  },
};
