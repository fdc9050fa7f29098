import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import { EVENT_SOURCE, FAILOVER_STARTED, METRIC_NAMESPACE, METRICS, PAIR_METRICS, PRIMARY_CHANGED } from './contract';
import { everyMinute } from './every-minute';
import type { PrimaryTrackerProps } from './primary-tracker-props';
import { type TrackerNetwork, trackerNetwork, validateNetwork } from './tracker-network';

export * from './primary-tracker-props';

/**
 * Discovers which member of the consolidated database is primary, and tells everyone: in one item of a DynamoDB table, by
 * EventBridge and, for a mirrored pair, by a name that follows the primary. It observes and never promotes, and no MobiLink server needs it to keep synchronizing.
 *
 * Two signals lead to the same code: events of the database (fast, but AWS delivers them on a best-effort basis) and a
 * schedule whose invocation asks every 10 s until the next one takes over. Cost: about 260 000 calls of `DescribeDBInstances` a
 * month (free), one function that is always running (256 MB on ARM: about 9 dollars a month) and two writes a minute.
 */
export class PrimaryTracker extends Construct implements ec2.IConnectable {
  /** Key of the item in {@link table}. */
  public readonly databaseId: string;

  /** Holds the primary record. */
  public readonly table: dynamodb.Table;

  /** The function that tracks. */
  public readonly handler: lambda.IFunction;

  /** The function's log. */
  public readonly logGroup: logs.ILogGroup;

  /** Leads events of the database to the function. */
  public readonly rule: events.Rule;

  /** Starts a watch each minute. */
  public readonly schedule: scheduler.CfnSchedule;

  /** The function's side of the network; without groups when it runs outside of any VPC. */
  public readonly connections: ec2.Connections;

  private readonly encryptionKey?: kms.IKey;
  private readonly network?: TrackerNetwork;

  constructor(scope: Construct, id: string, props: PrimaryTrackerProps) {
    super(scope, id);
    const { database } = props;
    validateNetwork(this, props);
    this.databaseId = database.databaseId;
    this.encryptionKey = props.encryptionKey;

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.table = new dynamodb.Table(this, 'Records', {
      partitionKey: { name: 'databaseId', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: props.encryptionKey
        ? dynamodb.TableEncryption.CUSTOMER_MANAGED
        : dynamodb.TableEncryption.AWS_MANAGED,
      encryptionKey: props.encryptionKey,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    this.network = trackerNetwork(this, props);
    this.connections = new ec2.Connections({ securityGroups: this.network?.securityGroups });
    const bundled = new BundledFunction(this, 'TrackPrimary', {
      bundle: 'track-primary',
      description: `Tracks which member of ${database.node.id} is primary`,
      environment: {
        MOBILINK_DATABASE_ID: database.databaseId,
        MOBILINK_PRIMARY_TABLE: this.table.tableName,
        MOBILINK_PRIMARY_SOURCE: Stack.of(this).toJsonString(database.primarySource.render()),
        MOBILINK_EVENT_BUS: 'default',
        MOBILINK_METRIC_NAMESPACE: METRIC_NAMESPACE,
      },
      // A watch lasts until the next one takes over. EventBridge Scheduler fires anywhere within its minute, so that may be
      // almost two minutes later; the rest is for the last poll.
      timeout: Duration.seconds(150),
      memorySize: 256,
      logRetention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      logKey: props.logKey,
      network: this.network,
    });
    this.handler = bundled.function;
    this.logGroup = bundled.logGroup;
    for (const statement of database.primarySource.statements()) bundled.role.addToPolicy(statement);
    bundled.allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [this.table.tableArn], {
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [database.databaseId] },
    });
    bundled.allowDecrypt(props.encryptionKey, 'dynamodb');
    bundled.allow(['events:PutEvents'], [defaultBusArn(this)], {
      // Many-valued key: a plain StringEquals would deny every call.
      'ForAllValues:StringEquals': { 'events:source': [EVENT_SOURCE] },
    });

    // What is late is worthless: the next minute looks again. Lambda's own default is two retries over six hours.
    bundled.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(60) });
    this.rule = new events.Rule(this, 'DatabaseEvents', {
      description: `Events of ${database.node.id} lead to its primary tracker`,
      eventPattern: database.primarySource.eventPattern,
    });
    const target = new targets.LambdaFunction(bundled.function, {
      retryAttempts: 0,
      maxEventAge: Duration.seconds(60),
    });
    this.rule.addTarget(target);
    const { sharedEventPattern } = database.primarySource;
    if (sharedEventPattern) {
      new events.Rule(this, 'SharedEvents', {
        description: `Blue/green switch-overs lead to the primary tracker of ${database.node.id}`,
        eventPattern: sharedEventPattern,
        targets: [target],
      });
    }
    this.schedule = everyMinute(this, bundled);
  }

  /**
   * Makes endpoints in the VPC by which the tracker reaches DynamoDB and EventBridge without NAT. Not for a VPC that has them: names
   * of a service can be private to one endpoint only. Cost: the one of EventBridge is billed by the hour and zone, about 22 dollars a
   * month in three zones (AWS PrivateLink list price, 0.01 dollars an hour).
   */
  public addEndpoints(): void {
    if (!this.network)
      throw new Error(`PrimaryTracker '${this.node.path}' runs outside of any VPC: it needs no endpoints`);
    const { vpc, vpcSubnets } = this.network;
    new ec2.GatewayVpcEndpoint(this, 'DynamoDbEndpoint', {
      vpc,
      service: ec2.GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [vpcSubnets],
    });
    const endpoint = new ec2.InterfaceVpcEndpoint(this, 'EventBridgeEndpoint', {
      vpc,
      service: ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
      subnets: vpcSubnets,
      open: false,
    });
    endpoint.connections.allowDefaultPortFrom(this, 'Primary tracker');
  }

  /** Lets somebody read the primary record. */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    if (this.encryptionKey) {
      iam.Grant.addToPrincipal({
        grantee,
        actions: ['kms:Decrypt'],
        resourceArns: [this.encryptionKey.keyArn],
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

function defaultBusArn(scope: Construct): string {
  return Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
}
