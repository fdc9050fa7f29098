import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { problemsOf } from '../door/parse';
import { fromItem } from '../records/item';
import { groupShard } from '../records/names';
import { isPaused, PAUSES, pauseSchema } from '../records/pauses';
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
    return (await this.query(groupShard(group, shard), false)).map(read);
  }

  /** Strongly consistent: who has paused a group must see no order that begins later. */
  public async isGroupPaused(group: string): Promise<boolean> {
    const items = await this.query(PAUSES, true);
    const pauses = items.flatMap((item) => {
      const result = v.safeParse(pauseSchema, item);
      if (result.success) return [result.output];
      // Hosts with schedules of their own look for the same `true`: both ways of syncing go on, or neither does.
      console.warn(`the pause of ${item.remoteName} counts for nothing: ${problemsOf(result.issues, 'item')}`);
      return [];
    });
    return isPaused(group, pauses);
  }

  private async query(partition: string, consistent: boolean): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let from: QueryCommand['input']['ExclusiveStartKey'];
    do {
      const page = await this.client.send(
        new QueryCommand({
          TableName: this.table,
          KeyConditionExpression: 'groupShard = :partition',
          ExpressionAttributeValues: { ':partition': { S: partition } },
          ConsistentRead: consistent,
          ExclusiveStartKey: from,
        }),
      );
      items.push(...(page.Items ?? []).map(fromItem));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  }
}

/** One item that somebody damaged must not keep the others from synchronizing. */
function read(item: Record<string, unknown>): ShardEntry {
  const result = v.safeParse(remoteSchema, item);
  if (result.success) return { kind: 'remote', remote: result.output };
  return { kind: 'damaged', remoteName: String(item.remoteName), problem: problemsOf(result.issues, 'item') };
}
