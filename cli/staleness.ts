import { isPaused, type Pause } from '../lambda/records/pauses';
import type { Remote } from '../lambda/records/remote';
import type { Schedule } from './directory';

const HOUR = 3_600_000;

/** A remote that has missed three runs of its schedule; a day where nobody knows how far apart they are. UNSOURCED. */
const MISSED_RUNS = 3;
const OTHERWISE_HOURS = 24;

/** After how many milliseconds without a sync a remote of the group is stale. */
export function staleAfter(schedules: readonly Schedule[], group: string, hours: number | undefined): number {
  if (hours !== undefined) return hours * HOUR;
  const gaps = schedules.filter(({ groups }) => groups.includes(group)).flatMap(({ hourGap }) => hourGap ?? []);
  return (gaps.length === 0 ? OTHERWISE_HOURS : MISSED_RUNS * Math.min(...gaps)) * HOUR;
}

/** What a look at all remotes of some groups adds up to. */
export interface RemoteSummary {
  remotes: number;
  damaged: { group: string; name: string; problem: string }[];
  paused: number;
  /** Neither paused nor synchronized in time, the one that waits for longest first; at most twenty. */
  stale: StaleRemote[];
  staleCount: number;
  /** By outcome of the last sync, of those that are not paused. */
  outcomes: Record<string, number>;
  /** What those whose last sync failed say, by text. */
  details: Map<string, { count: number; example: string }>;
  /** Hosts of remotes whose last sync reached nobody; at most fifty. */
  unreachedHosts: string[];
}

export interface StaleRemote {
  readonly remote: string;
  readonly lastSuccessAt?: string;
  readonly lastOutcome?: string;
  readonly lastDetail?: string;
}

const MOST_SHOWN = 20;
const MOST_HOSTS = 50;

export function emptySummary(): RemoteSummary {
  return {
    remotes: 0,
    damaged: [],
    paused: 0,
    stale: [],
    staleCount: 0,
    outcomes: {},
    details: new Map(),
    unreachedHosts: [],
  };
}

/** Adds one remote; keeps no more than what is shown. */
export function addRemote(
  summary: RemoteSummary,
  group: string,
  remote: Remote,
  { pauses, limit, now }: { pauses: readonly Pause[]; limit: number; now: number },
): void {
  summary.remotes++;
  if (remote.paused || isPaused(group, pauses)) {
    summary.paused++;
    return;
  }
  const outcome = remote.lastOutcome ?? 'never tried';
  summary.outcomes[outcome] = (summary.outcomes[outcome] ?? 0) + 1;
  const name = `${group}/${remote.remoteName}`;
  if (remote.lastOutcome !== undefined && remote.lastOutcome !== 'synchronized' && remote.lastDetail) {
    const text = remote.lastDetail.slice(0, 160);
    const seen = summary.details.get(text);
    summary.details.set(text, { count: (seen?.count ?? 0) + 1, example: seen?.example ?? name });
  }
  if (remote.lastOutcome === 'unreachable' && summary.unreachedHosts.length < MOST_HOSTS) {
    summary.unreachedHosts.push(...remote.hosts.slice(0, MOST_HOSTS - summary.unreachedHosts.length));
  }
  const waits = now - Date.parse(remote.lastSuccessAt ?? '1970-01-01T00:00:00.000Z');
  if (waits <= limit) return;
  summary.staleCount++;
  const { lastSuccessAt, lastOutcome, lastDetail } = remote;
  summary.stale.push({ remote: name, lastSuccessAt, lastOutcome, lastDetail });
  summary.stale.sort((one, other) => ((one.lastSuccessAt ?? '') < (other.lastSuccessAt ?? '') ? -1 : 1));
  summary.stale.length = Math.min(summary.stale.length, MOST_SHOWN);
}
