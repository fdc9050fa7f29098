import { untilTracked } from './promises';
import { HOUR, MINUTE, type Scenario, SECOND } from './scenario';
import { runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, callsOf, fire, nextSlot, runIdOf, toldOf, untilDeadline, withFleet } from './sync-stage';

export const syncFiredAgain: Scenario = {
  name: 'sync-fired-again',
  story:
    'A slot fires three times, queues deliver every fifth message twice and in any order, and slots of an outage come late.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    const { world, checks } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 24, pairs: 8, moved: 2 });
    Object.assign(world.queues.sqs.faults, { duplicateProbability: 0.2, shuffled: true });
    const slot = nextSlot(world.clock.now());
    world.clock.at(slot + 70 * SECOND, 'the slot fires again', () => fire(on, slot));
    world.clock.at(slot + 4 * MINUTE, 'the slot fires once more', () => fire(on, slot));
    const late = slot - on.syncs.schedule.startWithinSeconds * SECOND - HOUR;
    const superseded = slot - MINUTE;
    world.clock.at(slot + 5 * MINUTE, 'slots of an outage come late', () => {
      fire(on, late);
      fire(on, superseded);
    });
    await untilDeadline(on, slot);
    // A duplicate can be delivered long after its original was worked off.
    await world.clock.run(5 * MINUTE);
    await runKeptItsPromises(on, slot, () => ['synchronized']);
    for (const [reason, old] of [
      ['late', late],
      ['superseded', superseded],
    ] as const) {
      const told = toldOf(on, runIdOf(on, old));
      checks.promise(
        `a slot that comes ${reason === 'late' ? 'too late' : 'after a younger one'} is skipped, and told of`,
        told.length > 0 && told.every(({ skipped }) => skipped === reason),
        told.map(({ skipped }) => String(skipped)).join(', ') || 'nothing was told',
      );
    }
    const hosts = callsOf(on, slot, 'SendCommand').flatMap(
      ({ body }) => (JSON.parse(body) as { InstanceIds: string[] }).InstanceIds,
    );
    const most = on.fleet.remotes.reduce((sum, it) => sum + (it.hosts.length > 1 ? 2 : 1), 0);
    checks.promise(
      'nothing is ordered twice',
      hosts.length <= most,
      `${hosts.length} hosts were commanded for ${on.fleet.remotes.length} remotes`,
    );
  },
};
