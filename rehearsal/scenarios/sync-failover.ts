import { oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Scenario, SECOND } from './scenario';
import { runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, callsOf, nextSlot, untilDeadline, withFleet } from './sync-stage';

/** From the record's change until nobody who read it before can still send. */
const READ_BEFORE = 5 * SECOND;

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
    const away = record.first(course.startedAt, (it) => it.state === 'failing-over');
    const back = record.first(away?.at ?? course.startedAt, (it) => it.state === 'stable');
    const sent = callsOf(on, slot, 'SendCommand');
    const during = sent.filter(({ at }) => away && back && at > away.at + READ_BEFORE && at < back.at);
    checks.promise(
      'no command is sent while the record says that the database is away',
      away !== undefined && back !== undefined && during.length === 0,
      away && back ? `${during.length} in ${((back.at - away.at) / SECOND).toFixed(0)} s` : 'it never said so',
    );
    const after = sent.filter(({ at }) => back && at >= back.at);
    checks.promise(
      'what waited is sent when it is back',
      after.length > 0,
      `${sent.length - after.length} commands before, ${after.length} after it`,
    );
    const first = after[0];
    checks.measure('sent after the database was back', first && back ? first.at - back.at : undefined, 's');
    await runKeptItsPromises(on, slot, () => ['synchronized']);
    checks.promise(
      'the round ends within its window, the failover and ten minutes',
      sent.every(({ at }) => at <= slot + on.syncs.schedule.windowSeconds * SECOND + 15 * MINUTE),
      `the last command ${((Math.max(...sent.map(({ at }) => at)) - slot) / MINUTE).toFixed(1)} min after the slot`,
    );
  },
};
