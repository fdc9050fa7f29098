import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IRemoteRegistry } from './remote-registry';
import type { SyncOutcomes } from './sync-outcomes';

/** The partition of the registry that holds pauses of groups and of everything; no group can have this name. */
export const PAUSES = '#paused';

export interface RegistryExchange {
  readonly registry: IRemoteRegistry;
  readonly outcomes: SyncOutcomes;
  /** Of the one remote on the host; undefined for hosts of any remote. */
  readonly group?: string;
  readonly remoteName?: string;
}

/** Lets a host report outcomes and ask whether its remote is paused; of the registry it reads nothing but its own shard and the pauses. */
export function exchangeStatements({ registry, outcomes, group, remoteName }: RegistryExchange): iam.PolicyStatement[] {
  const { table, encryptionKey, shards } = registry;
  const statements = [
    new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [outcomes.queue.queueArn] }),
    new iam.PolicyStatement({
      actions: ['dynamodb:BatchGetItem'],
      resources: [table.tableArn],
      conditions:
        group === undefined || remoteName === undefined
          ? undefined
          : {
              'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [groupShard(group, remoteName, shards), PAUSES] },
            },
    }),
  ];
  if (encryptionKey) {
    statements.push(
      new iam.PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [encryptionKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(table).region}.amazonaws.com` } },
      }),
    );
  }
  return statements;
}

/** The same shard as the functions compute: test/remotes compares them. */
function groupShard(group: string, remoteName: string, shards: number): string {
  const hash = createHash('sha256').update(remoteName, 'utf8').digest('hex');
  return `${group}#${Number.parseInt(hash.slice(0, 8), 16) % shards}`;
}
