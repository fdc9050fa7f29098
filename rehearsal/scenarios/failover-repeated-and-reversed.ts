import type { CloudEvent } from '../cloud/rds-failover';
import { heardEveryEvent, oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Scenario, SECOND } from './scenario';

export const failoverRepeatedAndReversed: Scenario = {
  name: 'failover-repeated-and-reversed',
  story:
    'The events of a failover arrive twice, in the reverse order, and the first of them once more long after the end.',
  needs: 'a primary tracker',
  async play(stage) {
    const { world, record } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    const kept: { event: CloudEvent; deliver: (event: CloudEvent, delay: number) => void }[] = [];
    world.bus.tamper = (event, deliver) => kept.push({ event, deliver });
    stage.say('the primary’s zone goes dark; its events are held back');
    const course = world.failOver();
    await world.clock.runUntil(course.completedAt + 2 * SECOND);
    stage.say('the events arrive, the last one first, and each of them twice');
    for (const [index, { event, deliver }] of kept.reverse().entries()) {
      deliver(event, index * SECOND);
      deliver(event, index * SECOND + 3 * SECOND);
    }
    const [, , first] = kept;
    first?.deliver(first.event, 6 * MINUTE);
    await world.clock.run(9 * MINUTE);
    oneEpochInTime(stage, course, before);
    heardEveryEvent(stage);
  },
};
