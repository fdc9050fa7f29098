import { Duration, Tokenization } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import { METRIC_NAMESPACE } from '../primary/contract';
import { OUTCOMES_REFUSED, SYNC_DIMENSION, SYNC_METRICS } from './contract';
import type { IRemoteRegistry } from './remote-registry';
import { FUNCTION_TIMEOUT, SyncQueue } from './sync-queue';

/** Properties of what takes the outcomes of syncs that databases start themselves. */
export interface SyncOutcomesProps {
  /** Where the outcomes are written. */
  readonly registry: IRemoteRegistry;

  /**
   * How many outcomes are written at a time; 2 to 1000, the range of Lambda.
   *
   * @default 5
   */
  readonly maxConcurrency?: number;

  /**
   * Key for the log of the function. Its policy must let CloudWatch Logs use it.
   *
   * @default - the log is encrypted by CloudWatch Logs itself
   */
  readonly logKey?: kms.IKey;

  /**
   * How long the log of the function is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;
}

/**
 * Takes the outcomes of syncs that remote databases start themselves, and writes them to the registry. A host keeps an outcome until
 * it can reach AWS. An outcome counts only if the host that sent it is one of the remote's in the registry.
 *
 * Cost of an outcome: three requests of SQS, one invocation, a read and a write of DynamoDB. Between syncs: an alarm, 10 cents a month,
 * and Lambda's polling of an empty queue (list prices, UNSOURCED).
 */
export class SyncOutcomes extends Construct {
  /** Takes one message an outcome. */
  public readonly queue: sqs.IQueue;

  /** Where an outcome ends that cannot be written: of a remote that is not registered, or from a host that is not the remote's. */
  public readonly deadLetterQueue: sqs.IQueue;

  /** Rings when the dead-letter queue holds something. It has no action until one is added. */
  public readonly alarm: cloudwatch.Alarm;

  /** The function that writes. */
  public readonly handler: lambda.IFunction;

  constructor(scope: Construct, id: string, props: SyncOutcomesProps) {
    super(scope, id);
    const { registry } = props;
    const outcomes = new SyncQueue(this, 'Outcomes');
    const bundled = new BundledFunction(this, 'RecordOutcomes', {
      bundle: 'record-outcomes',
      description: 'Writes outcomes that hosts report to the registry of remotes',
      memorySize: 256,
      timeout: FUNCTION_TIMEOUT,
      environment: {
        MOBILINK_REGISTRY_TABLE: registry.table.tableName,
        MOBILINK_REGISTRY_SHARDS: Tokenization.stringifyNumber(registry.shards),
        MOBILINK_METRIC_NAMESPACE: METRIC_NAMESPACE,
      },
      logRetention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      logKey: props.logKey,
    });
    bundled.allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [registry.table.tableArn]);
    bundled.allowDecrypt(registry.encryptionKey, 'dynamodb');
    outcomes.feed(bundled, props.maxConcurrency ?? 5);
    this.queue = outcomes.queue;
    this.deadLetterQueue = outcomes.deadLetterQueue;
    this.alarm = outcomes.alarm;
    this.handler = bundled.function;
  }

  /** Lets a host report outcomes. They count only for remotes of which it is a host. */
  public grantReport(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['sqs:SendMessage'],
      resourceArns: [this.queue.queueArn],
    });
  }

  /** How long the oldest outcome has waited for being written. The maximum unless told otherwise. */
  public metricOldestOutcomeAge(props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.queue.metricApproximateAgeOfOldestMessage({
      period: Duration.minutes(5),
      statistic: cloudwatch.Stats.MAXIMUM,
      ...props,
    });
  }

  /** Syncs that ended well, of a schedule inside databases. The sum over 5 minutes unless told otherwise. */
  public metricSynchronized(scheduleName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.synchronized, scheduleName, props);
  }

  /** Syncs that failed, of a schedule inside databases. The sum over 5 minutes unless told otherwise. */
  public metricFailed(scheduleName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.failed, scheduleName, props);
  }

  /**
   * How often an outcome was refused, of a schedule inside databases: up to ten times each, then it is in the dead-letter queue. The sum
   * over 5 minutes unless told otherwise.
   */
  public metricRefused(scheduleName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(OUTCOMES_REFUSED, scheduleName, props);
  }

  private metric(metricName: string, scheduleName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { [SYNC_DIMENSION]: scheduleName },
      statistic: cloudwatch.Stats.SUM,
      period: Duration.minutes(5),
      ...props,
    }).attachTo(this);
  }
}
