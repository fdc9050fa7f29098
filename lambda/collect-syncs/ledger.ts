import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { parse } from '../door/parse';
import { SDK_LIMITS } from '../door/sdk-limits';
import { unlessConditionFails } from '../records/conditional-write';
import { fromItem, toItem } from '../records/item';
import { toMoment } from '../records/names';
import { type Batch, type BatchKey, batchItem, batchSchema } from '../records/sync-batch';
import { OUTCOMES } from '../records/sync-outcome';
import { PACE_ITEM } from '../records/sync-pace';
import type { Counts, Ledger, LedgerChange, RunProgress, ShardProgress } from './ports';

const count = v.optional(v.number(), 0);
const counts = Object.fromEntries([...OUTCOMES, 'remotes', 'ordered'].map((name) => [name, count])) as Record<
  keyof Counts,
  typeof count
>;
const texts = v.optional(v.array(v.string()), []);

const shardSchema = v.object({ batches: v.optional(v.number()), closed: texts, children: texts, ...counts });
const runSchema = v.object({
  shards: v.number(),
  startedAt: v.string(),
  closedShards: texts,
  announcedAt: v.optional(v.string()),
  ...counts,
});

type Shard = Omit<BatchKey, 'batch'>;

/** The run's items: which batches of which shards have ended, and how. */
export class RunLedger implements Ledger {
  private readonly client = new DynamoDBClient(SDK_LIMITS);

  constructor(private readonly table: string) {}

  public async read(key: BatchKey): Promise<Batch | undefined> {
    const item = await this.get(key.runId, batchItem(key));
    return item && parse(batchSchema, item, `The batch ${batchItem(key)} of ${key.runId} is damaged`);
  }

  public async record(batch: Batch, { look, settled, children, closed }: LedgerChange): Promise<boolean> {
    const written = await this.update(batch.runId, batch.item, {
      UpdateExpression: 'SET version = :next, look = :look, settled = :settled, children = :children, closed = :closed',
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: toItem({
        ':version': batch.version,
        ':next': batch.version + 1,
        ':look': look,
        ':settled': settled,
        ':children': children,
        ':closed': closed,
      }),
    });
    return written !== undefined;
  }

  public closeBatch(batch: Batch, sums: Counts): Promise<ShardProgress> {
    const children = batch.children.map((child) => child.batch);
    return this.progress(batch, {
      ...adding({ ...sums, closed: [batch.batch], ...(children.length > 0 ? { children } : {}) }, batch.expiresAt),
      ConditionExpression: 'attribute_not_exists(closed) OR NOT contains(closed, :this)',
      this: batch.batch,
    });
  }

  public endShard(shard: Shard, batches: number, expiresAt: number): Promise<ShardProgress> {
    return this.progress(shard, {
      UpdateExpression: 'SET batches = :batches, expiresAt = :expiresAt',
      ExpressionAttributeValues: toItem({ ':batches': batches, ':expiresAt': expiresAt }),
    });
  }

  public async closeShard(shard: Shard, sums: Counts): Promise<RunProgress> {
    const name = `${shard.group}/${shard.shard}`;
    const item = await this.once(shard.runId, 'run', {
      ...adding({ ...sums, closedShards: [name] }),
      ConditionExpression: 'attribute_not_exists(closedShards) OR NOT contains(closedShards, :this)',
      this: name,
    });
    const { announcedAt, shards, startedAt, closedShards, ...rest } = parse(
      runSchema,
      item,
      `The run ${shard.runId} is damaged`,
    );
    return { shards, startedAt, closedShards, announced: announcedAt !== undefined, counts: rest };
  }

  public async noteRateExceeded(at: number): Promise<void> {
    await this.update(PACE_ITEM.runId, PACE_ITEM.item, {
      UpdateExpression: 'SET rateExceededAt = :at',
      ConditionExpression: 'attribute_not_exists(rateExceededAt) OR rateExceededAt < :at',
      ExpressionAttributeValues: toItem({ ':at': toMoment(at) }),
    });
  }

  public async noteAnnounced(runId: string, at: number): Promise<void> {
    await this.update(runId, 'run', {
      UpdateExpression: 'SET announcedAt = :at',
      ConditionExpression: 'attribute_not_exists(announcedAt)',
      ExpressionAttributeValues: toItem({ ':at': toMoment(at) }),
    });
  }

  private async progress(shard: Shard, change: Change): Promise<ShardProgress> {
    const name = `shard/${shard.group}/${shard.shard}`;
    const item = await this.once(shard.runId, name, change);
    const { batches, closed, children, ...rest } = parse(
      shardSchema,
      item,
      `The item ${name} of ${shard.runId} is damaged`,
    );
    return { batches, closed, children, counts: rest };
  }

  /** The item after the change, or as it stands when the change had been made before. */
  private async once(runId: string, item: string, { this: that, ...change }: Change): Promise<Record<string, unknown>> {
    const values = { ...change.ExpressionAttributeValues, ...(that === undefined ? {} : toItem({ ':this': that })) };
    const changed = await this.update(runId, item, { ...change, ExpressionAttributeValues: values });
    return changed ?? (await this.get(runId, item)) ?? {};
  }

  private async get(runId: string, item: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({ TableName: this.table, Key: toItem({ runId, item }), ConsistentRead: true }),
    );
    return Item && fromItem(Item);
  }

  private async update(
    runId: string,
    item: string,
    change: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>,
  ): Promise<Record<string, unknown> | undefined> {
    const Key = toItem({ runId, item });
    const command = new UpdateItemCommand({ TableName: this.table, Key, ReturnValues: 'ALL_NEW', ...change });
    const answer = await unlessConditionFails(this.client.send(command));
    return answer && fromItem(answer.Attributes ?? {});
  }
}

interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
  /** The member of a set that shows whether the change was made before. */
  readonly this?: string;
}

/** Adds numbers to numbers and members to sets; what is zero or empty is left out. */
function adding(parts: Readonly<Record<string, number | readonly string[]>>, expiresAt?: number): Change {
  const entries = Object.entries(parts).filter(([, value]) => typeof value !== 'number' || value > 0);
  const values = entries.map(([, value], index) => [`:v${index}`, typeof value === 'number' ? value : new Set(value)]);
  return {
    UpdateExpression: `${expiresAt === undefined ? '' : 'SET expiresAt = :expiresAt '}ADD ${entries.map((_, index) => `#n${index} :v${index}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#n${index}`, name])),
    ExpressionAttributeValues: toItem({ ...Object.fromEntries(values), ':expiresAt': expiresAt }),
  };
}
