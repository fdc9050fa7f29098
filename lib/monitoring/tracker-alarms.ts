import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { TrackedDatabase } from '../primary/tracked-database';
import { createAlarm } from './alarm';
import type { KnownThresholds } from './thresholds';

const MINUTE = Duration.minutes(1);

export interface TrackerAlarms {
  /** In which somebody must act at once. */
  readonly urgent: cloudwatch.Alarm[];
  /** Rings during a failover that is no longer than it may be; it tells nobody. */
  readonly failoverUnderWay: cloudwatch.Alarm;
}

/** What rings when the consolidated database has no primary, or nobody knows whether it has. */
export function createTrackerAlarms(
  scope: Construct,
  tracker: TrackedDatabase,
  { failoverLongerThan, trackerSilentFor }: KnownThresholds,
): TrackerAlarms {
  const unstable = tracker.metricSecondsUnstable({ period: MINUTE });
  const limit = failoverLongerThan.toSeconds();
  const failoverTooLong = createAlarm(scope, 'FailoverTooLong', {
    meaning: `The consolidated database ${tracker.databaseId} has had no stable primary for ${limit} s.`,
    runbook: 'failover-too-long',
    metric: unstable,
    threshold: limit,
    periods: 1,
    // A tracker that falls silent in a failover has not seen its end.
    missing: cloudwatch.TreatMissingData.IGNORE,
  });
  const silent = createAlarm(scope, 'TrackerSilent', {
    meaning: `Nobody looks who is primary of ${tracker.databaseId}: the primary tracker does not run.`,
    runbook: 'tracker-silent',
    metric: tracker.metricPolls({ period: MINUTE }),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 1,
    periods: trackerSilentFor.toMinutes(),
    // A function that does not run writes nothing.
    missing: cloudwatch.TreatMissingData.BREACHING,
    warmUp: Duration.minutes(10),
  });
  const blind = createAlarm(scope, 'TrackerBlind', {
    meaning: `The primary tracker asks about ${tracker.databaseId} and gets no answer.`,
    runbook: 'tracker-blind',
    metric: new cloudwatch.MathExpression({
      expression: 'IF(polls > 0, 100 * failed / polls, 0)',
      usingMetrics: {
        polls: tracker.metricPolls({ period: MINUTE }),
        failed: tracker.metricFailedObservations({ period: MINUTE }),
      },
      period: MINUTE,
      label: 'Looks without an answer, in percent',
    }),
    threshold: 90,
    periods: trackerSilentFor.toMinutes(),
    // That it does not look at all is for the other alarm.
    missing: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const failoverUnderWay = createAlarm(scope, 'FailoverUnderWay', {
    meaning: `The consolidated database ${tracker.databaseId} fails over, for less than ${limit} s so far. Nothing to do.`,
    runbook: 'failover-too-long',
    metric: new cloudwatch.MathExpression({
      expression: `IF(unstable > 0 AND unstable < ${limit}, 1, 0)`,
      usingMetrics: { unstable },
      period: MINUTE,
      label: 'A failover of the usual length',
    }),
    threshold: 1,
    periods: 1,
    // Silence must hold no other alarm back.
    missing: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  return { urgent: [failoverTooLong, silent, blind], failoverUnderWay };
}
