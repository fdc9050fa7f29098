import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { EVENT_SOURCE, FAILOVER_STARTED, METRIC_NAMESPACE, METRICS, PAIR_METRICS, PRIMARY_CHANGED } from './contract';

/** A consolidated database whose primary is tracked: what others may read, measure and be told of it. */
export abstract class TrackedDatabase extends Construct {
  /** Key of the item in {@link table}. */
  public abstract readonly databaseId: string;

  /** Holds the primary record. */
  public abstract readonly table: dynamodb.Table;

  /** The function that tracks. */
  public abstract readonly handler: lambda.IFunction;

  /** The function's log. */
  public abstract readonly logGroup: logs.ILogGroup;

  /** Lets somebody read the primary record. */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    const { encryptionKey } = this.table;
    if (encryptionKey) {
      iam.Grant.addToPrincipal({
        grantee,
        actions: ['kms:Decrypt'],
        resourceArns: [encryptionKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
      });
    }
    return iam.Grant.addToPrincipal({ grantee, actions: ['dynamodb:GetItem'], resourceArns: [this.table.tableArn] });
  }

  /**
   * Calls the target once a change of primary has been published. At least once for each epoch: the event's
   * `detail.epoch` tells repetitions.
   */
  public onPrimaryChanged(id: string, options: events.OnEventOptions = {}): events.Rule {
    return this.onEvent(id, PRIMARY_CHANGED, options);
  }

  /** Calls the target when a failover is seen to begin. */
  public onFailoverStarted(id: string, options: events.OnEventOptions = {}): events.Rule {
    return this.onEvent(id, FAILOVER_STARTED, options);
  }

  /** Any metric of the tracker; the sum over 5 minutes unless told otherwise. */
  public metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { DatabaseId: this.databaseId },
      statistic: cloudwatch.Stats.SUM,
      ...props,
    }).attachTo(this);
  }

  /** How often the tracker looked: its heartbeat, 30 in 5 minutes. */
  public metricPolls(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.polls, props);
  }

  /** How often the source gave no answer. */
  public metricFailedObservations(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.failedObservations, props);
  }

  /** Changes of primary: one for each epoch. */
  public metricPrimaryChanges(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.primaryChanges, props);
  }

  /** For how many seconds there has been no stable primary; 0 while there is one. The maximum unless told otherwise. */
  public metricSecondsUnstable(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.secondsUnstable, { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /** How many partners of a pair say that they are primary: 1 when all is well. The maximum unless told otherwise. */
  public metricPrimariesClaimed(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofPair(PAIR_METRICS.primariesClaimed, props);
  }

  /** 1 while no primary of a pair says that its mirror is synchronized. The maximum unless told otherwise. */
  public metricMirrorNotSynchronized(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofPair(PAIR_METRICS.mirrorNotSynchronized, props);
  }

  /** 1 while no primary of a pair sees its mirror. The maximum unless told otherwise. */
  public metricPartnerLost(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofPair(PAIR_METRICS.partnerLost, props);
  }

  /** 1 while no primary of a pair sees the arbiter. The maximum unless told otherwise. */
  public metricArbiterLost(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofPair(PAIR_METRICS.arbiterLost, props);
  }

  /** By how many seconds at least the worse clock of a pair's partners is off. The maximum unless told otherwise. */
  public metricClockSkewSeconds(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofPair(PAIR_METRICS.clockSkewSeconds, props);
  }

  /** How often the DNS alias of a pair could not be led to the primary; each poll tries again. */
  public metricFailedAliasUpdates(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(PAIR_METRICS.failedAliasUpdates, props);
  }

  /** Has data for mirrored pairs only. */
  private ofPair(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(metricName, { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  private onEvent(id: string, detailType: string, options: events.OnEventOptions): events.Rule {
    const rule = new events.Rule(options.crossStackScope ?? this, id, {
      ruleName: options.ruleName,
      description: options.description ?? `${detailType}: ${this.databaseId}`,
      eventPattern: {
        source: [EVENT_SOURCE],
        detailType: [detailType],
        detail: { ...options.eventPattern?.detail, databaseId: [this.databaseId] },
      },
    });
    rule.addTarget(options.target);
    return rule;
  }
}
