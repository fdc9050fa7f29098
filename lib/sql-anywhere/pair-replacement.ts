import { ArnFormat, Stack } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';
import { PAIR_TAG, pairCommandDocument, replacementDocument } from './replacement-document';

/** Properties of the replacement of a pair's hosts. */
export interface PairReplacementProps {
  /** Value of the hosts' tag `mobilink-ha:pair`. */
  readonly databaseId: string;

  /** The group of size one that holds the arbiter. */
  readonly arbiter: autoscaling.IAutoScalingGroup;

  /** The group of size one that holds the first partner. */
  readonly first: autoscaling.IAutoScalingGroup;

  /** The group of size one that holds the second partner. */
  readonly second: autoscaling.IAutoScalingGroup;

  /**
   * For how many seconds a link that is gone can look connected; a pair counts as complete after twice that, at least a minute.
   *
   * @default 30
   */
  readonly livenessSeconds?: number;
}

/**
 * Replaces the hosts of a mirrored pair when a person asks for it, since no deployment does: an Automation document of Systems
 * Manager that refuses unless the mirror is synchronized, and goes arbiter, mirror, planned failover, old primary, one at a time.
 *
 * Start it with `aws ssm start-automation-execution --document-name NAME`. A planned failover breaks all connections once.
 * Cost: Automation's price per step, below one cent a replacement.
 */
export class PairReplacement extends Construct {
  /** The Automation document. */
  public readonly document: ssm.CfnDocument;

  /** The command that the automation sends to the hosts: `mirror-status`, `await-pair` or `fail-over`. */
  public readonly commandDocument: ssm.CfnDocument;

  /** What the automation may do. */
  public readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: PairReplacementProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.commandDocument = new ssm.CfnDocument(this, 'Command', {
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: pairCommandDocument(props.livenessSeconds ?? 30),
    });
    this.role = new iam.Role(this, 'Role', {
      description: `Replaces the hosts of ${props.databaseId}`,
      assumedBy: new iam.ServicePrincipal('ssm.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({ service: 'ssm', resource: 'automation-execution', resourceName: '*' }),
          },
        },
      }),
    });
    this.allowCommands(props.databaseId);
    this.allowReplacing([props.arbiter, props.first, props.second]);
    this.document = new ssm.CfnDocument(this, 'Automation', {
      documentType: 'Automation',
      documentFormat: 'JSON',
      updateMethod: 'NewVersion',
      content: replacementDocument({
        roleArn: this.role.roleArn,
        commandDocument: this.commandDocument.ref,
        groups: {
          arbiter: props.arbiter.autoScalingGroupName,
          first: props.first.autoScalingGroupName,
          second: props.second.autoScalingGroupName,
        },
      }),
    });
  }

  private allowCommands(databaseId: string): void {
    const stack = Stack.of(this);
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [stack.formatArn({ service: 'ssm', resource: 'document', resourceName: this.commandDocument.ref })],
      }),
    );
    const hosts = stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' });
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [hosts],
        conditions: { StringEquals: { [`ssm:resourceTag/${PAIR_TAG}`]: databaseId } },
      }),
    );
    acknowledge(this.role, 'AwsSolutions-IAM5', 'Only hosts that carry the tag of this pair are commanded.', () => [
      `Resource::${hosts}`,
    ]);
  }

  private allowReplacing(groups: autoscaling.IAutoScalingGroup[]): void {
    const stack = Stack.of(this);
    // Neither the listing of commands nor that of instances and groups can be limited to resources (Service Authorization Reference).
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: [
          'ssm:ListCommands',
          'ssm:ListCommandInvocations',
          'ssm:GetCommandInvocation',
          'ssm:DescribeInstanceInformation',
          'autoscaling:DescribeAutoScalingGroups',
          'ec2:DescribeInstances',
        ],
        resources: ['*'],
      }),
    );
    const named = groups.map((group) =>
      stack.formatArn({
        service: 'autoscaling',
        resource: 'autoScalingGroup',
        // The ARN holds an id that only AWS knows beside the name.
        resourceName: `*:autoScalingGroupName/${group.autoScalingGroupName}`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
    this.role.addToPolicy(
      new iam.PolicyStatement({ actions: ['autoscaling:TerminateInstanceInAutoScalingGroup'], resources: named }),
    );
    acknowledge(
      this.role,
      'AwsSolutions-IAM5',
      'What lists knows no resource; the ARN of a group holds an id of AWS.',
      () => ['Resource::*', ...named.map((arn) => `Resource::${arn}`)],
    );
  }
}
