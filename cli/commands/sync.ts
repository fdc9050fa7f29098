import { groupShard } from '../../lambda/records/names';
import { expiryOf, type Run, runIdOf } from '../../lambda/records/sync-run';
import type { Schedule } from '../directory';
import { CommandError, EXIT } from '../exit-code';
import { parseAddresses } from '../remote-address';
import type { RemoteAddress, System } from '../system';
import type { Terminal } from '../terminal';
import { run as follow } from './runs';

/** The schedule of runs that a person orders: a name that metrics and run ids show. */
const BY_HAND = 'by-hand';
/** A command takes fifty hosts, and a remote has four at most. */
const REMOTES_OF_A_BATCH = 12;
/** What a group without a schedule gets. UNSOURCED */
const OTHERWISE = { deadlineSeconds: 3_600, timeLimitSeconds: 3_000, attempts: 3 };

/** Orders a sync of some remotes now; what follows is what follows in a run of a schedule. */
export async function sync(
  system: System,
  terminal: Terminal,
  words: readonly string[],
  wait: boolean,
): Promise<number> {
  const { syncs } = system;
  const wanted = unique(parseAddresses(words, syncs.shards));
  const known = await system.known(wanted);
  const missing = wanted.filter((it) => !known.has(`${it.groupShard}/${it.name}`));
  if (missing.length > 0) {
    throw new CommandError(
      `Not registered: ${missing.map(({ group, name }) => `${group}/${name}`).join(', ')}. Fix: mobilink-ha remotes list, or import them`,
    );
  }
  const run = runOf(system, wanted);
  const shards = byShard(wanted);
  await system.putRun({
    runId: runIdOf(run),
    item: 'run',
    schedule: run.schedule,
    scheduledAt: run.scheduledAt,
    startedAt: run.scheduledAt,
    shards: shards.size,
    expiresAt: expiryOf(run),
  });
  for (const its of shards.values()) await order(system, run, its, known);
  terminal.progress(`ordered ${wanted.length} as run ${runIdOf(run)}`);
  if (wait) return follow(system, terminal, runIdOf(run), true);
  terminal.print(
    terminal.isJson ? JSON.stringify({ runId: runIdOf(run) }) : `mobilink-ha run ${runIdOf(run)} says how it goes`,
  );
  return EXIT.well;
}

function runOf(system: System, wanted: readonly RemoteAddress[]): Run {
  const groups = [...new Set(wanted.map(({ group }) => group))];
  const schedule: Pick<Schedule, 'deadlineSeconds' | 'timeLimitSeconds' | 'attempts' | 'profile'> =
    system.syncs.schedules.find((it) => it.groups.some((group) => groups.includes(group))) ?? OTHERWISE;
  const { deadlineSeconds, timeLimitSeconds, attempts, profile } = schedule;
  return {
    schedule: BY_HAND,
    scheduledAt: new Date(system.clock.now()).toISOString(),
    groups,
    windowSeconds: 0,
    startWithinSeconds: 600,
    deadlineSeconds,
    timeLimitSeconds,
    attempts,
    ...(profile !== undefined && { profile }),
  };
}

/** As first attempts of a shard of which all batches are known. */
async function order(
  system: System,
  run: Run,
  remotes: readonly RemoteAddress[],
  known: ReadonlyMap<string, { readonly hosts: readonly string[]; readonly profile?: string }>,
): Promise<void> {
  const { dispatch, collect } = system.syncs;
  const [first] = remotes;
  if (!first) return;
  const shard = Number(first.groupShard.slice(groupShard(first.group, 0).length - 1));
  const place = { run, group: first.group, shard };
  const batches = Array.from({ length: Math.ceil(remotes.length / REMOTES_OF_A_BATCH) }, (_, index) =>
    remotes.slice(index * REMOTES_OF_A_BATCH, (index + 1) * REMOTES_OF_A_BATCH),
  );
  for (const [index, batch] of batches.entries()) {
    await system.send(dispatch, {
      kind: 'retry',
      ...place,
      batch: String(index),
      attempt: 1,
      remotes: batch.map(({ groupShard: at, name }) => {
        const { hosts = [], profile } = known.get(`${at}/${name}`) ?? {};
        return { remoteName: name, hosts, ...(profile !== undefined && { profile }) };
      }),
    });
  }
  await system.send(collect, { kind: 'shard-ended', ...place, batches: batches.length });
}

function byShard(addresses: readonly RemoteAddress[]): Map<string, RemoteAddress[]> {
  const found = new Map<string, RemoteAddress[]>();
  for (const it of addresses) found.set(it.groupShard, [...(found.get(it.groupShard) ?? []), it]);
  return found;
}

function unique(addresses: readonly RemoteAddress[]): RemoteAddress[] {
  return [...new Map(addresses.map((it) => [`${it.groupShard}/${it.name}`, it])).values()];
}
