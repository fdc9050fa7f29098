import { Farm, type FarmServer } from '../farm/farm';
import { reconnectFigures } from '../farm/reconnect-figures';
import type { RotationEnd } from '../world/rotations';
import { untilTracked } from './promises';
import { HOUR, MINUTE, type Scenario, SECOND, type Stage } from './scenario';
import { outcomesOf, runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, fire, nextSlot, runIdOf, type SyncStage, untilDeadline, withFleet } from './sync-stage';

const SERVERS = 5;

/** A look each minute, restarts spread over another one, half a minute for the last syncs, and the start itself. */
const ALL_AGAIN_WITHIN = 160 * SECOND;

/** As the stand-in of ECS has it. */
const TASK_LASTS = 53 * SECOND;

const WORDS = 'the database refuses the current password';

export const rotation: Scenario = {
  name: 'rotation',
  story:
    'The login of MobiLink is rotated in the middle of a round, after two goes that failed: the servers restart in place, one by one.',
  needs: 'a login that is rotated',
  startsAt: BEFORE_THE_HOUR - 30 * MINUTE,
  expects: ['The rotation of the login'],
  async play(stage) {
    const { world, record, checks } = stage;
    await untilTracked(stage);
    const before = record.last?.epoch ?? 0;
    const login = () => world.secrets.current(world.rotations.secret.secretArn);
    const old = login();
    const version = await failTwice(stage, old);

    const on = await withFleet(stage, { singles: 60, pairs: 0 });
    const farm = new Farm(SERVERS, reconnectFigures(), { clock: world.clock, chance: world.chance.fork('farm') });
    const slot = nextSlot(world.clock.now());
    // The servers restart in the two minutes after that: the round meets some before, some in it, and some after it.
    await world.clock.runUntil(slot - TASK_LASTS - MINUTE);
    const rotating = begin(stage, version);
    while (login() === old) await world.clock.run(SECOND);
    const rotatedAt = world.clock.now();
    stage.say('the new password is in force');
    const left: { server: FarmServer; from: number; to?: number }[] = [];
    farm.loginIsRotated(
      async (server) => {
        left.push({ server, from: world.clock.now() });
        for (const host of hostsOf(on, farm, server)) await host.missServer();
      },
      (server) => {
        const away = left.find((it) => it.server === server);
        if (away) away.to = world.clock.now();
        for (const host of hostsOf(on, farm, server)) host.findServer();
      },
    );
    await untilDeadline(on, slot);

    const end = rotating.end();
    checks.promise(
      'the third go rotates the login, of the same user',
      end !== undefined && end.failed === undefined && userOf(login()) === userOf(old) && login() !== old,
      end?.failed ? `${end.failed}: ${end.message}` : 'all four steps',
    );
    checks.promise(
      `every server serves again with it within ${ALL_AGAIN_WITHIN / SECOND} s`,
      left.length === SERVERS && left.every(({ to }) => to !== undefined && to - rotatedAt <= ALL_AGAIN_WITHIN),
      left.map(({ to = Number.NaN }) => `${((to - rotatedAt) / SECOND).toFixed(0)} s`).join(', '),
    );
    await runKeptItsPromises(on, slot, () => ['synchronized', 'failed']);
    const syncs = on.fleet.hosts.flatMap((host) => host.syncs.map((sync) => ({ sync, host })));
    const isAway = (remote: string, at: number) =>
      left.some((it) => farm.serverOf(nameOf(remote)) === it.server && at >= it.from && at <= (it.to ?? at));
    const wrong = syncs.filter(({ sync }) => sync.exitCode !== 0 && !isAway(sync.remote, sync.startedAt));
    checks.promise(
      'only syncs fail that began while their server restarted, and none that was under way',
      wrong.length === 0,
      `${syncs.filter(({ sync }) => sync.exitCode !== 0).length} of ${syncs.length} failed, ${wrong.length} for no reason`,
    );
    checks.measure('from the new password in force to the last server with it', lastOf(left) - rotatedAt, 's');
    await nextRoundMakesGood(on);
    checks.promise(
      'it is no change of primary',
      record.last?.state === 'stable' && record.last.epoch === before,
      `${record.last?.state}, epoch ${record.last?.epoch}`,
    );
  },
};

/** One task says why not, another one does not end; gives the version that is pending then. */
async function failTwice(stage: Stage, old: string | undefined): Promise<string> {
  const { world, checks } = stage;
  const login = () => world.secrets.current(world.rotations.secret.secretArn);
  const says = [JSON.stringify({ event: 'failed', detail: WORDS })];
  world.ecs.courses.push({ startsAfter: 40 * SECOND, runsFor: 5 * SECOND, exitCode: 1, says });
  const refused = await over(stage, begin(stage));
  checks.promise(
    'a rotation that the database refuses fails with the task’s last words, and the login stays',
    refused.failed === 'setSecret' && (refused.message ?? '').includes(WORDS) && login() === old,
    `${refused.failed}: ${refused.message}`,
  );
  world.ecs.courses.push({ startsAfter: 40 * SECOND, runsFor: 2 * HOUR, exitCode: 1 });
  const hung = await over(stage, begin(stage, refused.version));
  checks.promise(
    'a task that does not end is stopped, and the login stays',
    hung.failed === 'setSecret' && world.ecs.tasks.at(-1)?.stoppedAt !== undefined && login() === old,
    `${hung.failed}: ${hung.message}`,
  );
  return hung.version;
}

interface Rotating {
  end(): RotationEnd | undefined;
}

function begin({ world, say }: Stage, version?: string): Rotating {
  say(`Secrets Manager rotates the login${version === undefined ? '' : ' again'}`);
  let end: RotationEnd | undefined;
  void world.rotations.rotate(version).then((it) => {
    end = it;
  });
  return { end: () => end };
}

async function over({ world }: Stage, rotating: Rotating): Promise<RotationEnd> {
  const until = world.clock.now() + 16 * MINUTE;
  for (;;) {
    const end = rotating.end();
    if (end) return end;
    if (world.clock.now() > until) throw new Error('a rotation has no end');
    await world.clock.run(SECOND);
  }
}

async function nextRoundMakesGood(on: SyncStage): Promise<void> {
  const { world, checks, fleet } = on;
  const second = Math.floor(world.clock.now() / SECOND) * SECOND;
  fire(on, second);
  await untilDeadline(on, second);
  const made = [...(await outcomesOf(on, runIdOf(on, second))).values()].flat();
  checks.promise(
    'the next round makes good what failed',
    made.length === fleet.remotes.length && made.every((it) => it === 'synchronized'),
    `${made.filter((it) => it === 'synchronized').length} of ${made.length} synchronized`,
  );
}

function hostsOf({ fleet }: SyncStage, farm: Farm, server: FarmServer) {
  return fleet.remotes.filter(({ name }) => farm.serverOf(name) === server).flatMap(({ hosts }) => hosts);
}

const nameOf = (remote: string) => remote.split('/').at(-1) ?? remote;

const userOf = (login: string | undefined) => (JSON.parse(login ?? '{}') as { username?: string }).username;

const lastOf = (left: readonly { readonly to?: number }[]) => Math.max(...left.map(({ to = Number.NaN }) => to));
