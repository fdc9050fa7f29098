import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../primary/contract';
import { SYNC_DIMENSION, SYNC_METRICS } from '../remotes/contract';
import type { SyncSchedule } from '../remotes/sync-schedule';
import { createAlarm } from './alarm';
import type { KnownThresholds } from './thresholds';

const HOUR = 3600;
/** A run begins late, and takes its time. UNSOURCED */
const GRACE = 2 * HOUR;
/** Amazon CloudWatch API Reference, PutMetricAlarm: periods of an hour and longer, times their number, are seven days at most. */
const LONGEST_LOOK = 7 * 24 * HOUR;

export interface ScheduleAlarms {
  readonly urgent: cloudwatch.Alarm[];
  readonly others: cloudwatch.Alarm[];
}

/** What rings when the remotes of a schedule do not synchronize: many of a run, one for long, or all. */
export function createScheduleAlarms(
  scope: Construct,
  schedule: SyncSchedule,
  thresholds: KnownThresholds,
): ScheduleAlarms {
  const name = schedule.scheduleName;
  const period = Duration.minutes(5);
  const rate = createAlarm(scope, 'SuccessRate', {
    meaning: `In the last run of ${name}, less than ${thresholds.successPercent} % of the remotes synchronized.`,
    runbook: 'sync-success-rate',
    metric: new cloudwatch.MathExpression({
      expression: `IF(failures >= ${thresholds.failedAtLeast}, percent, 100)`,
      usingMetrics: {
        failures: metricOf(name, SYNC_METRICS.runFailures, cloudwatch.Stats.MAXIMUM, period),
        percent: metricOf(name, SYNC_METRICS.runSuccessPercent, cloudwatch.Stats.MINIMUM, period),
      },
      period,
      label: 'Remotes that synchronized, in percent of those tried',
    }),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: thresholds.successPercent,
    periods: 1,
    // Until the next run has ended nobody knows better.
    missing: cloudwatch.TreatMissingData.IGNORE,
  });
  const twoRuns = 2 * schedule.longestGap.toSeconds() + GRACE;
  const oldest = createAlarm(scope, 'OldestSuccess', {
    meaning: `A remote of ${name} has not synchronized for ${hours(twoRuns)} hours: two runs in a row went without it.`,
    runbook: 'oldest-success',
    metric: metricOf(name, SYNC_METRICS.oldestSuccessAge, cloudwatch.Stats.MAXIMUM, Duration.hours(1)),
    threshold: twoRuns,
    periods: 1,
    missing: cloudwatch.TreatMissingData.IGNORE,
  });
  const silent = schedule._isEnabled ? createSilenceAlarm(scope, name, schedule.longestGap) : undefined;
  return { urgent: silent ? [rate, silent] : [rate], others: [oldest] };
}

/** Of a schedule inside databases, whose outcomes come one by one and belong to no run. */
export function createInsideAlarms(
  scope: Construct,
  name: string,
  longestGap: Duration,
  thresholds: KnownThresholds,
): ScheduleAlarms {
  const period = Duration.hours(1);
  const rate = createAlarm(scope, 'SuccessRate', {
    meaning: `Of the syncs of ${name} that databases started, less than ${thresholds.successPercent} % of an hour went well.`,
    runbook: 'sync-success-rate',
    metric: new cloudwatch.MathExpression({
      expression: `IF(FILL(failed, 0) >= ${thresholds.failedAtLeast}, 100 * FILL(done, 0) / (FILL(done, 0) + failed), 100)`,
      usingMetrics: {
        done: metricOf(name, SYNC_METRICS.synchronized, cloudwatch.Stats.SUM, period),
        failed: metricOf(name, SYNC_METRICS.failed, cloudwatch.Stats.SUM, period),
      },
      period,
      label: 'Syncs that went well, in percent',
    }),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: thresholds.successPercent,
    periods: 1,
    missing: cloudwatch.TreatMissingData.IGNORE,
  });
  const silent = createSilenceAlarm(scope, name, longestGap);
  return { urgent: silent ? [rate, silent] : [rate], others: [] };
}

/** Undefined where the runs are further apart than CloudWatch looks back. */
function createSilenceAlarm(scope: Construct, name: string, longestGap: Duration): cloudwatch.Alarm | undefined {
  const seconds = Math.ceil((longestGap.toSeconds() + GRACE) / HOUR) * HOUR;
  if (seconds > LONGEST_LOOK) return undefined;
  return createAlarm(scope, 'NothingSynchronized', {
    meaning: `No remote of ${name} has synchronized for ${hours(seconds)} hours.`,
    runbook: 'nothing-synchronized',
    metric: metricOf(name, SYNC_METRICS.synchronized, cloudwatch.Stats.SUM, Duration.hours(1)),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 1,
    periods: seconds / HOUR,
    // What counts successes writes nothing when there are none.
    missing: cloudwatch.TreatMissingData.BREACHING,
    // CloudWatch's own limit is two days.
    warmUp: Duration.minutes(Math.min(2880, seconds / 60)),
  });
}

/** By its name alone, so that a schedule of a later stack makes no two stacks need each other. */
function metricOf(schedule: string, metricName: string, statistic: string, period: Duration): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { [SYNC_DIMENSION]: schedule },
    statistic,
    period,
  });
}

function hours(seconds: number): number {
  return Math.round(seconds / HOUR);
}
