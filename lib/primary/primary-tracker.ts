import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { NetworkUse } from '../network/network-use';
import { requireWayOut } from '../network/way-out';
import { EVENT_SOURCE, METRIC_NAMESPACE } from './contract';
import { everyMinute } from './every-minute';
import { OtherDatabases } from './other-databases';
import type { PrimaryTrackerProps } from './primary-tracker-props';
import { TrackedDatabase } from './tracked-database';
import { allowToMembers, type TrackerNetwork, trackerNetwork, validateNetwork } from './tracker-network';
import { problemsOfPace, validateAnother, validateRate } from './tracker-rules';

export * from './primary-tracker-props';

/**
 * Discovers which member of the consolidated database is primary, and tells everyone: in one item of a DynamoDB table, by
 * EventBridge and, for a mirrored pair, by a name that follows the primary. It observes and never promotes, and no MobiLink server needs it to keep synchronizing.
 *
 * Two signals lead to the same code: events of the database (fast, but AWS delivers them on a best-effort basis) and a
 * schedule whose invocation asks every 10 s until the next one takes over. Cost: about 260 000 calls of `DescribeDBInstances` a
 * month (free), one function that is always running (256 MB on ARM: about 9 dollars a month) and two writes a minute.
 */
export class PrimaryTracker extends TrackedDatabase implements ec2.IConnectable {
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

  private readonly network?: TrackerNetwork;
  private readonly others: OtherDatabases;

  constructor(scope: Construct, id: string, props: PrimaryTrackerProps) {
    super(scope, id);
    const { database } = props;
    validateNetwork(this, props);
    validateRate(this, props.rdsCallsPerSecond);
    this.databaseId = database.databaseId;

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
    if (props.vpc && this.network) {
      requireWayOut(this, {
        vpc: props.vpc,
        subnets: props.vpc.selectSubnets(this.network.vpcSubnets).subnets,
        prop: 'vpcSubnets',
        use: NetworkUse.PAIR_TRACKER,
        reason: props.networkReason,
      });
    }
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
        ...(props.rdsCallsPerSecond !== undefined && {
          MOBILINK_RDS_CALLS_PER_SECOND: String(props.rdsCallsPerSecond),
        }),
      },
      // A watch lasts until the next one takes over. EventBridge Scheduler fires anywhere within its minute, so that may be
      // almost two minutes later; the rest is for the last poll.
      timeout: Duration.seconds(150),
      memorySize: Lazy.number({ produce: () => memoryFor(this.others.count) }),
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
    this.others = new OtherDatabases(this, database, bundled, this.table.tableArn);
    this.schedule = everyMinute(this, bundled, () => this.others.render());
    this.node.addValidation({ validate: () => problemsOfPace(this, this.others.questions, props.rdsCallsPerSecond) });
  }

  /**
   * Tracks one more database with the same function: the RDS API is asked for up to a hundred databases of a kind by one call, and its
   * rate is shared by all callers of the account. Events of its blue/green switch-overs are not listened to; the next look sees what
   * they do. The database may be of another stack, which this one then needs: not of one that needs this one.
   *
   * Cost: next to nothing but its metrics; from 50 databases on the function has 512 MB, from 200 on 1 GB (18 and 35 dollars a month,
   * list prices of us-east-1, UNSOURCED).
   *
   * @param id of the construct that stands for the database here
   * @param database an RDS database of this account and Region, or SQL Anywhere servers that are reached from the tracker's VPC
   */
  public track(id: string, database: IConsolidatedDatabase): TrackedDatabase {
    validateAnother(this, this.others, database, this.network !== undefined);
    this.others.add(database);
    allowToMembers(this.connections, database);
    return new AlsoTracked(this, id, database.databaseId);
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
}

/** A database that a tracker tracks beside its own. */
class AlsoTracked extends TrackedDatabase {
  public readonly table: dynamodb.Table;
  public readonly handler: lambda.IFunction;
  public readonly logGroup: logs.ILogGroup;

  constructor(
    tracker: PrimaryTracker,
    id: string,
    public readonly databaseId: string,
  ) {
    super(tracker, id);
    this.table = tracker.table;
    this.handler = tracker.handler;
    this.logGroup = tracker.logGroup;
  }
}

/**
 * A function has a full processor at 1,769 MB (Lambda Developer Guide, "Configure Lambda function memory") and must look within 9 s. Measured
 * (docs/performance.md): a minute over 1,000 databases takes 5 s of one and 340 MB.
 */
function memoryFor(databases: number): number {
  if (databases <= 50) return 256;
  return databases <= 200 ? 512 : 1024;
}

function defaultBusArn(scope: Construct): string {
  return Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
}
