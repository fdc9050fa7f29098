import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { withRunbook } from '../runbook/runbook';

export interface AlarmSettings {
  /** What it means that it rings, for the person who reads the message. */
  readonly meaning: string;
  /** Name of the file in docs/runbooks, without `.md`. */
  readonly runbook: string;
  readonly metric: cloudwatch.IMetric;
  /** @default - rings at the threshold and above */
  readonly operator?: cloudwatch.ComparisonOperator;
  readonly threshold: number;
  /** So many in a row. */
  readonly periods: number;
  readonly missing: cloudwatch.TreatMissingData;
  /** For how long after its creation it does not ring: where silence rings, there is nothing yet to be heard. */
  readonly warmUp?: Duration;
}

/** Every alarm of the monitoring is made here, so none lacks its runbook or its choice about missing data. */
export function createAlarm(scope: Construct, id: string, it: AlarmSettings): cloudwatch.Alarm {
  const alarm = new cloudwatch.Alarm(scope, id, {
    alarmDescription: withRunbook(it.meaning, it.runbook),
    metric: it.metric,
    comparisonOperator: it.operator ?? cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: it.threshold,
    evaluationPeriods: it.periods,
    treatMissingData: it.missing,
  });
  if (it.warmUp) {
    (alarm.node.defaultChild as cloudwatch.CfnAlarm).warmUpConfiguration = {
      warmUpPeriodDurationInMinutes: it.warmUp.toMinutes(),
    };
  }
  return alarm;
}
