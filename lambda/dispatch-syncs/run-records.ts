import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { parse } from '../door/parse';
import { unlessConditionFails } from '../records/conditional-write';
import { fromItem, toItem } from '../records/item';
import { type Batch, type BatchKey, batchItem, batchSchema } from '../records/sync-batch';
import { PACE_ITEM, paceSchema } from '../records/sync-pace';
import { expiryOf, latestRunId, latestRunSchema, type Run, runIdOf } from '../records/sync-run';
import type { Advanced, Runs } from './ports';
import { SDK_LIMITS } from './sdk-limits';

/** The items of the runs: dispatch creates them, collect closes them. */
export class RunRecords implements Runs {
  private readonly client = new DynamoDBClient(SDK_LIMITS);

  constructor(private readonly table: string) {}

  public async advance(run: Run): Promise<Advanced | undefined> {
    const Key = toItem({ runId: latestRunId(run.schedule), item: 'run' });
    const moved = await unlessConditionFails(
      this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key,
          UpdateExpression:
            'SET previousAt = if_not_exists(scheduledAt, :none), scheduledAt = :scheduledAt, expiresAt = :expiresAt',
          ConditionExpression: 'attribute_not_exists(scheduledAt) OR scheduledAt < :scheduledAt',
          ExpressionAttributeValues: toItem({
            ':scheduledAt': run.scheduledAt,
            ':expiresAt': expiryOf(run),
            ':none': '',
          }),
          ReturnValues: 'ALL_NEW',
        }),
      ),
    );
    const item = moved?.Attributes ?? (await this.client.send(this.reading(Key))).Item;
    const latest = v.safeParse(latestRunSchema, item && fromItem(item));
    if (!latest.success || latest.output.scheduledAt !== run.scheduledAt) return undefined;
    return { previousAt: latest.output.previousAt === '' ? undefined : latest.output.previousAt };
  }

  public async open(run: Run, shards: number, now: number, previousAt?: string): Promise<void> {
    const item = {
      runId: runIdOf(run),
      item: 'run',
      schedule: run.schedule,
      scheduledAt: run.scheduledAt,
      startedAt: new Date(now).toISOString(),
      shards,
      ...(previousAt !== undefined && { previousAt }),
      expiresAt: expiryOf(run),
    };
    await this.create(item);
  }

  public async isOpen(run: Run): Promise<boolean> {
    const { Item } = await this.client.send(this.reading(toItem({ runId: runIdOf(run), item: 'run' })));
    return Item !== undefined;
  }

  public create(item: Batch | object): Promise<boolean> {
    return isWritten(
      this.client.send(
        new PutItemCommand({
          TableName: this.table,
          Item: toItem(item),
          ConditionExpression: 'attribute_not_exists(runId)',
        }),
      ),
    );
  }

  public async read(key: BatchKey): Promise<Batch | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({
        TableName: this.table,
        Key: toItem({ runId: key.runId, item: batchItem(key) }),
        ConsistentRead: true,
      }),
    );
    return Item && parse(batchSchema, fromItem(Item), `The batch ${batchItem(key)} of ${key.runId} is damaged`);
  }

  private reading(Key: Record<string, AttributeValue>): GetItemCommand {
    return new GetItemCommand({ TableName: this.table, Key, ConsistentRead: true });
  }

  /** Eventually consistent: a second more or less does not matter to the pace. */
  public async lastRateExceeded(): Promise<string | undefined> {
    const { Item } = await this.client.send(new GetItemCommand({ TableName: this.table, Key: toItem(PACE_ITEM) }));
    const result = v.safeParse(paceSchema, Item && fromItem(Item));
    return result.success ? result.output.rateExceededAt : undefined;
  }

  public claimAgain(key: BatchKey, claims: number, leaseUntil: number): Promise<boolean> {
    return isWritten(
      this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: toItem({ runId: key.runId, item: batchItem(key) }),
          UpdateExpression: 'SET claims = :next, leaseUntil = :leaseUntil',
          ConditionExpression: 'claims = :claims AND version = :untouched',
          ExpressionAttributeValues: toItem({
            ':claims': claims,
            ':next': claims + 1,
            ':leaseUntil': new Date(leaseUntil).toISOString(),
            ':untouched': 0,
          }),
        }),
      ),
    );
  }
}

/**
 * A repetition by the SDK whose first attempt took effect, its answer lost, fails the condition too: then the caller goes the
 * way of one who found the item written by somebody else, which is sure and slower.
 */
async function isWritten(write: Promise<unknown>): Promise<boolean> {
  return (await unlessConditionFails(write)) !== undefined;
}
