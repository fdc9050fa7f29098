import { neverBlind, oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Scenario } from './scenario';

export const failoverWithoutEvents: Scenario = {
  name: 'failover-without-events',
  story: 'The database fails over and every event of it is lost: RDS promises none.',
  needs: 'a primary tracker',
  async play(stage) {
    const { world, record } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    world.bus.tamper = () => {};
    stage.say('the primary’s zone goes dark, and no event tells of it');
    const course = world.failOver();
    await world.clock.run(8 * MINUTE);
    oneEpochInTime(stage, course, before);
    neverBlind(stage, course.startedAt);
  },
};
