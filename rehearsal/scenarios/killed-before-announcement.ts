import { announcedOnce, untilTracked } from './promises';
import { MINUTE, type Scenario, SECOND } from './scenario';

export const killedBeforeAnnouncement: Scenario = {
  name: 'killed-before-announcement',
  story: 'The function is killed after it wrote the new primary and before it announced it.',
  needs: 'a primary tracker',
  expects: ['the environment died'],
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    world.wire.faults.push({
      matches: ({ operation, body }) => operation === 'PutItem' && body.includes(`"epoch":{"N":"${before + 1}"}`),
      effect: { kind: 'kill-after' },
      times: 1,
    });
    stage.say('the primary’s zone goes dark; the tracker will be killed at the worst moment');
    const course = world.failOver();
    await world.clock.run(9 * MINUTE);
    const written = record.first(course.startedAt, (it) => it.epoch === before + 1);
    const killed = world.ended.some(({ result }) => result.outcome === 'killed');
    checks.promise('the function was killed between write and announcement', killed, killed ? 'killed' : 'it lived');
    announcedOnce(stage, before + 1, written?.at);
    const announced = world.bus.published.find(
      ({ event }) => event['detail-type'] === 'MobiLink Primary Changed' && event.detail.epoch === before + 1,
    );
    const healed = announced && written ? announced.at - written.at : undefined;
    checks.promise(
      'the next watch announces it, within two minutes and a cold start',
      healed !== undefined && healed <= 2 * MINUTE + 15 * SECOND,
      healed === undefined ? 'never announced' : `after ${(healed / SECOND).toFixed(1)} s`,
    );
    checks.promise(
      'one failover is one epoch',
      record.last?.epoch === before + 1 && record.last.announcedEpoch === before + 1,
      `epoch ${record.last?.epoch}, announced ${record.last?.announcedEpoch}`,
    );
  },
};
