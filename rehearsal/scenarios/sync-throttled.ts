import { untilTracked } from './promises';
import { MINUTE, type Scenario, SECOND } from './scenario';
import { runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, callsOf, nextSlot, untilDeadline, withFleet } from './sync-stage';

export const syncThrottled: Scenario = {
  name: 'sync-throttled',
  story:
    'Systems Manager throttles for three minutes, one answer is lost, and commands are cancelled since too many are waiting.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    const { world, checks } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 40, pairs: 6 });
    const slot = nextSlot(world.clock.now());
    world.ssm.limit({ burst: 1, perSecond: 1 / 60 });
    world.ssm.pendingQuota = 8;
    world.wire.faults.push({
      matches: ({ operation }) => operation === 'SendCommand',
      effect: { kind: 'drop-after' },
      times: 1,
    });
    world.clock.at(slot + 3 * MINUTE, 'throttling ends', () => {
      stage.say('no call is throttled any more, but the account may have 8 invocations waiting');
      world.ssm.unlimit();
    });
    world.clock.at(slot + 9 * MINUTE, 'the quota is lifted', () => {
      stage.say('the account may have as many as it likes');
      world.ssm.pendingQuota = Number.POSITIVE_INFINITY;
    });
    await untilDeadline(on, slot);
    await runKeptItsPromises(on, slot, () => ['synchronized']);
    const refused = callsOf(on, slot, 'SendCommand').filter(({ outcome }) => outcome === '400');
    const gaps = [...shardsOf(refused).values()].flatMap((times) =>
      times.slice(2).map((time, index) => time - (times[index + 1] ?? time)),
    );
    checks.promise(
      'who is throttled waits longer each time, up to half a minute and more',
      refused.length > 0 && gaps.every((gap) => gap >= 3 * SECOND),
      `${refused.length} calls were refused, the shortest pause after the second ${(Math.min(...gaps, 600_000) / SECOND).toFixed(0)} s`,
    );
  },
};

/** When each batch was refused, by the comment that names it. */
function shardsOf(refused: readonly { at: number; body: string }[]): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { at, body } of refused) {
    const { Comment } = JSON.parse(body) as { Comment: string };
    times.set(Comment, [...(times.get(Comment) ?? []), at]);
  }
  return times;
}
