import type { FleetRemote } from '../world/fleet';
import { untilTracked } from './promises';
import { MINUTE, type Scenario } from './scenario';
import { runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, untilDeadline, withFleet } from './sync-stage';

export const syncUnreachable: Scenario = {
  name: 'sync-unreachable',
  story:
    'Every second host is offline, two are gone for good, and a quarter of the offline ones come back during the round.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    const { world } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 20, pairs: 12, moved: 4, unknown: 2, failing: 1 });
    const { hosts } = on.fleet;
    // Of every two pairs one has lost its primary, the other its mirror.
    const away = hosts.filter((_host, index) => index % 4 === 1 || index % 4 === 2);
    const returning = new Set(away.filter((_host, index) => index % 4 === 0));
    const gone = new Set(away.filter((host) => !returning.has(host)).slice(0, 2));
    for (const host of away) host.disconnect();
    for (const host of gone) host.registered = false;
    const slot = nextSlot(world.clock.now());
    world.clock.at(slot + 12 * MINUTE, 'hosts come back', async () => {
      stage.say(`${returning.size} of ${away.length} offline hosts come back`);
      for (const host of returning) await host.connect();
    });
    stage.say(
      `${away.length} of ${hosts.length} hosts are offline, Systems Manager does not know ${gone.size} of them`,
    );
    await untilDeadline(on, slot);
    const expected = ({ name, hosts: own }: FleetRemote) => {
      if (name.startsWith('failing')) return ['failed', 'unreachable'];
      const primary = own.find(({ role }) => role === 'primary');
      if (primary && returning.has(primary)) return ['synchronized', 'unreachable'];
      return primary && !away.includes(primary) ? ['synchronized'] : ['unreachable'];
    };
    await runKeptItsPromises(on, slot, expected);
  },
};
