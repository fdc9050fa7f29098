import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** The names under which lib/remotes offers them as `metricXxx`. */
export const SYNC_METRICS = {
  ordered: 'SyncsOrdered',
  synchronized: 'SyncsSynchronized',
  failed: 'SyncsFailed',
  missed: 'SyncsMissed',
  busy: 'SyncsBusy',
  paused: 'SyncsPaused',
  oldestSuccessAge: 'OldestSuccessAge',
  commandLatency: 'CommandLatency',
  holdBackOverruns: 'HoldBackOverruns',
  runsSkipped: 'RunsSkipped',
  throttles: 'CommandThrottles',
} as const;

export const SYNC_DIMENSION = 'Schedule';

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
