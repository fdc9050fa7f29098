import { EXIT } from '../exit-code';
import { look, type Sight } from '../look';
import type { RunRecord, System } from '../system';
import { ago, lasting, type Terminal, table } from '../terminal';

/** Who is primary and since when, the servers, the last runs, stale remotes. */
export async function status(system: System, terminal: Terminal, staleHours: number | undefined): Promise<number> {
  const sight = await look(system, staleHours, (count) => terminal.progress(`${count} remotes read`));
  const troubled = isTroubled(sight);
  if (terminal.isJson) terminal.print(JSON.stringify({ ...asJson(sight), troubled }));
  else for (const line of words(sight)) terminal.print(line);
  return troubled ? EXIT.finding : EXIT.well;
}

/** What a person would look into; `doctor` says more. */
function isTroubled({ isTracked, primary, farm, syncs }: Sight): boolean {
  return (
    (isTracked && primary?.state !== 'stable') ||
    farm === undefined ||
    farm.running < farm.desired ||
    farm.desired === 0 ||
    (syncs?.remotes.staleCount ?? 0) > 0
  );
}

function words(sight: Sight): string[] {
  return [
    ...database(sight),
    ...servers(sight),
    ...(sight.syncs ? ['', ...lastRuns(sight), '', ...remotes(sight)] : []),
  ];
}

function database({ isTracked, primary, now }: Sight): string[] {
  if (!isTracked) return ['consolidated database  nobody tracks it'];
  if (!primary) return ['consolidated database  no primary has been seen yet'];
  const { epoch, state, since, stateSince, observedAt, cause } = primary;
  const zone = primary.primary.availabilityZone;
  const stateWords =
    state === 'stable' ? 'stable' : `${state.toUpperCase()} for ${lasting(now - Date.parse(stateSince))}`;
  return [
    `consolidated database  ${stateWords}`,
    `  primary              ${primary.primary.memberId}${zone === undefined ? '' : ` in ${zone}`}, since ${since} (${ago(since, now)})`,
    `  epoch                ${epoch}: ${cause}`,
    `  last looked          ${ago(observedAt, now)}`,
  ];
}

function servers({ farm }: Sight): string[] {
  if (!farm) return ['MobiLink servers       the service is gone'];
  const { running, desired, pending, rollout } = farm;
  const deployment = rollout === 'COMPLETED' ? '' : `, deployment ${rollout.toLowerCase()}`;
  return [`MobiLink servers       ${running} of ${desired} run${pending > 0 ? `, ${pending} begin` : ''}${deployment}`];
}

function lastRuns({ syncs, now }: Sight): string[] {
  const rows = (syncs?.latest ?? []).map(({ schedule, run }) => runRow(schedule, run, now));
  return rows.length === 0 ? ['no schedule'] : table(RUN_HEADS, rows);
}

export const RUN_HEADS = ['schedule', 'planned for', 'ago', 'state', 'remotes', 'synchronized', 'not'];

/** One run as a row of a table. */
export function runRow(schedule: string, run: RunRecord | undefined, now: number): string[] {
  if (!run) return [schedule, '-', '-', 'has not run yet', '', '', ''];
  const { scheduledAt, announcedAt, remotes: count, synchronized, closedShards, shards, paused } = run;
  const state = announcedAt === undefined ? `${closedShards.length} of ${shards} shards done` : 'finished';
  const not = count - synchronized - paused;
  return [schedule, scheduledAt, ago(scheduledAt, now), state, `${count}`, `${synchronized}`, `${Math.max(0, not)}`];
}

function remotes({ syncs, now }: Sight): string[] {
  if (!syncs) return [];
  const { remotes: count, paused, staleCount, stale } = syncs.remotes;
  const head = `${count} remotes, ${paused} paused, ${staleCount} stale`;
  if (stale.length === 0) return [head];
  const rows = stale.map((it) => [
    it.remote,
    ago(it.lastSuccessAt, now),
    it.lastOutcome ?? 'never tried',
    it.lastDetail ?? '',
  ]);
  return [head, ...table(['stale remote', 'synchronized', 'last outcome', 'detail'], rows)];
}

function asJson({ now, primary, farm, syncs }: Sight) {
  return {
    at: new Date(now).toISOString(),
    primary,
    farm,
    runs: syncs?.latest,
    remotes: syncs && {
      count: syncs.remotes.remotes,
      paused: syncs.remotes.paused,
      staleCount: syncs.remotes.staleCount,
      stale: syncs.remotes.stale,
      outcomes: syncs.remotes.outcomes,
    },
  };
}
