import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { PrimaryRecord } from '../records/primary-record';
import { readItem } from './primary-records';

/** What was read of one database; one that was not could not be read, or is damaged. */
export type Read = { readonly record: PrimaryRecord | undefined } | { readonly failure: unknown };

/**
 * The records of up to a hundred databases with one call, the most that BatchGetItem takes (DynamoDB API reference). A damaged record
 * is its own database's trouble only.
 */
export async function readBatch(
  client: DynamoDBClient,
  table: string,
  databaseIds: readonly string[],
  abortSignal: AbortSignal,
): Promise<Map<string, Read>> {
  const Keys = databaseIds.map((databaseId) => ({ databaseId: { S: databaseId } }));
  const { Responses, UnprocessedKeys } = await client.send(
    new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }),
    { abortSignal },
  );
  const items = new Map(Responses?.[table]?.map((item) => [item.databaseId?.S, item]));
  const left = new Set(UnprocessedKeys?.[table]?.Keys?.map(({ databaseId }) => databaseId?.S));
  return new Map(databaseIds.map((id) => [id, left.has(id) ? UNPROCESSED : readOf(table, id, items.get(id))]));
}

const UNPROCESSED: Read = { failure: new Error('DynamoDB left the record out of its answer: the table is throttled') };

function readOf(table: string, databaseId: string, item: Record<string, AttributeValue> | undefined): Read {
  try {
    return { record: item && readItem(table, databaseId, item) };
  } catch (failure) {
    return { failure };
  }
}
