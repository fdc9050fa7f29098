import { oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Scenario, type Stage } from './scenario';

/** Signals that come to nothing: the primary stays, in its epoch, and what was seen of them is over in the end. */
function cameToNothing(
  { world, record, checks }: Stage,
  from: number,
  before: number,
  eventIds: readonly string[],
): void {
  const heard = world.ended.filter(({ payload }) =>
    eventIds.includes((payload as { detail?: { EventID?: string } }).detail?.EventID ?? ''),
  );
  checks.promise(
    'every event of it leads to the tracker',
    heard.length === eventIds.length && heard.every(({ result }) => result.outcome === 'returned'),
    `${heard.length} of ${eventIds.length} events`,
  );
  const epochs = [...new Set(record.states.filter(({ at }) => at >= from).map(({ epoch }) => epoch))];
  checks.promise(
    'nobody becomes primary by it, and the record ends stable in the same epoch',
    record.last?.state === 'stable' && record.last.epoch === before && epochs.every((epoch) => epoch === before),
    `${record.last?.state}, epoch ${record.last?.epoch}: ${record.last?.cause}`,
  );
}

const CANCELLED = ['0247', '0250', '0259', '0252', '0261', '0249'].map((id) => `RDS-EVENT-${id}`);

export const blueGreenCancelled: Scenario = {
  name: 'blue-green-cancelled',
  story: 'The switch-over of a blue/green deployment begins and is cancelled: the database keeps its name.',
  needs: 'a primary tracker',
  partial: true,
  async play(stage) {
    const { world, record } = stage;
    await untilTracked(stage);
    const [before, from] = [record.last?.epoch ?? 0, world.clock.now()];
    world.cancelSwitchOver();
    await world.clock.run(8 * MINUTE);
    cameToNothing(stage, from, before, CANCELLED);
  },
};

export const failoverAbandoned: Scenario = {
  name: 'failover-abandoned',
  story: 'The database fails over; somebody asks for another failover at once, and RDS says that it will not.',
  needs: 'a primary tracker',
  partial: true,
  async play(stage) {
    const { world, record } = stage;
    await untilTracked(stage);
    const first = record.last?.epoch ?? 0;
    const course = world.failOver();
    await world.clock.run(4 * MINUTE);
    oneEpochInTime(stage, course, first);
    const [before, from] = [record.last?.epoch ?? 0, world.clock.now()];
    world.abandonFailover();
    await world.clock.run(4 * MINUTE);
    cameToNothing(stage, from, before, ['RDS-EVENT-0034']);
  },
};
