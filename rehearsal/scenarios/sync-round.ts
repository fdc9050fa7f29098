import { untilTracked } from './promises';
import type { Scenario } from './scenario';
import { costOfRun, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, untilDeadline, withFleet } from './sync-stage';

export const syncRound: Scenario = {
  name: 'sync-round',
  story:
    '200 remotes synchronize, a third of them pairs; 12 pairs have just changed their primary, 6 are new, 3 remotes are paused, and 2 fail.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 133, pairs: 67, moved: 12, unknown: 6, paused: 3, failing: 2 });
    const slot = nextSlot(stage.world.clock.now());
    await untilDeadline(on, slot);
    await runKeptItsPromises(on, slot, ({ name, paused }) => {
      if (name.startsWith('failing')) return ['failed'];
      return [paused ? 'paused' : 'synchronized'];
    });
    costOfRun(on, slot);
  },
};
