import { ServiceError } from '../cloud/service';
import { untilTracked } from './promises';
import { HOUR, type Scenario } from './scenario';
import { outcomesOf } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, runIdOf, toldOf, withFleet } from './sync-stage';

export const syncDeadLetters: Scenario = {
  name: 'sync-dead-letters',
  story:
    'The ledger refuses every write for two hours: messages end as dead letters, and after a redrive the run goes on.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  expects: ['the table is away', 'moved to', 'dead'],
  async play(stage) {
    const { world, checks } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 3, pairs: 0 });
    const slot = nextSlot(world.clock.now());
    const runId = runIdOf(on, slot);
    const away = {
      matches: ({ operation, body }: { operation: string; body: string }) =>
        operation === 'UpdateItem' && body.includes('"settled') === false && body.includes('settled = :settled'),
      effect: { kind: 'refuse' as const, error: new ServiceError('InternalServerError', 'the table is away', 500) },
    };
    world.wire.faults.push(away);
    await world.clock.runUntil(slot + 2 * HOUR);
    const dead = world.queues.sqs.backlog().filter(isDead);
    checks.promise(
      'what cannot be worked off ends in the dead-letter queue',
      dead.length > 0,
      dead.map(({ messages }) => `${messages} messages`).join(', ') || 'no dead letters',
    );
    world.wire.faults.length = 0;
    stage.say('the table is back, and somebody starts the redrive');
    for (const { arn } of dead) world.queues.sqs.redrive(arn);
    await world.clock.run(HOUR / 4);
    stage.say('what had been received ten times by then has followed; the redrive is started once more');
    for (const { arn } of world.queues.sqs.backlog().filter(isDead)) world.queues.sqs.redrive(arn);
    await world.clock.run(HOUR / 4);
    const outcomes = await outcomesOf(on, runId);
    const good = [...outcomes.values()].filter((it) => it.length === 1 && it[0] === 'synchronized');
    checks.promise(
      'after the redrive every remote of the run has its outcome, and the run is told of',
      good.length === on.fleet.remotes.length && toldOf(on, runId).length > 0,
      `${good.length} of ${on.fleet.remotes.length} synchronized`,
    );
    const backlog = world.queues.sqs.backlog();
    checks.promise(
      'no message is left',
      backlog.length === 0,
      backlog.map(({ arn, messages }) => `${messages} in ${arn}`).join(', ') || 'every queue is empty',
    );
    const complaints = on.fleet.complaints();
    checks.promise('no host complains', complaints.length === 0, complaints.join('; ') || 'none does');
  },
};

function isDead({ arn }: { arn: string }): boolean {
  return /DeadLetters/.test(arn);
}
