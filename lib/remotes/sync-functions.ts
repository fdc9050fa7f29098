import { type Duration, Stack, Tokenization } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import { EVENT_SOURCE, METRIC_NAMESPACE } from '../primary/contract';
import { acknowledge } from '../validation/acknowledgement';
import type { SyncDispatcherProps } from './sync-dispatcher-props';
import type { SyncDocument } from './sync-document';
import { FUNCTION_TIMEOUT } from './sync-queue';

/** What the two functions are told of and may reach. */
export interface SyncParts extends SyncDispatcherProps {
  readonly runs: dynamodb.Table;
  readonly dispatchQueue: sqs.IQueue;
  readonly collectQueue: sqs.IQueue;
  readonly syncDocument: SyncDocument;
  readonly hostTagKey: string;
  readonly hostTagValue: string;
  readonly deliveryTimeout: Duration;
}

/** The only function that commands hosts. */
export function createDispatchFunction(scope: Construct, parts: SyncParts): BundledFunction {
  const { registry, runs, tracker, syncDocument } = parts;
  const bundled = createFunction(scope, 'DispatchSyncs', parts, {
    bundle: 'dispatch-syncs',
    description: 'Commands the hosts of remotes to synchronize',
    memorySize: 256,
    environment: {
      MOBILINK_REGISTRY_SHARDS: Tokenization.stringifyNumber(registry.shards),
      MOBILINK_SYNC_DOCUMENT: syncDocument.documentName,
      MOBILINK_DELIVERY_TIMEOUT: Tokenization.stringifyNumber(parts.deliveryTimeout.toSeconds()),
      ...(tracker && { MOBILINK_PRIMARY_TABLE: tracker.table.tableName, MOBILINK_DATABASE_ID: tracker.databaseId }),
    },
  });
  bundled.allow(['dynamodb:Query'], [registry.table.tableArn]);
  bundled.allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [runs.tableArn]);
  if (tracker) {
    bundled.allow(['dynamodb:GetItem'], [tracker.table.tableArn], {
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [tracker.databaseId] },
    });
    bundled.allowDecrypt(tracker.table.encryptionKey, 'dynamodb');
  }
  const stack = Stack.of(scope);
  const hosts = [
    stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' }),
    stack.formatArn({ service: 'ssm', resource: 'managed-instance', resourceName: '*' }),
  ];
  // The document has no condition of tags, so it cannot share a statement with the hosts.
  bundled.allow(['ssm:SendCommand'], [syncDocument.documentArn]);
  bundled.allow(['ssm:SendCommand'], hosts, {
    StringEquals: { [`ssm:resourceTag/${parts.hostTagKey}`]: parts.hostTagValue },
  });
  bundled.allow(['ssm:ListCommands'], ['*']);
  acknowledge(
    bundled.role,
    'AwsSolutions-IAM5',
    'Hosts are known by their tag; ssm:ListCommands knows no resource.',
    () => [...hosts.map((host) => `Resource::${host}`), 'Resource::*'],
  );
  return bundled;
}

export function createCollectFunction(scope: Construct, parts: SyncParts): BundledFunction {
  const bundled = createFunction(scope, 'CollectSyncs', parts, {
    bundle: 'collect-syncs',
    description: 'Collects what became of the syncs of remotes',
    memorySize: 512,
    environment: { MOBILINK_EVENT_BUS: 'default' },
  });
  bundled.allow(['dynamodb:UpdateItem'], [parts.registry.table.tableArn]);
  bundled.allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [parts.runs.tableArn]);
  bundled.allow(['ssm:ListCommandInvocations', 'ssm:ListCommands'], ['*']);
  acknowledge(
    bundled.role,
    'AwsSolutions-IAM5',
    'ssm:ListCommandInvocations and ssm:ListCommands know no resource (Service Authorization Reference, AWS Systems Manager).',
    () => ['Resource::*'],
  );
  const bus = Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
  bundled.allow(['events:PutEvents'], [bus], {
    // Many-valued key: a plain StringEquals would deny every call.
    'ForAllValues:StringEquals': { 'events:source': [EVENT_SOURCE] },
  });
  return bundled;
}

function createFunction(
  scope: Construct,
  id: string,
  { registry, runs, dispatchQueue, collectQueue, logRetention, logKey }: SyncParts,
  own: { bundle: string; description: string; memorySize: number; environment: { [key: string]: string } },
): BundledFunction {
  const bundled = new BundledFunction(scope, id, {
    ...own,
    environment: {
      MOBILINK_REGISTRY_TABLE: registry.table.tableName,
      MOBILINK_RUNS_TABLE: runs.tableName,
      MOBILINK_DISPATCH_QUEUE: dispatchQueue.queueUrl,
      MOBILINK_COLLECT_QUEUE: collectQueue.queueUrl,
      MOBILINK_METRIC_NAMESPACE: METRIC_NAMESPACE,
      ...own.environment,
    },
    timeout: FUNCTION_TIMEOUT,
    logRetention: logRetention ?? logs.RetentionDays.THREE_MONTHS,
    logKey,
  });
  bundled.allow(['sqs:SendMessage'], [dispatchQueue.queueArn, collectQueue.queueArn]);
  bundled.allowDecrypt(registry.encryptionKey, 'dynamodb');
  bundled.allowDecrypt(runs.encryptionKey, 'dynamodb');
  return bundled;
}
