import type { FleetRemote } from '../world/fleet';
import { SECOND } from './scenario';
import { callsOf, runIdOf, type SyncStage, toldOf } from './sync-stage';

type Attributes = Record<string, { S?: string; N?: string; M?: Record<string, { M?: Attributes }> }>;

/** From the record's change until nobody who read it before can still send. */
const READ_BEFORE = 5 * SECOND;

/** While the consolidated database fails over nobody is commanded, and afterwards the rest is. Returns all commands of the run. */
export function heldBackWhileAway(stage: SyncStage, slot: number, failedAt: number): { readonly at: number }[] {
  const { record, checks } = stage;
  const away = record.first(failedAt, (it) => it.state === 'failing-over');
  const back = record.first(away?.at ?? failedAt, (it) => it.state === 'stable');
  const sent = callsOf(stage, slot, 'SendCommand');
  const during = sent.filter(({ at }) => away && back && at > away.at + READ_BEFORE && at < back.at);
  checks.promise(
    'no command is sent while the record says that the database is away',
    away !== undefined && back !== undefined && during.length === 0,
    away && back ? `${during.length} in ${((back.at - away.at) / SECOND).toFixed(0)} s` : 'it never said so',
  );
  const after = sent.filter(({ at }) => back && at >= back.at);
  checks.promise(
    'what waited is sent when it is back',
    after.length > 0,
    `${sent.length - after.length} commands before, ${after.length} after it`,
  );
  const first = after[0];
  checks.measure('sent after the database was back', first && back ? first.at - back.at : undefined, 's');
  return sent;
}

/** The outcomes of each remote of a run, as the ledger holds them. */
export async function outcomesOf({ world, syncs }: SyncStage, runId: string): Promise<Map<string, string[]>> {
  const outcomes = new Map<string, string[]>();
  for (const item of (await world.dynamoDb.items(syncs.runsTable)) as unknown as Attributes[]) {
    if (item.runId?.S !== runId || !item.item?.S?.startsWith('batch/')) continue;
    for (const [name, settlement] of Object.entries(item.settled?.M ?? {})) {
      const outcome = settlement.M?.outcome?.S ?? 'none';
      outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
    }
  }
  return outcomes;
}

/** What the design promises of every run. */
export async function runKeptItsPromises(
  stage: SyncStage,
  slot: number,
  expected: (remote: FleetRemote) => readonly string[],
): Promise<void> {
  const { world, fleet, checks } = stage;
  const runId = runIdOf(stage, slot);
  const outcomes = await outcomesOf(stage, runId);
  const wrong = fleet.remotes.filter(({ name }) => outcomes.get(name)?.length !== 1);
  checks.promise(
    'every remote of the run ends in exactly one recorded outcome',
    wrong.length === 0 && outcomes.size === fleet.remotes.length,
    `${outcomes.size} of ${fleet.remotes.length} remotes, ${wrong.length} with none or more than one`,
  );
  const surprising = fleet.remotes.filter((it) => !expected(it).includes(outcomes.get(it.name)?.[0] ?? 'none'));
  checks.promise(
    'each remote ends as its story says',
    surprising.length === 0,
    surprising.length === 0
      ? wordCounts([...outcomes.values()].flat())
      : surprising
          .slice(0, 3)
          .map(({ name }) => `${name}: ${outcomes.get(name)?.join(', ') ?? 'none'}`)
          .join('; '),
  );
  await registryTellsTheSame(stage, runId, outcomes);

  const complaints = fleet.complaints();
  checks.promise(
    'no host gets two commands of a run at once, and no remote synchronizes on a mirror',
    complaints.length === 0,
    complaints.slice(0, 2).join('; ') || `${fleet.hosts.length} hosts, none complains`,
  );
  const twice = fleet.remotes.filter(({ name, hosts }) => {
    const good = hosts.flatMap(({ syncs: records }) => records).filter((it) => it.runId === runId && it.exitCode === 0);
    return good.length > 1 || (outcomes.get(name)?.includes('synchronized') && good.length !== 1);
  });
  checks.promise(
    'what is recorded as synchronized has synchronized, once',
    twice.length === 0,
    twice.length === 0 ? 'all of them' : twice.map(({ name }) => name).join(', '),
  );
  const counts = toldOf(stage, runId).at(-1)?.counts as Record<string, number> | undefined;
  checks.promise(
    'the run is announced as finished, with its counts',
    counts?.remotes === fleet.remotes.length && counts.synchronized === countOf(outcomes, 'synchronized'),
    counts ? `${counts.synchronized} of ${counts.remotes} synchronized` : 'never announced',
  );
  const backlog = world.queues.sqs.backlog();
  checks.promise(
    'no message is left, in a queue or among dead letters',
    backlog.length === 0,
    backlog.map(({ arn, messages }) => `${messages} in ${arn}`).join(', ') || 'every queue is empty',
  );
}

/** The registry shows what the ledger holds. */
async function registryTellsTheSame(
  { world, syncs, checks }: SyncStage,
  runId: string,
  outcomes: Map<string, string[]>,
): Promise<void> {
  const items = await world.dynamoDb.items(syncs.registryTable);
  const wrong = items.filter((item) => {
    const name = String(item.remoteName?.S);
    return item.lastRunId?.S === runId && item.lastOutcome?.S !== outcomes.get(name)?.[0];
  });
  const silent = items.filter((item) => item.lastRunId?.S !== runId);
  checks.promise(
    'the registry shows the outcome of each remote',
    wrong.length === 0 && silent.length === 0,
    `${items.length - silent.length} of ${items.length} remotes, ${wrong.length} with another outcome`,
  );
}

/** Calls and writes for each sync, for a thousand of them: the table prints whole numbers. */
export function costOfRun(stage: SyncStage, from: number): void {
  const { fleet, checks } = stage;
  const ordered = fleet.remotes.filter(({ paused }) => !paused).length;
  const measure = (name: string, operations: RegExp) => {
    const calls = callsOf(stage, from).filter((it) => operations.test(it.operation) && it.outcome === '200').length;
    checks.measure(`${name} for 1000 syncs`, Math.round((calls * 1000) / ordered), 'count');
  };
  measure('SendCommand', /^SendCommand$/);
  measure('ListCommandInvocations', /^ListCommandInvocations$/);
  measure('ListCommands', /^ListCommands$/);
  measure('writes', /^(Put|Update)Item$/);
  measure('requests to SQS by the functions', /^SendMessage/);
}

function wordCounts(outcomes: string[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

function countOf(outcomes: Map<string, string[]>, outcome: string): number {
  return [...outcomes.values()].flat().filter((it) => it === outcome).length;
}
