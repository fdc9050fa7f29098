import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { SYNC_METRICS, SyncMetrics } from '../records/sync-metrics';
import { type Run, runIdOf } from '../records/sync-run';
import type { Metrics } from './ports';

/** What dispatch counts, each as it happens: a function that is killed afterwards has counted it. */
export class DispatchMetrics implements Metrics {
  private readonly metrics: SyncMetrics;
  private readonly logger = new Logger({ serviceName: 'dispatch-syncs' });

  constructor(namespace: string) {
    this.metrics = new SyncMetrics(namespace);
  }

  public ordered(run: Run, remotes: number): void {
    if (remotes > 0) this.metrics.publish(run.schedule, { [SYNC_METRICS.ordered]: [remotes] });
  }

  public oldestSuccess(run: Run, ageSeconds: number): void {
    this.metrics.publish(run.schedule, { [SYNC_METRICS.oldestSuccessAge]: [ageSeconds] }, MetricUnit.Seconds);
  }

  public holdBackOverrun(run: Run): void {
    this.logger.error('the failover lasts longer than syncs are held back: they go on', { runId: runIdOf(run) });
    this.metrics.publish(run.schedule, { [SYNC_METRICS.holdBackOverruns]: [1] });
  }

  public skipped(run: Run, reason: string): void {
    this.logger.warn('a run is skipped', { runId: runIdOf(run), reason });
    this.metrics.publish(run.schedule, { [SYNC_METRICS.runsSkipped]: [1] });
  }

  public throttled(run: Run): void {
    this.logger.warn('Systems Manager throttles: half the rate from here on', { runId: runIdOf(run) });
    this.metrics.publish(run.schedule, { [SYNC_METRICS.throttles]: [1] });
  }

  public told(message: string, detail: Record<string, unknown>): void {
    this.logger.info(message, detail as Record<string, string>);
  }
}
