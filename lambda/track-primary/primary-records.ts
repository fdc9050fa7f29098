import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { parse } from '../door/parse';
import { unlessConditionFails } from '../records/conditional-write';
import { fromItem, toItem } from '../records/item';
import { type PrimaryRecord, primaryRecordSchema } from '../records/primary-record';
import type { AliasNotes, Records } from './ports';
import { iso } from './record-states';
import { SDK_LIMITS } from './sdk-limits';

/** The primary record of one database in the tracker's table. */
export class PrimaryRecords implements Records, AliasNotes {
  constructor(
    private readonly table: string,
    private readonly databaseId: string,
    private readonly client = new DynamoDBClient(SDK_LIMITS),
  ) {}

  public async read(abortSignal: AbortSignal): Promise<PrimaryRecord | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({ TableName: this.table, Key: this.key, ConsistentRead: true }),
      { abortSignal },
    );
    if (!Item) return undefined;
    return readItem(this.table, this.databaseId, Item);
  }

  public async replace(
    read: PrimaryRecord | undefined,
    next: PrimaryRecord,
    abortSignal: AbortSignal,
  ): Promise<boolean> {
    const condition = read ? unchangedSince(read) : { ConditionExpression: 'attribute_not_exists(databaseId)' };
    const put = new PutItemCommand({ TableName: this.table, Item: toItem(next), ...condition });
    return (await unlessConditionFails(this.client.send(put, { abortSignal }))) !== undefined;
  }

  public async noteAnnounced(record: PrimaryRecord, abortSignal: AbortSignal): Promise<void> {
    await this.update(noteOf(record), abortSignal);
  }

  public async noteAlias(record: PrimaryRecord, at: number, abortSignal: AbortSignal): Promise<void> {
    await this.update(aliasNoteOf(record, at), abortSignal);
  }

  /** Nothing is noted when the condition does not hold: the record has moved on. */
  private async update(update: Update, abortSignal: AbortSignal): Promise<void> {
    const command = new UpdateItemCommand({ TableName: this.table, Key: this.key, ...update });
    await unlessConditionFails(this.client.send(command, { abortSignal }));
  }

  private get key(): Record<string, AttributeValue> {
    return { databaseId: { S: this.databaseId } };
  }
}

/** A stored record; throws one error that names what is wrong with it. */
export function readItem(table: string, databaseId: string, item: Record<string, AttributeValue>): PrimaryRecord {
  return parse(
    primaryRecordSchema,
    fromItem(item),
    `The primary record '${databaseId}' in table '${table}' is damaged (to mend it, restore the item; its epoch must not go back)`,
  );
}

/**
 * Every write of an observation moves `observedAt`; the other fields are those that a write without a new observation moves. One of
 * them left out, a slow invocation would take back what was announced, or hand the watch back to an older one.
 */
const VERSION = ['epoch', 'observedAt', 'announcedEpoch', 'announcedFailover', 'aliasedAt', 'watch'] as const;

interface Update {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

/** The condition that the stored record is still the one that was read. */
export function unchangedSince(read: PrimaryRecord): {
  ConditionExpression: string;
  ExpressionAttributeValues: Record<string, AttributeValue>;
} {
  return {
    ConditionExpression: VERSION.map((name) =>
      read[name] === undefined ? `attribute_not_exists(${name})` : `${name} = :${name}`,
    ).join(' AND '),
    ExpressionAttributeValues: toItem(Object.fromEntries(VERSION.map((name) => [`:${name}`, read[name]]))),
  };
}

/** Notes what a record told, unless there is a younger epoch to tell of. */
export function noteOf({ epoch, failoverSince }: PrimaryRecord): Update {
  return {
    UpdateExpression: `SET announcedEpoch = :epoch${failoverSince ? ', announcedFailover = :failoverSince' : ''}`,
    ConditionExpression: 'epoch = :epoch',
    ExpressionAttributeValues: toItem({ ':epoch': epoch, ':failoverSince': failoverSince }),
  };
}

/** Notes where the alias was led, unless there is a younger epoch, which it should lead to. */
export function aliasNoteOf({ epoch }: PrimaryRecord, at: number): Update {
  return {
    UpdateExpression: 'SET aliasEpoch = :epoch, aliasedAt = :at',
    ConditionExpression: 'epoch = :epoch',
    ExpressionAttributeValues: toItem({ ':epoch': epoch, ':at': iso(at) }),
  };
}
