import { type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unlessConditionFails } from '../records/conditional-write';
import { toItem } from '../records/item';
import { iso } from './record-states';

/** Beside the records; no database is called so. */
const KEY = '#event-looks';

/** After this time without a watch nobody grants any more, and events are all there is. */
const GRANT_LASTS = 3 * 60_000;

/**
 * How many events may still make a look of their own: each minute's watch grants some anew. When a zone fails, hundreds of databases
 * send several events each within a minute, and the calls that those would make are what the account needs for its recovery.
 */
export class EventAllowance {
  constructor(
    private readonly table: string,
    private readonly client: DynamoDBClient,
  ) {}

  public async grant(looks: number, now: number, abortSignal: AbortSignal): Promise<void> {
    const Item = toItem({ databaseId: KEY, looks, grantedAt: iso(now) });
    await this.client.send(new PutItemCommand({ TableName: this.table, Item }), { abortSignal });
  }

  /** @returns whether there was one left; what the next look of the watch sees needs no event. */
  public async take(now: number, abortSignal: AbortSignal): Promise<boolean> {
    const command = new UpdateItemCommand({
      TableName: this.table,
      Key: toItem({ databaseId: KEY }),
      UpdateExpression: 'ADD looks :less',
      ConditionExpression: 'attribute_not_exists(looks) OR looks > :none OR grantedAt < :old',
      ExpressionAttributeValues: toItem({ ':less': -1, ':none': 0, ':old': iso(now - GRANT_LASTS) }),
    });
    return (await unlessConditionFails(this.client.send(command, { abortSignal }))) !== undefined;
  }
}
