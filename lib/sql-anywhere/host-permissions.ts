import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { acknowledge } from '../validation/acknowledgement';
import { METRIC_NAMESPACE } from './pair-metrics';
import { PAIR_TAG } from './replacement-document';

/** What the role of one host is about. */
export interface HostPermissions {
  readonly databaseId: string;
  readonly volumeIds: string[];
  readonly zoneArn: string;
  readonly recordName: string;
  readonly secretArns: string[];
  readonly birthParameter: string;
  /** Whether this host gives birth to the pair. */
  readonly writesBirth: boolean;
  /** Objects that the host reads: its scripts and the installer. */
  readonly readObjects: string[];
  /** Objects under which a partner keeps its backups; none for the arbiter. */
  readonly backupObjects?: string;
  readonly logGroupArn: string;
  readonly encryptionKey?: kms.IKey;
  readonly tellsOfFailovers: boolean;
}

/**
 * What a host of a pair may do, statement by statement.
 *
 * Session Manager and Run Command need the first block (Systems Manager User Guide, "Instance profile permissions"): the managed
 * policy `AmazonSSMManagedInstanceCore` holds it and access to all parameters.
 */
export function allowHost(role: iam.Role, it: HostPermissions): void {
  const stack = Stack.of(role);
  const allow = (actions: string[], resources: string[], conditions?: { [operator: string]: unknown }) =>
    role.addToPolicy(new iam.PolicyStatement({ actions, resources, conditions }));

  allow(
    [
      'ssm:UpdateInstanceInformation',
      'ssm:ListInstanceAssociations',
      'ssm:ListAssociations',
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
      'ec2messages:AcknowledgeMessage',
      'ec2messages:DeleteMessage',
      'ec2messages:FailMessage',
      'ec2messages:GetEndpoint',
      'ec2messages:GetMessages',
      'ec2messages:SendReply',
    ],
    ['*'],
  );
  allow(['ec2:DescribeVolumes'], ['*']);
  const volumes = it.volumeIds.map((id) => stack.formatArn({ service: 'ec2', resource: 'volume', resourceName: id }));
  const instances = stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' });
  allow(['ec2:AttachVolume'], volumes);
  allow(['ec2:AttachVolume'], [instances], { StringEquals: { [`aws:ResourceTag/${PAIR_TAG}`]: it.databaseId } });
  allow(['route53:ChangeResourceRecordSets'], [it.zoneArn], {
    'ForAllValues:StringEquals': {
      'route53:ChangeResourceRecordSetsNormalizedRecordNames': [it.recordName],
      'route53:ChangeResourceRecordSetsRecordTypes': ['A'],
      'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
    },
  });
  allow(['secretsmanager:GetSecretValue'], it.secretArns);
  const birth = stack.formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: it.birthParameter.replace(/^\//, ''),
  });
  allow(['ssm:GetParameter', ...(it.writesBirth ? ['ssm:PutParameter'] : [])], [birth]);
  allow(['s3:GetObject'], it.readObjects);
  if (it.backupObjects) allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [it.backupObjects]);
  allow(['cloudwatch:PutMetricData'], ['*'], { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } });
  if (it.tellsOfFailovers) {
    allow(
      ['events:PutEvents'],
      [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
      {
        'ForAllValues:StringEquals': {
          'events:source': ['mobilink-ha'],
          'events:detail-type': ['MobiLink Mirror Failover'],
        },
      },
    );
  }
  allow(
    ['cloudformation:SignalResource'],
    [stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${stack.stackName}/*` })],
  );
  const streams = `${it.logGroupArn}:log-stream:*`;
  allow(['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'], [it.logGroupArn, streams]);
  if (it.encryptionKey) {
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [it.encryptionKey.keyArn], {
      StringEquals: {
        'kms:ViaService': ['s3', 'secretsmanager'].map((service) => `${service}.${stack.region}.amazonaws.com`),
      },
    });
    // EBS decrypts for the instance, by a grant that whoever attaches the volume makes (EBS User Guide, "How EBS encryption works").
    allow(['kms:CreateGrant', 'kms:Decrypt'], [it.encryptionKey.keyArn], {
      StringEquals: { 'kms:ViaService': `ec2.${stack.region}.amazonaws.com` },
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
    });
  }
  acknowledge(
    role,
    'AwsSolutions-IAM5',
    'Instances are known by their tag, streams by their group; the other actions know no resource or are limited by a condition.',
    () => [
      'Resource::*',
      `Resource::${instances}`,
      `Resource::${streams}`,
      `Resource::${stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${stack.stackName}/*` })}`,
      ...(it.backupObjects ? [`Resource::${it.backupObjects}`] : []),
    ],
  );
}

/** The ARN of a log group as its actions want it: without the `:*` at its end. */
export function logGroupArn(stack: Stack, logGroupName: string): string {
  return stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
