import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { withRunbook } from '../runbook/runbook';
import { SCALING_METRICS } from './server-metrics';

export interface FarmAlarmsProps {
  /** A metric of the servers by its name. */
  readonly metric: (metricName: string, props: cloudwatch.MetricOptions) => cloudwatch.Metric;
  /** Servers that answer the load balancer. */
  readonly healthyServers: (props: cloudwatch.MetricOptions) => cloudwatch.Metric;
  readonly topic?: sns.ITopic;
}

const PERIOD = Duration.minutes(5);
const PERIODS = 3;

/**
 * Rings when servers run and a metric that the farm is scaled by stays away: what mlsrv17 writes is not documented by SAP, so another
 * release may write it otherwise. Then the farm grows by CPU alone and does not shrink.
 */
export class FarmAlarms extends Construct {
  public readonly alarms: cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: FarmAlarmsProps) {
    super(scope, id);
    this.alarms = [
      this.whenMissing('ConnectionsMissing', SCALING_METRICS.databaseConnections, props),
      this.whenMissing('SyncQueueMissing', SCALING_METRICS.syncQueue, props),
    ];
    if (props.topic) for (const alarm of this.alarms) alarm.addAlarmAction(new actions.SnsAction(props.topic));
  }

  private whenMissing(id: string, name: string, { metric, healthyServers }: FarmAlarmsProps): cloudwatch.Alarm {
    const values = metric(name, { statistic: cloudwatch.Stats.SAMPLE_COUNT, period: PERIOD });
    return new cloudwatch.Alarm(this, id, {
      alarmDescription: withRunbook(
        `No server has said its ${name} for ${PERIODS * PERIOD.toMinutes()} minutes: the farm is scaled by CPU alone.`,
        'scaling-metric-missing',
      ),
      metric: new cloudwatch.MathExpression({
        expression: 'IF(FILL(servers, 0) > 0, FILL(spoken, 0), 1)',
        usingMetrics: {
          servers: healthyServers({ statistic: cloudwatch.Stats.MINIMUM, period: PERIOD }),
          spoken: values,
        },
        period: PERIOD,
        label: `Values of ${name}, or 1 while no server runs`,
      }),
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: PERIODS,
      // FILL has nothing to fill in where a metric has never had a value.
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
  }
}
