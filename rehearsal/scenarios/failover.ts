import { heardEveryEvent, neverBlind, oneEpochInTime, untilTracked } from './promises';
import { MINUTE, ONE_POLL, type Scenario } from './scenario';

export const failover: Scenario = {
  name: 'failover',
  story: 'The database fails over; its events arrive, each after its own delay.',
  needs: 'a primary tracker',
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    stage.say('the primary’s zone goes dark');
    const course = world.failOver();
    await world.clock.run(8 * MINUTE);
    oneEpochInTime(stage, course, before);
    heardEveryEvent(stage);
    neverBlind(stage, course.startedAt);
    const noticed = record.first(course.startedAt, (it) => it.state === 'failing-over');
    const started = world.bus.published.find(({ event }) => event.detail.EventID === 'RDS-EVENT-0013');
    checks.measure('noticed after the failover began', noticed && noticed.at - course.startedAt, 's');
    checks.promise(
      'a failover is noticed within one poll of the event that says so',
      noticed !== undefined && started !== undefined && noticed.at - started.at <= ONE_POLL,
      noticed ? `${((noticed.at - course.startedAt) / 1000).toFixed(1)} s after it began` : 'it was never noticed',
    );
  },
};
