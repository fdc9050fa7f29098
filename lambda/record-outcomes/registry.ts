import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { parse } from '../door/parse';
import { SDK_LIMITS } from '../door/sdk-limits';
import { fromItem, toItem } from '../records/item';
import { groupShard, shardOf } from '../records/names';
import { type Ending, OutcomeWriter } from '../records/outcome-writer';
import { remoteSchema } from '../records/remote';
import type { RegisteredRemote } from './core';
import type { Registry, RemoteId } from './ports';

const registered = v.pick(remoteSchema, ['hosts', 'lastOutcomeAt', 'lastRunId']);

/** The item of a remote: who may report for it, and what was reported. */
export class RegisteredRemotes implements Registry {
  private readonly client = new DynamoDBClient(SDK_LIMITS);
  private readonly writer: OutcomeWriter;

  constructor(
    private readonly table: string,
    private readonly shards: number,
  ) {
    this.writer = new OutcomeWriter(table, SDK_LIMITS);
  }

  /** Strongly consistent: a host that has just been registered is believed. */
  public async read({ group, remoteName }: RemoteId): Promise<RegisteredRemote | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({
        TableName: this.table,
        Key: toItem({ groupShard: groupShard(group, shardOf(remoteName, this.shards)), remoteName }),
        ProjectionExpression: 'hosts, lastOutcomeAt, lastRunId',
        ConsistentRead: true,
      }),
    );
    return Item && parse(registered, fromItem(Item), `The registry's item of ${group}/${remoteName} is damaged`);
  }

  public note({ group, remoteName }: RemoteId, ending: Ending): Promise<boolean> {
    return this.writer.note({ group, shard: shardOf(remoteName, this.shards), remoteName }, ending);
  }
}
