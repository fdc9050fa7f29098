import { neverBlind, untilTracked } from './promises';
import { MINUTE, type Scenario } from './scenario';

const LENGTH = 60 * MINUTE;

export const steadyState: Scenario = {
  name: 'steady-state',
  story: 'Nothing happens for an hour.',
  needs: 'a primary tracker',
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const from = world.clock.now();
    await world.clock.run(LENGTH);
    neverBlind(stage, from);
    checks.promise(
      'without a failover there is one epoch and one state',
      record.states.every((it) => it.epoch === 1 && it.state === 'stable'),
      `${record.states.length} writes, last ${record.last?.state} in epoch ${record.last?.epoch}`,
    );
    const age = record.last ? world.clock.now() - record.last.observedAt : Number.POSITIVE_INFINITY;
    checks.promise('the record is never older than two minutes', age <= 2 * MINUTE, `it is ${age / 1000} s old`);
    const hourly = (operation: RegExp) =>
      world.wire.requests.entries.filter((it) => it.at >= from && operation.test(it.operation)).length;
    checks.measure('calls of the RDS API in an hour', hourly(/^Describe/), 'count');
    checks.measure('writes in an hour', hourly(/^(Put|Update)Item$/), 'count');
  },
};
