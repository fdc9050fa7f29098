import { announcedOnce, untilTracked } from './promises';
import { MINUTE, ONE_POLL, type Scenario, SECOND } from './scenario';

export const blueGreen: Scenario = {
  name: 'blue-green',
  story: 'Another database takes over the name of the consolidated one: the switch-over of a blue/green deployment.',
  needs: 'a primary tracker',
  partial: true,
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    const course = world.switchOver();
    await world.clock.run(8 * MINUTE);
    const changed = record.first(course.startedAt, ({ epoch }) => epoch === before + 1);
    const lag = changed && changed.at - course.apiTellsAt;
    checks.measure('detected after the API told', lag, 's');
    checks.promise(
      `the database that took over the name is the primary within ${ONE_POLL / SECOND} s, in one epoch`,
      lag !== undefined &&
        lag >= 0 &&
        lag <= ONE_POLL &&
        record.last?.epoch === before + 1 &&
        record.last.memberId.startsWith(`${world.database.resourceId}/`),
      lag === undefined ? 'the record never changed' : `after ${(lag / SECOND).toFixed(1)} s, ${record.last?.memberId}`,
    );
    announcedOnce(stage, before + 1, changed?.at);
    const invoked = world.ended.filter(
      ({ payload }) => (payload as { 'detail-type'?: string })['detail-type'] === 'RDS Blue Green Deployment Event',
    );
    checks.promise(
      'the events of the deployment, which name no database, lead to the tracker',
      invoked.length > 0 && invoked.every(({ result }) => result.outcome === 'returned'),
      `${invoked.length} events`,
    );
    checks.promise(
      'the record ends stable, and the name leads where the record says',
      record.last?.state === 'stable' && record.last.addresses.join() === world.database.addresses.join(),
      `${record.last?.state}, ${record.last?.addresses.join()}`,
    );
  },
};
