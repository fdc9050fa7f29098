import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type PairSeen, silenceOf } from './observation';
import { measure } from './pair-measures';
import type { PollOutcome } from './poll';

/** The names under which lib/primary offers them as `metricXxx`. */
export const METRIC_NAMES = {
  polls: 'Polls',
  failedObservations: 'FailedObservations',
  primaryChanges: 'PrimaryChanges',
  secondsUnstable: 'SecondsUnstable',
} as const;

/** Of a mirrored pair only. */
export const PAIR_METRIC_NAMES = {
  primariesClaimed: 'PrimariesClaimed',
  mirrorNotSynchronized: 'MirrorNotSynchronized',
  partnerLost: 'PartnerLost',
  arbiterLost: 'ArbiterLost',
  clockSkewSeconds: 'ClockSkewSeconds',
  failedAliasUpdates: 'FailedAliasUpdates',
} as const;

export const DIMENSION = 'DatabaseId';

/** Writes the metrics of each poll into the log in CloudWatch's embedded format; no call, no cost but the line. */
export class PollMetrics {
  private readonly metrics: Metrics;

  constructor(namespace: string) {
    this.metrics = new Metrics({ namespace });
    // Powertools adds a dimension `service`, which would make these other metrics than those that alarms look at.
    this.metrics.clearDefaultDimensions();
  }

  /** @param outcome undefined when the poll failed before it saw anything. */
  public publish(databaseId: string, outcome: PollOutcome | undefined, now: number): void {
    const { metrics } = this;
    metrics.addDimension(DIMENSION, databaseId);
    metrics.addMetric(METRIC_NAMES.polls, MetricUnit.Count, 1);
    const failed = outcome?.observation === undefined || silenceOf(outcome.observation) !== undefined;
    metrics.addMetric(METRIC_NAMES.failedObservations, MetricUnit.Count, failed ? 1 : 0);
    metrics.addMetric(METRIC_NAMES.primaryChanges, MetricUnit.Count, outcome?.newEpoch === undefined ? 0 : 1);
    const record = outcome?.record;
    if (record) {
      const unstable = record.state === 'stable' ? 0 : Math.max(0, (now - Date.parse(record.stateSince)) / 1000);
      metrics.addMetric(METRIC_NAMES.secondsUnstable, MetricUnit.Seconds, unstable);
      // For the query of the dashboard that says who is primary; no metric, so no cost.
      metrics.addMetadata('primary', record.primary.memberId);
      metrics.addMetadata('zone', record.primary.availabilityZone ?? '');
      metrics.addMetadata('since', record.since);
      metrics.addMetadata('state', record.state);
      metrics.addMetadata('epoch', String(record.epoch));
    }
    if (outcome?.observation?.kind === 'pair') this.addPair(outcome.observation, outcome.unaliased !== undefined);
    metrics.publishStoredMetrics();
  }

  private addPair(observation: PairSeen, unaliased: boolean): void {
    const { metrics } = this;
    const it = measure(observation);
    metrics.addMetric(PAIR_METRIC_NAMES.primariesClaimed, MetricUnit.Count, it.primariesClaimed);
    metrics.addMetric(PAIR_METRIC_NAMES.mirrorNotSynchronized, MetricUnit.Count, it.mirrorNotSynchronized ? 1 : 0);
    metrics.addMetric(PAIR_METRIC_NAMES.partnerLost, MetricUnit.Count, it.partnerLost ? 1 : 0);
    metrics.addMetric(PAIR_METRIC_NAMES.arbiterLost, MetricUnit.Count, it.arbiterLost ? 1 : 0);
    metrics.addMetric(PAIR_METRIC_NAMES.failedAliasUpdates, MetricUnit.Count, unaliased ? 1 : 0);
    if (it.clockSkew !== undefined) {
      metrics.addMetric(PAIR_METRIC_NAMES.clockSkewSeconds, MetricUnit.Seconds, it.clockSkew / 1000);
    }
  }
}
