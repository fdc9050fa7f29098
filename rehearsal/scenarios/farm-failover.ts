import { Farm } from '../farm/farm';
import { reconnectFigures } from '../farm/reconnect-figures';
import { oneEpochInTime, untilTracked } from './promises';
import { type Scenario, SECOND } from './scenario';
import { outcomesOf, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, fire, nextSlot, runIdOf, type SyncStage, untilDeadline, withFleet } from './sync-stage';

/** As many as there are ways in which a server may behave. */
const SERVERS = 5;

/** Design, invariant 4. */
const BACK_WITHIN = 10 * SECOND;

export const farmFailover: Scenario = {
  name: 'farm-failover',
  story:
    'The consolidated database fails over while remotes synchronize: the MobiLink servers lose it and are back in the time that the drill has measured.',
  needs: 'a sync schedule',
  startsAt: BEFORE_THE_HOUR,
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 40, pairs: 0 });
    const figures = reconnectFigures();
    const farm = new Farm(SERVERS, figures, { clock: world.clock, chance: world.chance.fork('farm') });
    stage.say(`the farm reconnects as the drill of ${figures.measuredAt.slice(0, 10)} measured it`);
    const before = record.last?.epoch ?? 0;
    const slot = nextSlot(world.clock.now());
    const underWay = () => on.fleet.hosts.filter(({ syncs }) => syncs.length > 0).length;
    while (underWay() < on.fleet.hosts.length / 2) await world.clock.run(SECOND);
    const course = world.failOver();
    stage.say('the primary of the consolidated database is gone, and every server of the farm with it');
    farm.loseDatabase();
    await Promise.all(on.fleet.hosts.map((host) => host.loseServer()));
    await world.clock.runUntil(course.completedAt);
    stage.say('the consolidated database accepts logins');
    farm.databaseIsBack((server) => findAgain(on, farm, server.name));
    await untilDeadline(on, slot);

    oneEpochInTime(stage, course, before);
    const lasts = farm.servers.map(({ reconnected = Number.NaN }) => reconnected);
    checks.promise(
      'every server serves again within 10 s of the database accepting logins',
      farm.servers.every(({ isServing }) => isServing) && lasts.every((it) => it <= BACK_WITHIN),
      farm.servers.map(({ title, reconnected = 0 }) => `${title}: ${(reconnected / SECOND).toFixed(1)} s`).join(', '),
    );
    await runKeptItsPromises(on, slot, () => ['synchronized', 'failed']);
    const outcomes = [...(await outcomesOf(on, runIdOf(on, slot))).values()].flat();
    const failed = outcomes.filter((it) => it === 'failed').length;
    const late = on.fleet.hosts
      .flatMap(({ syncs }) => syncs)
      .filter(({ startedAt, exitCode }) => startedAt > course.completedAt + BACK_WITHIN && exitCode !== 0);
    checks.promise(
      'only syncs that met the outage fail, and none that began when the servers were back',
      failed > 0 && late.length === 0,
      `${failed} of ${outcomes.length} failed, ${late.length} of them too late`,
    );
    checks.measure(
      'the farm away, from the primary gone to its last server',
      course.completedAt - course.startedAt + Math.max(...lasts),
      's',
    );

    const second = Math.floor(world.clock.now() / SECOND) * SECOND;
    fire(on, second);
    await untilDeadline(on, second);
    const made = [...(await outcomesOf(on, runIdOf(on, second))).values()].flat();
    checks.promise(
      'the next round makes good what failed',
      made.length === on.fleet.remotes.length && made.every((it) => it === 'synchronized'),
      `${made.filter((it) => it === 'synchronized').length} of ${made.length} synchronized`,
    );
  },
};

/** The remotes that the load balancer leads to a server find it again. */
function findAgain({ fleet }: SyncStage, farm: Farm, name: string): void {
  for (const { name: remote, hosts } of fleet.remotes) {
    if (farm.serverOf(remote).name === name) for (const host of hosts) host.findServer();
  }
}
