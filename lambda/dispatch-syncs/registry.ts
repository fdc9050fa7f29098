import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { problemsOf } from '../door/parse';
import { fromItem } from '../records/item';
import { groupShard } from '../records/names';
import { remoteSchema } from '../records/remote';
import type { ShardEntry } from './plan-batch';
import type { Registry } from './ports';
import { SDK_LIMITS } from './sdk-limits';

/** The remotes as their owner registered them. */
export class RemoteRegistry implements Registry {
  private readonly client = new DynamoDBClient(SDK_LIMITS);

  constructor(private readonly table: string) {}

  /** Eventually consistent, at half the price: what was registered a second ago may come with the next run. */
  public async readShard(group: string, shard: number): Promise<ShardEntry[]> {
    const entries: ShardEntry[] = [];
    let from: QueryCommand['input']['ExclusiveStartKey'];
    do {
      const page = await this.client.send(
        new QueryCommand({
          TableName: this.table,
          KeyConditionExpression: 'groupShard = :groupShard',
          ExpressionAttributeValues: { ':groupShard': { S: groupShard(group, shard) } },
          ExclusiveStartKey: from,
        }),
      );
      entries.push(...(page.Items ?? []).map((item) => read(fromItem(item))));
      from = page.LastEvaluatedKey;
    } while (from);
    return entries;
  }
}

/** One item that somebody damaged must not keep the others from synchronizing. */
function read(item: Record<string, unknown>): ShardEntry {
  const result = v.safeParse(remoteSchema, item);
  if (result.success) return { kind: 'remote', remote: result.output };
  return { kind: 'damaged', remoteName: String(item.remoteName), problem: problemsOf(result.issues, 'item') };
}
