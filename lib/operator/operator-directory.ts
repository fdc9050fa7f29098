import { CfnOutput, Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { MobiLinkServerFarm } from '../farm/mobilink-server-farm';
import type { TrackedDatabase } from '../primary/tracked-database';
import type { SyncDispatcher } from '../remotes/sync-dispatcher';
import type { SyncSchedule } from '../remotes/sync-schedule';
import { DIRECTORY_OUTPUT } from './contract';

/** Properties of the operator's directory. */
export interface OperatorDirectoryProps {
  /** The MobiLink servers. */
  readonly farm: MobiLinkServerFarm;

  /**
   * The consolidated database as it is tracked.
   *
   * @default - none: nobody says who is primary
   */
  readonly tracker?: TrackedDatabase;

  /**
   * Carries out scheduled syncs; its schedules are listed, whenever they are added.
   *
   * @default - none
   */
  readonly dispatcher?: SyncDispatcher;
}

/**
 * Where `npx mobilink-ha` finds the parts of a system: one parameter of Systems Manager with their names, and an output of the stack that
 * names it. It holds no secret. Cost: none for up to about ten schedules; beyond, an advanced parameter, 5 cents a month (list price,
 * UNSOURCED).
 */
export class OperatorDirectory extends Construct {
  /** The parameter. */
  public readonly parameter: ssm.CfnParameter;

  private readonly farm: MobiLinkServerFarm;
  private readonly tracker?: TrackedDatabase;
  private readonly dispatcher?: SyncDispatcher;
  private readonly schedules: SyncSchedule[] = [];

  constructor(scope: Construct, id: string, props: OperatorDirectoryProps) {
    super(scope, id);
    this.farm = props.farm;
    this.tracker = props.tracker;
    this.dispatcher = props.dispatcher;
    this.dispatcher?._eachSchedule((schedule) => this.schedules.push(schedule));
    this.parameter = new ssm.CfnParameter(this, 'Parameter', {
      type: 'String',
      tier: 'Intelligent-Tiering',
      description: 'Where the parts of this MobiLink system are, for npx mobilink-ha',
      value: Lazy.string({ produce: () => this.render() }),
    });
    new CfnOutput(this, 'Name', { value: this.parameter.ref, description: DIRECTORY_OUTPUT });
  }

  /** Lets somebody find and look: what `status`, `doctor`, `runs`, `run` and `remotes list` read. Nothing of it changes anything. */
  public grantLook(grantee: iam.IGrantable): iam.Grant {
    const stack = Stack.of(this);
    const grants = [
      allow(grantee, ['cloudformation:DescribeStacks'], [stack.stackId]),
      allow(
        grantee,
        ['ssm:GetParameter'],
        [stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: this.parameter.ref })],
      ),
      allow(grantee, ['ecs:DescribeServices'], [this.farm.service.serviceArn]),
    ];
    if (this.tracker) grants.push(this.tracker.grantRead(grantee));
    if (this.dispatcher) {
      const { registry, dispatchQueue, dispatchDeadLetterQueue, collectQueue, collectDeadLetterQueue } =
        this.dispatcher;
      const queues = [dispatchQueue, dispatchDeadLetterQueue, collectQueue, collectDeadLetterQueue];
      grants.push(
        this.dispatcher.grantReadRuns(grantee),
        registry.grantRead(grantee),
        allow(
          grantee,
          ['sqs:GetQueueAttributes'],
          queues.map(({ queueArn }) => queueArn),
        ),
        // Knows no resource that exists before a host does (Service Authorization Reference, AWS Systems Manager).
        allow(grantee, ['ssm:DescribeInstanceInformation'], ['*']),
        allow(
          grantee,
          ['scheduler:GetSchedule'],
          [stack.formatArn({ service: 'scheduler', resource: 'schedule', resourceName: 'default/*' })],
        ),
      );
    }
    return grants.reduce((all, one) => all.combine(one));
  }

  /** Lets somebody register, pause and resume remotes, and order a sync of single ones. It does not include looking. */
  public grantOperate(grantee: iam.IGrantable): iam.Grant | undefined {
    if (!this.dispatcher) return undefined;
    const { registry, runs, dispatchQueue, collectQueue } = this.dispatcher;
    return registry
      .grantRegister(grantee)
      .combine(allow(grantee, ['dynamodb:PutItem'], [runs.tableArn]))
      .combine(allow(grantee, ['sqs:SendMessage'], [dispatchQueue.queueArn, collectQueue.queueArn]));
  }

  private render(): string {
    const { farm, tracker, dispatcher } = this;
    return Stack.of(this).toJsonString({
      version: 1,
      farm: { cluster: farm.cluster.clusterName, service: farm.service.serviceName },
      primary: tracker && { table: tracker.table.tableName, databaseId: tracker.databaseId },
      syncs: dispatcher && {
        registry: dispatcher.registry.table.tableName,
        shards: dispatcher.registry.shards,
        runs: dispatcher.runs.tableName,
        dispatch: dispatcher.dispatchQueue.queueUrl,
        dispatchDeadLetters: dispatcher.dispatchDeadLetterQueue.queueUrl,
        collect: dispatcher.collectQueue.queueUrl,
        collectDeadLetters: dispatcher.collectDeadLetterQueue.queueUrl,
        schedules: this.schedules.map((it) => ({
          name: it.scheduleName,
          // One of a later stack needs this one, so this one must not need it.
          schedule: Stack.of(it) === Stack.of(this) ? it.schedule.ref : undefined,
          groups: it.groups,
          hourGap: hoursOf(it),
          ...it._runTimes,
        })),
      },
    });
  }
}

/** A run is missed when none was begun for longer than this. */
function hoursOf({ longestGap }: SyncSchedule): number | undefined {
  return longestGap.isUnresolved() ? undefined : longestGap.toHours({ integral: false });
}

function allow(grantee: iam.IGrantable, actions: string[], resourceArns: string[]): iam.Grant {
  return iam.Grant.addToPrincipal({ grantee, actions, resourceArns });
}
