import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Settlement } from '../records/sync-batch';
import { METRIC_OF, SYNC_METRICS, SyncMetrics } from '../records/sync-metrics';
import type { Run } from '../records/sync-run';
import type { Counts, Metrics } from './ports';

/** What collect counts: each outcome when the ledger has it. */
export class CollectMetrics implements Metrics {
  private readonly metrics: SyncMetrics;
  private readonly logger = new Logger({ serviceName: 'collect-syncs' });

  constructor(namespace: string) {
    this.metrics = new SyncMetrics(namespace);
  }

  public settled(run: Run, settlements: readonly Settlement[], latencies: readonly number[]): void {
    const values: Record<string, number[]> = {};
    for (const { outcome } of settlements) {
      const name = METRIC_OF[outcome];
      values[name] = [(values[name]?.[0] ?? 0) + 1];
    }
    if (settlements.length > 0) this.metrics.publish(run.schedule, values);
    if (latencies.length > 0) {
      this.metrics.publish(run.schedule, { [SYNC_METRICS.commandLatency]: latencies }, MetricUnit.Seconds);
    }
  }

  /** Told again when the run is announced again: alarms look at the value, never at a sum. */
  public finished(run: Run, counts: Counts): void {
    const { synchronized } = counts;
    const failures = counts.failed + counts['not-primary'] + counts.unreachable + counts['deadline-missed'];
    this.metrics.publish(run.schedule, { [SYNC_METRICS.runFailures]: [failures] });
    // Who is paused or busy was not tried.
    if (synchronized + failures === 0) return;
    const percent = (100 * synchronized) / (synchronized + failures);
    this.metrics.publish(run.schedule, { [SYNC_METRICS.runSuccessPercent]: [percent] }, MetricUnit.Percent);
  }

  public told(message: string, detail: Record<string, unknown>): void {
    this.logger.info(message, detail as Record<string, string>);
  }
}
