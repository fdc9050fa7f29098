import fc from 'fast-check';
import type { Pause } from '../../lambda/records/pauses';
import type { Run } from '../../lambda/records/sync-run';
import { type Fault, Simulation, type SimulationOptions, START } from './simulation';

/** A fleet, a schedule and everything that goes wrong, as fast-check draws and shrinks them. */
export interface Round {
  readonly seed: number;
  readonly shards: number;
  readonly singles: number;
  readonly pairs: number;
  readonly windowSeconds: number;
  readonly deadlineMinutes: number;
  readonly attempts: number;
  /** Probabilities. */
  readonly known: number;
  readonly moved: number;
  readonly moving: number;
  readonly offline: number;
  readonly strange: number;
  readonly failing: number;
  readonly paused: number;
  readonly slow: number;
  /** What is paused besides single remotes: nothing, a group that is or is not theirs, everything. */
  readonly pauses: readonly Pause[];
  readonly duplicates: number;
  readonly throttle: number;
  readonly rateExceeded: number;
  readonly faults: number;
  /** The schedule fires once more for the same slot, this many seconds later. */
  readonly firedAgainAfter: number | undefined;
  /** When the consolidated database is away, in seconds since the slot. */
  readonly failover: { readonly from: number; readonly seconds: number } | undefined;
}

const chance = (most: number) => fc.oneof(fc.constant(0), fc.double({ min: 0, max: most, noNaN: true }));

export const rounds: fc.Arbitrary<Round> = fc.record({
  seed: fc.integer(),
  shards: fc.integer({ min: 1, max: 3 }),
  singles: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 40, max: 130 })),
  pairs: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 20, max: 40 })),
  windowSeconds: fc.constantFrom(0, 30, 300, 1_500),
  deadlineMinutes: fc.constantFrom(5, 40, 120),
  attempts: fc.integer({ min: 1, max: 5 }),
  known: chance(1),
  moved: chance(0.5),
  moving: chance(0.3),
  offline: chance(0.6),
  strange: chance(0.2),
  failing: chance(0.3),
  paused: chance(0.3),
  slow: chance(0.3),
  pauses: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({ remoteName: fc.constantFrom('stores', 'vans', '*', 'store'), paused: fc.boolean() }),
        { maxLength: 3 },
      ),
    },
  ),
  duplicates: chance(0.05),
  throttle: chance(0.3),
  rateExceeded: chance(0.3),
  faults: chance(0.04),
  firedAgainAfter: fc.option(fc.integer({ min: 0, max: 1_200 }), { nil: undefined }),
  failover: fc.option(
    fc.record({ from: fc.integer({ min: -100, max: 1_500 }), seconds: fc.integer({ min: 30, max: 2_400 }) }),
    {
      nil: undefined,
    },
  ),
});

const FAULTS: readonly Fault[] = ['kill-before', 'kill-after', 'lost', 'repeated', 'failed'];

export function runOf(round: Round): Run {
  return {
    schedule: 'nightly',
    scheduledAt: new Date(START).toISOString(),
    groups: ['stores'],
    windowSeconds: Math.min(round.windowSeconds, round.deadlineMinutes * 60 - 60),
    startWithinSeconds: 3_600,
    deadlineSeconds: round.deadlineMinutes * 60,
    attempts: round.attempts,
    timeLimitSeconds: 3_600,
  };
}

/** Plays the round to its very end. */
export async function play(round: Round, wrong: Pick<SimulationOptions, 'forgetsPauses'> = {}): Promise<Simulation> {
  const simulation = prepare(round, wrong);
  const run = runOf(round);
  simulation.fire(run);
  if (round.firedAgainAfter !== undefined) simulation.fire(run, round.firedAgainAfter * 1000);
  await simulation.time.runUntil(START + 72 * 3_600_000);
  return simulation;
}

function prepare(round: Round, wrong: Pick<SimulationOptions, 'forgetsPauses'>): Simulation {
  const { failover } = round;
  const options: SimulationOptions = {
    ...wrong,
    seed: round.seed,
    shards: round.shards,
    duplicates: round.duplicates,
    fleet: { throttle: round.throttle, rateExceeded: round.rateExceeded },
    // After enough trouble the world calms down: nothing can end in a world that never answers.
    fault: (call, _name, dice) =>
      call < 2_000 && dice.hits(round.faults) ? FAULTS[Math.floor(dice.next() * FAULTS.length)] : undefined,
    primary: (now) => {
      const seconds = (now - START) / 1000;
      const away = failover && seconds >= failover.from && seconds < failover.from + failover.seconds;
      return { state: away ? 'failing-over' : 'stable', observedAt: new Date(now - 5_000).toISOString() };
    },
  };
  const simulation = new Simulation(options);
  simulation.registry.pauses.push(...round.pauses);
  for (let index = 0; index < round.singles; index++) addRemote(simulation, round, `single-${index}`, 1);
  for (let index = 0; index < round.pairs; index++) addRemote(simulation, round, `pair-${index}`, 2);
  return simulation;
}

let nextHost = 0x10000000;

function addRemote({ dice, fleet, registry, time }: Simulation, round: Round, remoteName: string, size: 1 | 2): void {
  const hosts = Array.from({ length: size }, () => `i-${(nextHost++).toString(16)}`);
  const primary = Math.floor(dice.next() * size);
  hosts.forEach((id, index) => {
    const online = !dice.hits(round.offline);
    fleet.add({
      id,
      remote: `stores/${remoteName}`,
      role: index === primary ? 'primary' : 'mirror',
      online,
      unknown: dice.hits(round.strange),
      exitCode: dice.hits(round.failing) ? 1 : 0,
      syncSeconds: dice.hits(round.slow) ? dice.between(600, 20_000) : dice.between(1, 120),
    });
    if (!online && dice.hits(0.5)) {
      time.after(dice.between(0, 600_000), () => Object.assign(fleet.hosts.get(id) ?? {}, { online: true }));
    }
  });
  const known = dice.hits(round.moved) ? hosts[size - 1 - primary] : hosts[primary];
  registry.add('stores', {
    remoteName,
    hosts,
    paused: dice.hits(round.paused),
    primaryHost: dice.hits(round.known) ? known : undefined,
  });
  if (size === 2 && dice.hits(round.moving)) {
    time.after(dice.between(0, 300_000), () => {
      for (const id of hosts) {
        const host = fleet.hosts.get(id);
        if (host) host.role = host.role === 'primary' ? 'mirror' : 'primary';
      }
    });
  }
}
