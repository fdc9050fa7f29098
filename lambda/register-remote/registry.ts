import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  ResourceNotFoundException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SDK_LIMITS } from '../door/sdk-limits';
import { unlessConditionFails } from '../records/conditional-write';
import { fromItem, toItem } from '../records/item';
import { groupShard, shardOf } from '../records/names';
import type { Change, Item } from './core';
import type { Registry } from './ports';
import type { RemoteId } from './registration';

/** The items of remotes, as their deployment keeps them. */
export class RegisteredRemotes implements Registry {
  private readonly client = new DynamoDBClient(SDK_LIMITS);

  constructor(
    private readonly table: string,
    private readonly shards: number,
  ) {}

  public async read(remote: RemoteId): Promise<Item | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({ TableName: this.table, Key: this.keyOf(remote), ConsistentRead: true }),
    );
    return Item && fromItem(Item);
  }

  public async write(remote: RemoteId, asRead: Item | undefined, { set, remove }: Change): Promise<boolean> {
    const names = [...new Set([...Object.keys(set), ...remove, 'hosts'])];
    const values: Record<string, unknown> = {};
    const valued = (value: unknown) => {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = value;
      return placeholder;
    };
    const conditions = names.map((name, index) => {
      const was = asRead?.[name];
      if (was === undefined) return `attribute_not_exists(#n${index})`;
      if (!Array.isArray(was)) return `#n${index} = ${valued(was)}`;
      // One by one: the DynamoDB of the tests and the rehearsal compares no lists.
      const elements = was.map((it, position) => `#n${index}[${position}] = ${valued(it)}`);
      return [`size(#n${index}) = ${valued(was.length)}`, ...elements].join(' AND ');
    });
    const settings = names.flatMap((name, index) =>
      set[name] === undefined ? [] : [`#n${index} = ${valued(set[name])}`],
    );
    const removals = names.flatMap((name, index) => (remove.includes(name) ? [`#n${index}`] : []));
    const clauses = [
      ...(settings.length > 0 ? [`SET ${settings.join(', ')}`] : []),
      ...(removals.length > 0 ? [`REMOVE ${removals.join(', ')}`] : []),
    ];
    const command = new UpdateItemCommand({
      TableName: this.table,
      Key: this.keyOf(remote),
      UpdateExpression: clauses.join(' '),
      ConditionExpression: [`attribute_${asRead ? '' : 'not_'}exists(remoteName)`, ...conditions].join(' AND '),
      ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
      ExpressionAttributeValues: Object.keys(values).length > 0 ? toItem(values) : undefined,
    });
    return (await unlessConditionFails(this.client.send(command))) !== undefined;
  }

  public async remove(remote: RemoteId, registeredBy: string): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: this.table,
      Key: this.keyOf(remote),
      ConditionExpression: 'attribute_not_exists(registeredBy) OR registeredBy = :registeredBy',
      ExpressionAttributeValues: toItem({ ':registeredBy': registeredBy }),
    });
    try {
      await unlessConditionFails(this.client.send(command));
    } catch (error) {
      // Who has removed the table has removed the remote.
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  }

  private keyOf({ group, remoteName }: RemoteId) {
    return toItem({ groupShard: groupShard(group, shardOf(remoteName, this.shards)), remoteName });
  }
}
