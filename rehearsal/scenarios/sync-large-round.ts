import { untilTracked } from './promises';
import type { Scenario } from './scenario';
import { costOfRun, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, untilDeadline, withFleet } from './sync-stage';

export const syncLargeRound: Scenario = {
  name: 'sync-large-round',
  story: '2000 remotes synchronize, a third of them pairs whose primary is known.',
  needs: 'a sync schedule',
  onDemand: 'it runs two thousand scripts',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 1_333, pairs: 667 });
    const slot = nextSlot(stage.world.clock.now());
    await untilDeadline(on, slot);
    await runKeptItsPromises(on, slot, () => ['synchronized']);
    costOfRun(on, slot);
  },
};
