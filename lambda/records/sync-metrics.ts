import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Outcome } from './sync-outcome';

/** The names under which lib/remotes offers them as `metricXxx`. */
export const SYNC_METRICS = {
  ordered: 'SyncsOrdered',
  synchronized: 'SyncsSynchronized',
  failed: 'SyncsFailed',
  missed: 'SyncsMissed',
  busy: 'SyncsBusy',
  paused: 'SyncsPaused',
  runSuccessPercent: 'RunSuccessPercent',
  runFailures: 'RunFailures',
  oldestSuccessAge: 'OldestSuccessAge',
  commandLatency: 'CommandLatency',
  holdBackOverruns: 'HoldBackOverruns',
  runsSkipped: 'RunsSkipped',
  throttles: 'CommandThrottles',
} as const;

/** Outcomes that a host reported and that were not believed: `SyncOutcomes.metricRefused`. */
export const OUTCOMES_REFUSED = 'OutcomesRefused';

export const SYNC_DIMENSION = 'Schedule';

/** As what an outcome is counted. */
export const METRIC_OF: Readonly<Record<Outcome, string>> = {
  synchronized: SYNC_METRICS.synchronized,
  failed: SYNC_METRICS.failed,
  'not-primary': SYNC_METRICS.failed,
  unreachable: SYNC_METRICS.failed,
  busy: SYNC_METRICS.busy,
  'deadline-missed': SYNC_METRICS.missed,
  paused: SYNC_METRICS.paused,
};

/** Writes metrics of a schedule into the log in CloudWatch's embedded format; no call, no cost but the line. */
export class SyncMetrics {
  private readonly metrics: Metrics;

  constructor(namespace: string) {
    this.metrics = new Metrics({ namespace });
    // Powertools adds a dimension `service`, which would make these other metrics than those that alarms look at.
    this.metrics.clearDefaultDimensions();
  }

  public publish(
    schedule: string,
    values: Readonly<Record<string, readonly number[]>>,
    unit: (typeof MetricUnit)[keyof typeof MetricUnit] = MetricUnit.Count,
  ): void {
    const { metrics } = this;
    // Powertools publishes by itself at a hundred samples, and forgets all but the default dimensions.
    metrics.setDefaultDimensions({ [SYNC_DIMENSION]: schedule });
    for (const [name, samples] of Object.entries(values)) {
      for (const sample of samples) metrics.addMetric(name, unit, sample);
    }
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}
