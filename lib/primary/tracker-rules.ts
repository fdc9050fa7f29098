import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { known, Problems } from '../validation/problems';
import { MOST_RULES, type OtherDatabases } from './other-databases';
import { requireNetworkFor, requireTrackable } from './tracker-network';

/** In calls a second: a tenth of what RDS allows, as the function has it. */
const DEFAULT_RATE = 1.2;

/** Of the calls, the share that looks at all databases may take; as the function has it. */
const OF_THE_WATCH = 0.9;

export function validateRate(tracker: Construct, rate: number | undefined): void {
  const problems = new Problems(tracker);
  problems.require((known(rate) ?? DEFAULT_RATE) > 0, {
    id: 'MobiLink:Tracker:RdsRate',
    prop: 'rdsCallsPerSecond',
    rule: 'must be above 0',
    value: rate,
    fix: 'leave it out, or give the share of this tracker in calls a second',
  });
  problems.throwIfAny();
}

/** A watch begins each minute and looks at once, and the one before looks once more. */
export function problemsOfPace(tracker: Construct, questions: number, rate: number | undefined): string[] {
  const problems = new Problems(tracker);
  const least = (2 * questions) / (60 * OF_THE_WATCH);
  problems.require((known(rate) ?? DEFAULT_RATE) >= least, {
    id: 'MobiLink:Tracker:RdsPace',
    prop: 'rdsCallsPerSecond',
    rule: `must be at least ${least.toFixed(3)}, for two looks a minute of ${questions} calls each`,
    value: rate,
    fix: 'raise it, or track fewer databases in this account and Region',
  });
  return problems.messages();
}

export function validateAnother(
  tracker: Construct,
  others: OtherDatabases,
  database: IConsolidatedDatabase,
  hasNetwork: boolean,
): void {
  const problems = new Problems(tracker);
  requireTrackable(problems, database);
  requireNetworkFor(problems, database, hasNetwork);
  problems.require(!others.has(database.databaseId), {
    id: 'MobiLink:Tracker:Twice',
    prop: 'database',
    rule: 'must not be tracked by this tracker yet',
    value: database.databaseId,
    fix: 'use what the first call of track returned, or the tracker itself for its own database',
  });
  problems.require(others.hasRoomFor(database), {
    id: 'MobiLink:Tracker:Full',
    prop: 'database',
    rule: `must fit: ${MOST_RULES} rules of events lead to one function, and all are full`,
    value: database.databaseId,
    fix: 'make another PrimaryTracker, and give each its share of rdsCallsPerSecond',
  });
  problems.throwIfAny();
}
