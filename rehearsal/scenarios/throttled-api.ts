import { throttled } from '../cloud/rds';
import { oneEpochInTime, untilTracked } from './promises';
import { MINUTE, ONE_POLL, type Scenario } from './scenario';

export const throttledApi: Scenario = {
  name: 'throttled-api',
  story: 'The database fails over while the RDS API throttles every call of the account.',
  needs: 'a primary tracker',
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    stage.say('the RDS API throttles every call, and the primary’s zone goes dark');
    const fault = {
      matches: ({ service }: { service: string }) => service === 'rds',
      effect: { kind: 'refuse' as const, error: throttled() },
    };
    world.wire.faults.push(fault);
    const course = world.failOver();
    await world.clock.runUntil(course.apiTellsAt + 2 * MINUTE);
    checks.promise(
      'what cannot be observed changes nothing',
      record.last?.epoch === before,
      `epoch ${record.last?.epoch} while the API gave no answer`,
    );
    world.wire.faults.length = 0;
    stage.say('the RDS API answers again');
    const answersAgainAt = world.clock.now();
    await world.clock.run(8 * MINUTE);
    oneEpochInTime(stage, { ...course, apiTellsAt: answersAgainAt }, before, ONE_POLL);
  },
};
