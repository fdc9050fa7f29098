import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { fromItem } from '../records/item';
import { primaryRecordSchema } from '../records/primary-record';
import type { PrimaryView } from './hold-back';
import { SDK_LIMITS } from './sdk-limits';

const view = v.pick(primaryRecordSchema, ['state', 'observedAt']);

/** Where the primary tracker writes. */
export interface PrimaryTable {
  readonly table: string;
  readonly databaseId: string;
}

/** The state of the consolidated database as its tracker sees it. */
export class Primary {
  private readonly client = new DynamoDBClient(SDK_LIMITS);

  constructor(private readonly source: PrimaryTable | undefined) {}

  /** Undefined without a tracker, and when its record cannot be read: what is not known holds nothing back. */
  public async read(): Promise<PrimaryView | undefined> {
    if (!this.source) return undefined;
    const { table, databaseId } = this.source;
    let item: Record<string, AttributeValue> | undefined;
    try {
      const key = { databaseId: { S: databaseId } };
      item = (await this.client.send(new GetItemCommand({ TableName: table, Key: key }))).Item;
    } catch (error) {
      console.warn('the primary record cannot be read; nothing is held back', error);
    }
    const result = v.safeParse(view, item && fromItem(item));
    return result.success ? result.output : undefined;
  }
}
