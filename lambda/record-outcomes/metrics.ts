import { Logger } from '@aws-lambda-powertools/logger';
import { METRIC_OF, OUTCOMES_REFUSED, SyncMetrics } from '../records/sync-metrics';
import type { Outcome } from '../records/sync-outcome';
import type { Metrics } from './ports';

/** Where a message that cannot be read is counted; no schedule can have this name. */
const NO_SCHEDULE = '(unreadable)';

/**
 * What record-outcomes counts, by the schedule that the run id names: each outcome when the registry has it, and each time that one is
 * refused, up to ten times a message. A message that comes again after a later outcome is counted again.
 */
export class RecordMetrics implements Metrics {
  private readonly metrics: SyncMetrics;
  private readonly logger = new Logger({ serviceName: 'record-outcomes' });

  constructor(namespace: string) {
    this.metrics = new SyncMetrics(namespace);
  }

  public recorded(schedule: string, outcome: Outcome): void {
    this.metrics.publish(schedule, { [METRIC_OF[outcome]]: [1] });
  }

  public refused(schedule: string | undefined, detail: Record<string, unknown>): void {
    this.logger.error('an outcome is refused', detail as Record<string, string>);
    this.metrics.publish(schedule ?? NO_SCHEDULE, { [OUTCOMES_REFUSED]: [1] });
  }

  public failed(detail: Record<string, unknown>): void {
    this.logger.error('an outcome is not recorded yet', detail as Record<string, string>);
  }

  public leftAside(detail: Record<string, unknown>): void {
    this.logger.info('a report is left aside', detail as Record<string, string>);
  }
}
