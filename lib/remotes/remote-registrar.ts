import { CustomResource, Duration, Stack, Tokenization } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import { acknowledge } from '../validation/acknowledgement';
import type { IRemoteRegistry } from './remote-registry';

/** A remote whose hosts are instances of Auto Scaling groups. */
export interface Registration {
  readonly group: string;
  readonly remoteName: string;
  readonly autoScalingGroups: string[];
  readonly profile: string;
}

/** Long enough to see a host that was just started in its group. */
const TIMEOUT = Duration.minutes(5);

/** Events of EC2 Auto Scaling come as best effort (Amazon EC2 Auto Scaling User Guide, "Use EventBridge"); a look each hour finds what they missed. */
const LOOK_AGAIN = Duration.hours(1);

/**
 * Keeps the registry's hosts of remotes equal to the instances of their groups: when the remote is deployed, when a host is replaced,
 * each hour, and when it is removed. One function in a stack for each registry. Cost: 730 invocations a month and remote, each with
 * one call of EC2 Auto Scaling and one read of DynamoDB.
 */
export class RemoteRegistrar extends Construct {
  /** The registrar of this stack. */
  public static of(scope: Construct, registry: IRemoteRegistry): RemoteRegistrar {
    const stack = Stack.of(scope);
    const id = `MobiLinkRemoteRegistrar-${registry.node.addr.slice(0, 8)}`;
    const there = stack.node.tryFindChild(id);
    return there instanceof RemoteRegistrar ? there : new RemoteRegistrar(stack, id, registry);
  }

  private readonly bundled: BundledFunction;

  private constructor(scope: Construct, id: string, registry: IRemoteRegistry) {
    super(scope, id);
    this.bundled = new BundledFunction(this, 'RegisterRemote', {
      bundle: 'register-remote',
      description: 'Keeps the hosts of remotes in their registry',
      memorySize: 256,
      timeout: TIMEOUT,
      environment: {
        MOBILINK_REGISTRY_TABLE: registry.table.tableName,
        MOBILINK_REGISTRY_SHARDS: Tokenization.stringifyNumber(registry.shards),
      },
      logRetention: logs.RetentionDays.THREE_MONTHS,
    });
    this.bundled.allow(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'], [registry.table.tableArn]);
    this.bundled.allowDecrypt(registry.encryptionKey, 'dynamodb');
    this.bundled.allow(['autoscaling:DescribeAutoScalingGroups'], ['*']);
    acknowledge(
      this.bundled.role,
      'AwsSolutions-IAM5',
      'autoscaling:DescribeAutoScalingGroups knows no resource (Service Authorization Reference, Amazon EC2 Auto Scaling).',
      () => ['Resource::*'],
    );
  }

  /** Registers a remote for as long as the construct is deployed. */
  public register(scope: Construct, registration: Registration): CustomResource {
    const { function: handler } = this.bundled;
    const resource = new CustomResource(scope, 'Registration', {
      serviceToken: handler.functionArn,
      resourceType: 'Custom::MobiLinkRemote',
      serviceTimeout: Duration.seconds(TIMEOUT.toSeconds() + 60),
      properties: { ...registration },
    });
    // CloudFormation calls with the deployer's right; what the function itself needs must be there before and go after.
    resource.node.addDependency(this.bundled.role);
    const rule = new events.Rule(scope, 'HostsChanged', {
      description: `The hosts of ${registration.group}/${registration.remoteName} may have changed`,
      schedule: events.Schedule.rate(LOOK_AGAIN),
      eventPattern: {
        source: ['aws.autoscaling'],
        detailType: ['EC2 Instance Launch Successful'],
        detail: { AutoScalingGroupName: registration.autoScalingGroups },
      },
    });
    const event = events.RuleTargetInput.fromObject({ kind: 'hosts-changed', ...registration });
    rule.addTarget(new targets.LambdaFunction(handler, { event }));
    // Before it is registered the rule would register it, and after it is removed, too.
    rule.node.addDependency(resource);
    return resource;
  }

  /** The role of the function, for those who look what it may do. */
  public get role(): iam.IRole {
    return this.bundled.role;
  }
}
