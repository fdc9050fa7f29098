import { DatabaseEvents } from '../hosts/database-events';
import { RegistryExchange } from '../hosts/registry-exchange';
import type { RehearsedHost } from '../hosts/rehearsed-host';
import type { FleetRemote } from '../world/fleet';
import { oneEpochForThePair, untilPairIsTracked } from './pair-promises';
import { MINUTE, type Scenario, SECOND, type Stage } from './scenario';
import { runKeptItsPromises } from './sync-promises';
import { BEFORE_THE_HOUR, nextSlot, type SyncStage, untilDeadline, withFleet } from './sync-stage';

const REMOTES = 50;
const FAIL_OVER_BEFORE = 5;
const FAIL_OVER_DURING = 5;

/** Long enough that a remote can fail over in the middle of it. */
const SYNC_SECONDS = 90;

/** By the schedule of the deployed remote: each quarter of an hour. */
const QUARTER = 15 * MINUTE;

/** Exchanges of so many hosts begin in one second: their timers are spread over twenty. */
const EXCHANGES_A_SECOND = 6;

/** A host with what starts syncs inside. */
interface Inside {
  readonly host: RehearsedHost;
  readonly events: DatabaseEvents;
  readonly exchange: RegistryExchange;
}

interface InsideStage extends SyncStage {
  readonly schedule: string;
  readonly inside: ReadonlyMap<RehearsedHost, Inside>;
}

type Item = Record<string, { S?: string; N?: string } | undefined>;

/** Remotes of the shard that the deployed one is in: its role, which all hosts have here, may read no other. */
async function withInside(stage: Stage): Promise<InsideStage> {
  const { world } = stage;
  const deployed = world.insideRemote;
  if (!deployed) throw new Error('the assembly has no remote whose database starts syncs');
  const on = await withFleet(stage, { singles: 0, pairs: 0 });
  const shard = on.fleet.shardOf(deployed.remoteName);
  for (let number = 0; on.fleet.remotes.length < REMOTES + 1; number++) {
    const name = `store-${number}`;
    if (on.fleet.shardOf(name) === shard) await on.fleet.add({ name, mirrored: true });
  }
  const { site } = on.fleet;
  const inside = new Map<RehearsedHost, Inside>();
  for (const host of on.fleet.hosts) {
    host.usualSync = { seconds: SYNC_SECONDS, exitCode: 0 };
    inside.set(host, {
      host,
      events: new DatabaseEvents(host, { ...world.hostWorld, site }, deployed),
      exchange: await RegistryExchange.open(host.id, deployed.roleArn, {
        ...world,
        region: world.hostWorld.region,
        site,
      }),
    });
  }
  const [, schedule = ''] = /^name=([^;]+);.*every=15/m.exec(deployed.schedules) ?? [];
  return { ...on, schedule, inside };
}

function runOf({ schedule }: InsideStage, slot: number): string {
  return `${schedule}@${new Date(slot).toISOString()}`;
}

function primaryOf({ inside }: InsideStage, { hosts }: FleetRemote): Inside | undefined {
  return hosts.flatMap((host) => (host.role === 'primary' ? (inside.get(host) ?? []) : []))[0];
}

/** The databases fire: each on its primary. */
async function fireSlot(stage: InsideStage, slot: number): Promise<void> {
  await stage.world.clock.runUntil(slot);
  for (const remote of stage.fleet.remotes) {
    await primaryOf(stage, remote)?.events.fire(runOf(stage, slot), stage.schedule);
  }
}

/** A remote fails over: its new primary catches up with whatever slot is due. */
async function failOver(stage: InsideStage, remote: FleetRemote, slot: number): Promise<void> {
  await stage.fleet.failOver(remote);
  await primaryOf(stage, remote)?.events.fire(runOf(stage, slot));
}

/** The timers of hosts fire, and all they ask is answered. */
async function exchange({ world, inside }: InsideStage, which: (it: Inside) => boolean): Promise<void> {
  const these = [...inside.values()].filter(which);
  for (const [index, it] of these.entries()) {
    const later = Math.floor(index / EXCHANGES_A_SECOND) * SECOND;
    world.clock.after(later, `exchange of ${it.host.id}`, () => it.exchange.begin());
  }
  // The queue's function is one more step behind.
  await world.clock.run(Math.ceil(these.length / EXCHANGES_A_SECOND) * SECOND + MINUTE);
}

async function registered({ world, syncs }: SyncStage): Promise<Map<string, Item>> {
  const items = (await world.dynamoDb.items(syncs.registryTable)) as unknown as Item[];
  return new Map(items.map((item) => [item.remoteName?.S ?? '', item]));
}

/** Of which remotes the registry tells that this run synchronized them. */
async function toldOf(stage: InsideStage, slot: number): Promise<FleetRemote[]> {
  const items = await registered(stage);
  return stage.fleet.remotes.filter(({ name }) => {
    const item = items.get(name);
    return item?.lastRunId?.S === runOf(stage, slot) && item.lastOutcome?.S === 'synchronized';
  });
}

/** How often a slot synchronized a remote, on whichever partner. */
function successes({ hosts }: FleetRemote, runId: string): number {
  return hosts.flatMap(({ syncs }) => syncs).filter((it) => it.runId === runId && it.exitCode === 0).length;
}

function synchronizedOnce(stage: InsideStage, slot: number): void {
  const { checks, fleet } = stage;
  const wrong = fleet.remotes.filter((remote) => successes(remote, runOf(stage, slot)) !== 1);
  checks.promise(
    'the slot synchronizes each remote once, on whichever partner is primary',
    wrong.length === 0,
    wrong.length === 0
      ? `${fleet.remotes.length} of ${fleet.remotes.length} remotes`
      : wrong.map(({ name }) => name).join(', '),
  );
  const complaints = fleet.complaints();
  checks.promise(
    'no remote synchronizes on a mirror, and none twice at once',
    complaints.length === 0,
    complaints.slice(0, 2).join('; ') || `${fleet.hosts.length} hosts, none complains`,
  );
}

/** Half of the hosts do not reach AWS: their syncs go on, and what became of them is kept. */
async function keptUntilHeard(stage: InsideStage, slot: number, cut: readonly FleetRemote[]): Promise<void> {
  const { checks, fleet, inside } = stage;
  const isCut = ({ host }: Inside) => cut.some(({ hosts }) => hosts.includes(host));
  const waitingOf = (which: (it: Inside) => boolean) =>
    [...inside.values()].filter(which).reduce((sum, it) => sum + it.exchange.waiting, 0);
  await exchange(stage, ({ exchange: { waiting } }) => waiting > 0);
  const told = await toldOf(stage, slot);
  checks.promise(
    'the registry tells of those that reach AWS, and of no other',
    told.length === fleet.remotes.length - cut.length && !told.some((remote) => cut.includes(remote)),
    `${told.length} of ${fleet.remotes.length} remotes`,
  );
  const kept = waitingOf(isCut);
  checks.promise(
    'what became of the others is kept on their hosts',
    kept >= cut.length && waitingOf((it) => !isCut(it)) === 0,
    `${kept} outcomes of ${cut.length} remotes`,
  );
  stage.say('they reach AWS again, the new primaries before the old');
  for (const it of inside.values()) if (isCut(it)) it.exchange.connect();
  const waits = ({ exchange: { waiting } }: Inside) => waiting > 0;
  await exchange(stage, (it) => waits(it) && it.host.role === 'primary');
  await exchange(stage, waits);
  const all = await toldOf(stage, slot);
  checks.promise(
    'once they reach it, the registry tells of all, in the order in which it happened',
    all.length === fleet.remotes.length && waitingOf(() => true) === 0,
    `${all.length} of ${fleet.remotes.length} remotes, ${waitingOf(() => true)} outcomes left on hosts`,
  );
  const failing = [...(await registered(stage)).values()].filter((it) => Number(it.consecutiveFailures?.N ?? 0) !== 0);
  checks.promise(
    'a failure that a success has made good counts no longer, however late it is told',
    failing.length === 0,
    `${failing.length} remotes with failures`,
  );
}

export const insideTrigger: Scenario = {
  name: 'inside-trigger',
  story: `${REMOTES} mirrored remotes are synchronized by events of their own databases, half of them without AWS; the consolidated pair and ${FAIL_OVER_BEFORE + FAIL_OVER_DURING} remotes fail over.`,
  needs: 'a mirrored remote over a mirrored pair',
  startsAt: BEFORE_THE_HOUR + 6 * MINUTE,
  quiet: true,
  partial: true,
  async play(stage) {
    const { world, record, checks } = stage;
    await untilPairIsTracked(stage);
    const on = await withInside(stage);
    const { remotes } = on.fleet;
    const cut = remotes.filter((_, index) => index % 2 === 1);
    stage.say(`the hosts of ${cut.length} remotes lose their way to AWS`);
    for (const { hosts } of cut) for (const host of hosts) on.inside.get(host)?.exchange.disconnect();
    const slot = Math.ceil(world.clock.now() / QUARTER) * QUARTER;
    const early = remotes.slice(0, FAIL_OVER_BEFORE);
    stage.say(`${early.length} remotes fail over before the slot`);
    for (const remote of early) await failOver(on, remote, slot - QUARTER);
    await world.clock.run(3 * MINUTE);
    const before = record.last?.epoch ?? 0;
    await fireSlot(on, slot);
    await world.clock.run((SYNC_SECONDS / 3) * SECOND);
    const late = remotes.slice(FAIL_OVER_BEFORE, FAIL_OVER_BEFORE + FAIL_OVER_DURING);
    stage.say(`${late.length} remotes fail over in the middle of their sync`);
    for (const remote of late) await failOver(on, remote, slot);
    const failed = late.flatMap(({ hosts }) => hosts.flatMap(({ syncs }) => syncs.filter(({ exitCode }) => exitCode)));
    checks.promise(
      'remotes fail over in the middle of a sync',
      failed.length === late.length,
      late.map(({ name }) => name).join(', '),
    );
    stage.say('the server of the consolidated primary dies');
    const from = world.clock.now();
    world.pair.kill('first');
    await world.clock.run(4 * MINUTE);
    oneEpochForThePair(stage, from, before, 'second');
    synchronizedOnce(on, slot);
    await keptUntilHeard(on, slot, cut);
    checks.measure('messages to the registry for 1000 syncs', messages(on), 'count');

    stage.say('both triggers at once: the hourly run is dispatched while the events of the same hour fire');
    const hour = nextSlot(world.clock.now());
    await fireSlot(on, hour);
    await untilDeadline(on, hour);
    // Where the event's sync is under way, the ordered one says so and leaves it to it.
    await runKeptItsPromises(on, hour, () => ['synchronized', 'busy']);
    synchronizedOnce(on, hour);
    await exchange(on, ({ exchange: { waiting } }) => waiting > 0);
    const left = [...on.inside.values()].filter(({ exchange: { waiting } }) => waiting > 0);
    checks.promise('what both triggers did is told', left.length === 0, `${left.length} hosts with outcomes`);
  },
};

/** For a thousand syncs. */
function messages({ world, fleet }: InsideStage): number {
  const hosts = new Set(fleet.hosts.map(({ id }) => `${id} exchange`));
  const sent = world.wire.requests.entries.filter((it) => hosts.has(it.process) && it.outcome === '200');
  return Math.round((sent.length * 1000) / fleet.remotes.length);
}
