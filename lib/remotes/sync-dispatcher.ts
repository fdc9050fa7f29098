import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { known, Problems } from '../validation/problems';
import type { IRemoteRegistry } from './remote-registry';
import { ruleForFinishedRuns } from './run-finished';
import type { SyncDispatcherProps } from './sync-dispatcher-props';
import { DEFAULT_TAG_KEY, validateDispatcher } from './sync-dispatcher-rules';
import { SyncDocument } from './sync-document';
import { createCollectFunction, createDispatchFunction } from './sync-functions';
import { SyncQueue } from './sync-queue';
import type { SyncSchedule } from './sync-schedule';

/**
 * Synchronizes remotes when a {@link SyncSchedule} fires: finds them in the registry, starts `host/sync-remote.sh` on their
 * hosts by Systems Manager, fifty hosts a command, asks what became of each, and tries the partner where a host was not the
 * primary or not reached. Every remote of a run ends in exactly one recorded outcome.
 *
 * Only the first of its two functions sends commands, only by the project's own document, and only to hosts with the
 * system's tag. What waits is a delayed message and never a failed receive, so what ends in a dead-letter queue is broken: an
 * alarm tells, and after the cause is mended a redrive goes on where it stopped.
 *
 * Cost of a sync: 0.02 calls of SendCommand and 0.05 of ListCommandInvocations (free), about 1.1 writes of DynamoDB, 0.1
 * requests of SQS. Between runs: two alarms, 20 cents a month, and Lambda's polling of two empty queues, which SQS counts as
 * requests and which stays below its free million or costs about 50 cents a month (list prices, UNSOURCED). Nodes outside
 * EC2 cost more than all of this beyond the free thousand: docs/hosts.md.
 */
export class SyncDispatcher extends Construct {
  /** The remotes that may be synchronized. */
  public readonly registry: IRemoteRegistry;

  /** The document by which hosts are commanded. */
  public readonly syncDocument: SyncDocument;

  /** Runs, their shards and batches; items expire a fortnight after the deadline of their run. */
  public readonly runs: dynamodb.Table;

  /** Takes firings of schedules, and orders of shards. */
  public readonly dispatchQueue: sqs.IQueue;

  /** Where an order ends that cannot be carried out, and a firing that could not be delivered. */
  public readonly dispatchDeadLetterQueue: sqs.IQueue;

  /** Takes batches of commands that are under way. */
  public readonly collectQueue: sqs.IQueue;

  /** Where a batch ends whose outcome cannot be collected. */
  public readonly collectDeadLetterQueue: sqs.IQueue;

  /** One for each dead-letter queue: somebody must look. They have no action until one is added. */
  public readonly alarms: cloudwatch.Alarm[];

  /** The function that commands hosts. */
  public readonly dispatchHandler: lambda.IFunction;

  /** The function that collects outcomes. */
  public readonly collectHandler: lambda.IFunction;

  /** The role with which schedules send their firings. */
  public readonly scheduleRole: iam.IRole;

  /** Key of the tag that hosts must carry. */
  public readonly hostTagKey: string;

  /** Value of the tag that hosts must carry. */
  public readonly hostTagValue: string;

  /** @internal */
  public readonly _logGroups: logs.ILogGroup[];

  private readonly schedules: SyncSchedule[] = [];
  private readonly listeners: ((schedule: SyncSchedule) => void)[] = [];
  private heard = false;

  constructor(scope: Construct, id: string, props: SyncDispatcherProps) {
    super(scope, id);
    validateDispatcher(this, props);
    this.registry = props.registry;
    this.hostTagKey = props.hostTagKey ?? DEFAULT_TAG_KEY;
    this.hostTagValue = props.hostTagValue ?? Stack.of(this).stackName;
    this.syncDocument = new SyncDocument(this, 'SyncDocument');
    this.runs = new dynamodb.Table(this, 'Runs', {
      partitionKey: { name: 'runId', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'item', type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: props.runsEncryptionKey
        ? dynamodb.TableEncryption.CUSTOMER_MANAGED
        : dynamodb.TableEncryption.AWS_MANAGED,
      encryptionKey: props.runsEncryptionKey,
      // What must last stands in the registry.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const dispatch = new SyncQueue(this, 'Dispatch');
    const collect = new SyncQueue(this, 'Collect');
    this.dispatchQueue = dispatch.queue;
    this.dispatchDeadLetterQueue = dispatch.deadLetterQueue;
    this.collectQueue = collect.queue;
    this.collectDeadLetterQueue = collect.deadLetterQueue;
    this.alarms = [dispatch.alarm, collect.alarm];

    const parts = {
      ...props,
      deliveryTimeout: props.deliveryTimeout ?? Duration.minutes(5),
      hostTagKey: this.hostTagKey,
      hostTagValue: this.hostTagValue,
      syncDocument: this.syncDocument,
      runs: this.runs,
      dispatchQueue: dispatch.queue,
      collectQueue: collect.queue,
    };
    const dispatcher = createDispatchFunction(this, parts);
    const collector = createCollectFunction(this, parts);
    this.dispatchHandler = dispatcher.function;
    this.collectHandler = collector.function;
    this._logGroups = [dispatcher.logGroup, collector.logGroup];
    dispatch.feed(dispatcher, props.maxConcurrentDispatches ?? 5);
    collect.feed(collector, props.maxConcurrentCollects ?? 10);
    this.scheduleRole = this.createScheduleRole(dispatch);
    this.node.addValidation({ validate: () => this.problemsOfSchedules() });
  }

  /** Lets somebody read what became of runs. */
  public grantReadRuns(grantee: iam.IGrantable): iam.Grant {
    const key = this.runs.encryptionKey;
    if (key) {
      iam.Grant.addToPrincipal({
        grantee,
        actions: ['kms:Decrypt'],
        resourceArns: [key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
      });
    }
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:Query'],
      resourceArns: [this.runs.tableArn],
    });
  }

  /**
   * Calls the target when a run of any schedule of this dispatcher has finished, or was skipped. At least once for each run:
   * the event's `detail.runId` tells repetitions.
   */
  public onRunFinished(id: string, options: events.OnEventOptions = {}): events.Rule {
    this.heard = true;
    return ruleForFinishedRuns(this, id, Lazy.list({ produce: () => this.scheduleNames }), options);
  }

  /** @internal */
  public _addSchedule(schedule: SyncSchedule): void {
    this.schedules.push(schedule);
    for (const listener of this.listeners) listener(schedule);
  }

  /**
   * Calls back for each schedule, also for those that are added later.
   *
   * @internal
   */
  public _eachSchedule(listener: (schedule: SyncSchedule) => void): void {
    this.listeners.push(listener);
    this.schedules.forEach(listener);
  }

  private get scheduleNames(): string[] {
    return this.schedules.map(({ scheduleName }) => scheduleName);
  }

  private createScheduleRole(dispatch: SyncQueue): iam.Role {
    const role = new iam.Role(this, 'ScheduleRole', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'Sends the firings of sync schedules to their dispatcher',
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [dispatch.queue.queueArn] }));
    // A firing that cannot be delivered is rare; that it may go here is said by the queue itself.
    dispatch.deadLetterQueue.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ArnPrincipal(role.roleArn)],
        actions: ['sqs:SendMessage'],
        resources: [dispatch.deadLetterQueue.queueArn],
      }),
    );
    return role;
  }

  private problemsOfSchedules(): string[] {
    const problems = new Problems(this);
    const names = this.scheduleNames.filter((name) => known(name) !== undefined);
    const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
    problems.require(twice.length === 0, {
      id: 'MobiLink:Dispatcher:ScheduleNameTwice',
      prop: 'scheduleName',
      rule: 'must be different for each schedule of a dispatcher: two runs of one name and time would be one run',
      value: twice.join(', '),
      fix: 'leave scheduleName out, or give each schedule a name of its own',
    });
    problems.require(!this.heard || this.scheduleNames.length > 0, {
      id: 'MobiLink:Dispatcher:NoSchedule',
      prop: 'onRunFinished',
      rule: 'needs a schedule whose runs finish',
      value: undefined,
      fix: 'add a SyncSchedule, or leave the rule out',
    });
    return problems.messages();
  }
}
