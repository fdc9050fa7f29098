import type { Batch } from '../records/sync-batch';
import { OUTCOMES, type Outcome } from '../records/sync-outcome';
import type { Counts } from './ports';

/** Sums over many counts, each left out where it is zero. */
export function countsOf(batch: Batch, settled: Batch['settled']): Counts {
  const outcomes = Object.values(settled).map(({ outcome }) => outcome);
  const each = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, outcomes.filter((it) => it === outcome).length]),
  ) as Record<Outcome, number>;
  const first = batch.attempt === 1 && !batch.batch.includes('.');
  return {
    ...each,
    // A further attempt is for remotes that have been counted.
    remotes: first ? batch.members.length : 0,
    ordered: first ? batch.members.filter(({ targets }) => targets.length > 0).length : 0,
  };
}

/** As the event tells them. */
export function wordCounts(counts: Counts): Record<string, number> {
  return {
    remotes: counts.remotes,
    ordered: counts.ordered,
    synchronized: counts.synchronized,
    failed: counts.failed,
    notPrimary: counts['not-primary'],
    unreachable: counts.unreachable,
    busy: counts.busy,
    deadlineMissed: counts['deadline-missed'],
    paused: counts.paused,
  };
}

export const NO_COUNTS: Counts = {
  ...(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>),
  remotes: 0,
  ordered: 0,
};
