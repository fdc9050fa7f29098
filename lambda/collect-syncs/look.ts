import { nextLookSeconds } from '../records/next-look';
import type { Batch, BatchKey, Settlement } from '../records/sync-batch';
import type { Command, InFlightMessage } from '../records/sync-messages';
import { deadlineOf, runIdOf } from '../records/sync-run';
import { closeBatch } from './close';
import { decide, isSettled } from './core';
import { type HostView, isOver, isRateExceeded, viewOf } from './host-view';
import type { Ports } from './ports';

/** Systems Manager throttles: no quicker than this. Design, issue "scheduled syncs": back off to 30 s. */
const THROTTLED_SECONDS = 30;
/** From this look on, a host that its command does not list is asked about. */
const ABSENT_TOO_LONG = 1;
/** Writes to the registry at a time. UNSOURCED. */
const AT_ONCE = 10;

/**
 * One look at a batch: read the ledger, ask Systems Manager, decide, write the ledger, and only then do what follows from it.
 * Whoever comes with the same look again, because the function died, does what follows once more; all of it can be repeated.
 */
export async function lookAt(ports: Ports, message: InFlightMessage): Promise<void> {
  const { run, group, shard, batch: id, look } = message;
  const key: BatchKey = { runId: runIdOf(run), group, shard, batch: id };
  const batch = await ports.ledger.read(key);
  if (!batch) throw new Error(`The run ${key.runId} has no batch ${id} of ${group}/${shard}`);
  // A message that came twice makes two chains of looks; the one that is ahead looks on, and did not do what follows from this one.
  if (batch.look !== undefined && batch.look > look) {
    await note(ports, batch, Object.entries(batch.settled));
    await orderChildren(ports, message, batch);
    return;
  }
  if (batch.look === look || batch.closed) return follow(ports, message, batch);

  const views = await viewsOf(ports, message, batch);
  if (!views) {
    await ports.queues.collect(message, THROTTLED_SECONDS);
    return;
  }
  if (Object.values(views).some(({ kind }) => kind === 'rate-exceeded'))
    await ports.ledger.noteRateExceeded(ports.now());
  const decision = decide(batch, run, { look, views, refused: message.refused, now: ports.now() });
  const news = Object.keys(decision.settled).length > 0 || decision.children.length > 0 || decision.closed;
  if (!news) return lookAgain(ports, message);

  const change = {
    look,
    settled: { ...batch.settled, ...decision.settled },
    children: [...batch.children, ...decision.children],
    closed: decision.closed,
  };
  if (!(await ports.ledger.record(batch, change))) {
    const written = await ports.ledger.read(key);
    if (written?.look === look) await follow(ports, message, written);
    // Written for another reason: with what stands there now, this look is taken once more.
    else await ports.queues.collect(message, 1);
    return;
  }
  const settlements = Object.values(decision.settled);
  ports.metrics.settled(run, settlements, latenciesOf(batch, Object.keys(decision.settled), views));
  await follow(ports, message, { ...batch, ...change, version: batch.version + 1 });
}

/** What follows from a look that the ledger holds. */
async function follow(ports: Ports, message: InFlightMessage, batch: Batch): Promise<void> {
  const entries = Object.entries(batch.settled);
  const newest = entries.map(([, { at }]) => at).reduce((one, other) => (one > other ? one : other), '');
  await note(
    ports,
    batch,
    entries.filter(([, { at }]) => at === newest),
  );
  await orderChildren(ports, message, batch);
  if (batch.closed) await closeBatch(ports, message.run, batch);
  else await lookAgain(ports, message);
}

async function note(ports: Ports, batch: Batch, settlements: [string, Settlement][]): Promise<void> {
  for (let from = 0; from < settlements.length; from += AT_ONCE) {
    const part = settlements.slice(from, from + AT_ONCE);
    await Promise.all(part.map(([remoteName, settlement]) => ports.remotes.note(batch, remoteName, settlement)));
  }
}

async function orderChildren(
  ports: Ports,
  { run, group, shard, look }: InFlightMessage,
  { children }: Batch,
): Promise<void> {
  for (const child of children.filter((it) => it.look === look)) {
    const { batch, attempt, remotes, delaySeconds } = child;
    await ports.queues.dispatch([{ kind: 'retry', run, group, shard, batch, attempt, remotes }], delaySeconds);
  }
}

async function lookAgain(ports: Ports, message: InFlightMessage): Promise<void> {
  const { run, look } = message;
  const left = Math.max(0, Math.ceil((deadlineOf(run) - ports.now()) / 1000));
  await ports.queues.collect({ ...message, look: look + 1 }, Math.min(nextLookSeconds(look), left));
}

/** The newest of each host that somebody still waits for; undefined when Systems Manager throttles. */
async function viewsOf(
  ports: Ports,
  { commands, look }: InFlightMessage,
  batch: Batch,
): Promise<Record<string, HostView> | undefined> {
  const awaited = new Set(
    batch.members.filter(({ remoteName }) => !isSettled(batch, remoteName)).flatMap(({ targets }) => targets),
  );
  const views: Record<string, HostView> = {};
  for (const command of commands.filter(({ hosts }) => hosts.some((host) => awaited.has(host)))) {
    const invocations = await ports.invocations.list(command.commandId);
    if (!invocations) return undefined;
    for (const host of command.hosts) views[host] = { kind: 'absent' };
    for (const invocation of invocations) views[invocation.host] = viewOf(invocation);
    if (look >= ABSENT_TOO_LONG) await judgeAbsent(ports, command, views);
  }
  return views;
}

/** A command that was cancelled before any host saw it lists none. */
async function judgeAbsent(
  ports: Ports,
  { commandId, hosts }: Command,
  views: Record<string, HostView>,
): Promise<void> {
  const absent = hosts.filter((host) => views[host]?.kind === 'absent');
  if (absent.length === 0) return;
  const status = await ports.invocations.status(commandId);
  if (status === undefined) return;
  for (const host of absent) {
    if (isRateExceeded(status)) views[host] = { kind: 'rate-exceeded' };
    else if (isOver(status)) views[host] = { kind: 'undelivered', status };
  }
}

function latenciesOf(batch: Batch, settled: string[], views: Record<string, HostView>): number[] {
  const names = new Set(settled);
  return batch.members
    .filter(({ remoteName }) => names.has(remoteName))
    .flatMap(({ targets }) => targets)
    .flatMap((host) => {
      const view = views[host];
      return view?.kind === 'ended' && view.latencySeconds !== undefined ? [view.latencySeconds] : [];
    });
}
