import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { BundledFunction } from '../bundled-function/bundled-function';
import { withRunbook } from '../runbook/runbook';

/** A throttled receive counts as one; what stays poison after ten is (Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
const RECEIVES = 10;

/** Time-out of the functions that read the queues. */
export const FUNCTION_TIMEOUT = Duration.seconds(60);

/** A queue of work for one function, and where that which cannot be done ends: with an alarm, and ready to be redriven. */
export class SyncQueue extends Construct {
  public readonly queue: sqs.Queue;
  public readonly deadLetterQueue: sqs.Queue;
  public readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // No redrive allow policy: it names the queue, which names this one, and CloudFormation resolves no circle.
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetters', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // A message keeps the age that it had in the first queue (4 days at most), so this one must keep it for longer.
      retentionPeriod: Duration.days(14),
    });
    this.queue = new sqs.Queue(this, 'Queue', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Lambda Developer Guide, "Using Lambda with Amazon SQS": six times the time-out of the function.
      visibilityTimeout: Duration.seconds(6 * FUNCTION_TIMEOUT.toSeconds()),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: RECEIVES },
    });
    this.alarm = new cloudwatch.Alarm(this, 'DeadLetterAlarm', {
      alarmDescription: withRunbook(`Messages of ${this.node.path} could not be worked off.`, 'dead-letters'),
      metric: this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: cloudwatch.Stats.MAXIMUM,
      }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  /** Lambda reads the queue with the role of the function, one message at a time. */
  public feed(bundled: BundledFunction, maxConcurrency: number): lambda.EventSourceMapping {
    bundled.allow(['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], [this.queue.queueArn]);
    return new lambda.EventSourceMapping(this, 'Mapping', {
      target: bundled.function,
      eventSourceArn: this.queue.queueArn,
      // One message may take all of the function's time, and none fails because of its neighbour.
      batchSize: 1,
      maxConcurrency,
    });
  }
}
