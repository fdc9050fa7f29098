import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { fromItem, toItem } from '../lambda/records/item';
import { groupShard } from '../lambda/records/names';
import { PAUSES, type Pause, pauseSchema } from '../lambda/records/pauses';
import { type PrimaryRecord, primaryRecordSchema } from '../lambda/records/primary-record';
import { type Remote, remoteSchema } from '../lambda/records/remote';
import { OUTCOMES } from '../lambda/records/sync-outcome';
import { latestRunId, latestRunSchema } from '../lambda/records/sync-run';
import type { AwsSettings } from './aws';
import { type Clock, listening } from './clock';
import type { Directory, Schedule, Syncs } from './directory';
import { CommandError } from './exit-code';

/** The servers, as ECS counts them. */
export interface Farm {
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  /** Of the newest deployment. */
  readonly rollout: string;
  /** What ECS said last. */
  readonly lastEvent?: string;
}

const counts = Object.fromEntries(
  [...OUTCOMES, 'remotes', 'ordered'].map((name) => [name, v.optional(v.number(), 0)]),
) as Record<(typeof OUTCOMES)[number] | 'remotes' | 'ordered', v.OptionalSchema<v.NumberSchema<undefined>, 0>>;

const runSchema = v.object({
  runId: v.string(),
  schedule: v.string(),
  scheduledAt: v.string(),
  startedAt: v.string(),
  shards: v.number(),
  closedShards: v.optional(v.array(v.string()), []),
  announcedAt: v.optional(v.string()),
  previousAt: v.optional(v.string()),
  ...counts,
});

/** One run, and how far it is. */
export type RunRecord = v.InferOutput<typeof runSchema>;

export type RemoteEntry =
  | { readonly kind: 'remote'; readonly group: string; readonly remote: Remote }
  | { readonly kind: 'damaged'; readonly group: string; readonly name: string; readonly problem: string };

export interface QueueDepth {
  readonly name: string;
  readonly url: string;
  readonly visible: number;
  readonly delayed: number;
  readonly inFlight: number;
}

export interface ScheduleState {
  readonly schedule: Schedule;
  readonly enabled: boolean;
}

/** A deployed system, as its operator reads and changes it. */
export class System {
  private readonly dynamoDb: DynamoDBClient;
  private readonly ecs: ECSClient;
  private readonly sqs: SQSClient;
  private readonly ssm: SSMClient;
  private readonly scheduler: SchedulerClient;

  constructor(
    public readonly directory: Directory,
    settings: AwsSettings,
    public readonly clock: Clock,
  ) {
    this.dynamoDb = listening((it) => new DynamoDBClient(it), settings, clock);
    this.ecs = new ECSClient(settings);
    // Where AWS_ENDPOINT_URL leads, or a VPC endpoint, counts.
    this.sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
    this.ssm = new SSMClient(settings);
    this.scheduler = new SchedulerClient(settings);
  }

  /** The part that synchronizes; throws if the system has none. */
  public get syncs(): Syncs {
    const { syncs } = this.directory;
    if (!syncs) throw new CommandError('This system has no registry of remotes. Fix: give MobiLinkSystem a registry');
    return syncs;
  }

  /** Undefined when nobody has been seen to be primary yet. */
  public async primary(): Promise<PrimaryRecord | undefined> {
    const { primary } = this.directory;
    if (!primary) return undefined;
    const { Item } = await this.dynamoDb.send(
      new GetItemCommand({
        TableName: primary.table,
        Key: toItem({ databaseId: primary.databaseId }),
        ConsistentRead: true,
      }),
    );
    return Item && v.parse(primaryRecordSchema, fromItem(Item));
  }

  public async farm(): Promise<Farm | undefined> {
    const { cluster, service } = this.directory.farm;
    const { services = [] } = await this.ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const [it] = services;
    if (!it || it.status === 'INACTIVE') return undefined;
    return {
      desired: it.desiredCount ?? 0,
      running: it.runningCount ?? 0,
      pending: it.pendingCount ?? 0,
      rollout: it.deployments?.[0]?.rolloutState ?? 'unknown',
      lastEvent: it.events?.[0]?.message,
    };
  }

  /** The newest first; those that were skipped are not among them. */
  public async runs(schedule: Schedule, most: number): Promise<RunRecord[]> {
    const { runs } = this.syncs;
    const found: RunRecord[] = [];
    const latest = await this.item(runs, { runId: latestRunId(schedule.name), item: 'run' });
    let at = latest && v.parse(latestRunSchema, latest).scheduledAt;
    while (at && found.length < most) {
      const run = await this.run(`${schedule.name}@${at}`);
      if (!run) break;
      found.push(run);
      at = run.previousAt;
    }
    return found;
  }

  public async run(runId: string): Promise<RunRecord | undefined> {
    const item = await this.item(this.syncs.runs, { runId, item: 'run' });
    return item && v.parse(runSchema, item);
  }

  /** What became of the shards of a run so far, added up. */
  public async progress(run: RunRecord): Promise<RunRecord> {
    const { Items = [] } = await this.dynamoDb.send(
      new QueryCommand({
        TableName: this.syncs.runs,
        KeyConditionExpression: 'runId = :run AND begins_with(#item, :shard)',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: toItem({ ':run': run.runId, ':shard': 'shard/' }),
      }),
    );
    const shardSchema = v.object(counts);
    const sum: Record<string, number> = {};
    for (const shard of Items.map((it) => v.parse(shardSchema, fromItem(it)))) {
      for (const [name, value] of Object.entries(shard)) sum[name] = (sum[name] ?? 0) + value;
    }
    return { ...run, ...sum };
  }

  public async pauses(): Promise<Pause[]> {
    const items = await this.partition(this.syncs.registry, PAUSES);
    return items.flatMap((item) => {
      const result = v.safeParse(pauseSchema, item);
      return result.success && result.output.paused ? [result.output] : [];
    });
  }

  /** Shard by shard, so that a million remotes need no memory of their own. */
  public async *remotes(groups: readonly string[]): AsyncGenerator<RemoteEntry> {
    for (const group of groups) {
      for (let shard = 0; shard < this.syncs.shards; shard++) {
        for (const item of await this.partition(this.syncs.registry, groupShard(group, shard))) yield read(group, item);
      }
    }
  }

  /** Those that are registered, by `group/name`. */
  public async known(keys: readonly RemoteAddress[]): Promise<Map<string, Remote>> {
    const { registry } = this.syncs;
    const found = new Map<string, Remote>();
    for (let from = 0; from < keys.length; from += 100) {
      const part = keys.slice(from, from + 100);
      let request: Record<string, { Keys: Record<string, { S: string }>[] }> | undefined = {
        [registry]: { Keys: part.map((it) => ({ groupShard: { S: it.groupShard }, remoteName: { S: it.name } })) },
      };
      while (request) {
        const answer: { Responses?: Record<string, Record<string, never>[]>; UnprocessedKeys?: object } =
          (await this.dynamoDb.send(new BatchGetItemCommand({ RequestItems: request }))) as never;
        for (const item of answer.Responses?.[registry] ?? []) {
          const result = v.safeParse(remoteSchema, fromItem(item));
          if (result.success) found.set(`${result.output.groupShard}/${result.output.remoteName}`, result.output);
        }
        const rest = answer.UnprocessedKeys as typeof request;
        request = rest && Object.keys(rest).length > 0 ? rest : undefined;
      }
    }
    return found;
  }

  /** Registers or changes a remote, and leaves alone what its syncs have written. */
  public async register(
    at: RemoteAddress,
    given: Pick<Remote, 'hosts'> & Partial<Pick<Remote, 'profile' | 'paused'>>,
  ): Promise<void> {
    const sets = ['hosts = :hosts', 'paused = :paused', ...(given.profile === undefined ? [] : ['profile = :profile'])];
    await this.dynamoDb.send(
      new UpdateItemCommand({
        TableName: this.syncs.registry,
        Key: toItem({ groupShard: at.groupShard, remoteName: at.name }),
        UpdateExpression: `SET ${sets.join(', ')}${given.profile === undefined ? ' REMOVE profile' : ''}`,
        ExpressionAttributeValues: toItem({
          ':hosts': given.hosts,
          ':paused': given.paused ?? false,
          ...(given.profile === undefined ? {} : { ':profile': given.profile }),
        }),
      }),
    );
  }

  /** False when there is no such remote. */
  public async pauseRemote(at: RemoteAddress, paused: boolean): Promise<boolean> {
    try {
      await this.dynamoDb.send(
        new UpdateItemCommand({
          TableName: this.syncs.registry,
          Key: toItem({ groupShard: at.groupShard, remoteName: at.name }),
          UpdateExpression: 'SET paused = :paused',
          ConditionExpression: 'attribute_exists(remoteName)',
          ExpressionAttributeValues: toItem({ ':paused': paused }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  /** Of a group, or of everything. */
  public async pauseMany(which: string, paused: boolean): Promise<void> {
    await this.put(this.syncs.registry, { groupShard: PAUSES, remoteName: which, paused });
  }

  public async putRun(item: object): Promise<void> {
    await this.put(this.syncs.runs, item);
  }

  public async send(queueUrl: string, message: object): Promise<void> {
    await this.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
  }

  public async queues(): Promise<QueueDepth[]> {
    const { dispatch, dispatchDeadLetters, collect, collectDeadLetters } = this.syncs;
    const urls = {
      dispatch,
      'dispatch dead letters': dispatchDeadLetters,
      collect,
      'collect dead letters': collectDeadLetters,
    };
    return Promise.all(
      Object.entries(urls).map(async ([name, url]): Promise<QueueDepth> => {
        const { Attributes = {} } = await this.sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: url,
            AttributeNames: [
              'ApproximateNumberOfMessages',
              'ApproximateNumberOfMessagesDelayed',
              'ApproximateNumberOfMessagesNotVisible',
            ],
          }),
        );
        return {
          name,
          url,
          visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
          delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
          inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
        };
      }),
    );
  }

  public async scheduleStates(): Promise<ScheduleState[]> {
    return Promise.all(
      this.syncs.schedules.map(async (schedule): Promise<ScheduleState> => {
        // Nobody can say of a schedule whose name is not known; it is taken to be enabled.
        if (schedule.schedule === undefined) return { schedule, enabled: true };
        const { State } = await this.scheduler.send(new GetScheduleCommand({ Name: schedule.schedule }));
        return { schedule, enabled: State !== 'DISABLED' };
      }),
    );
  }

  /** By host: whether Systems Manager hears of it; those that it has never heard of are missing. At most 50. */
  public async pings(hosts: readonly string[]): Promise<Map<string, string>> {
    if (hosts.length === 0) return new Map();
    const { InstanceInformationList = [] } = await this.ssm.send(
      new DescribeInstanceInformationCommand({
        Filters: [{ Key: 'InstanceIds', Values: hosts.slice(0, 50) }],
        MaxResults: 50,
      }),
    );
    return new Map(InstanceInformationList.map((it) => [it.InstanceId ?? '', it.PingStatus ?? 'unknown']));
  }

  private async put(table: string, item: object): Promise<void> {
    await this.dynamoDb.send(new PutItemCommand({ TableName: table, Item: toItem(item) }));
  }

  private async item(table: string, key: object): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.dynamoDb.send(
      new GetItemCommand({ TableName: table, Key: toItem(key), ConsistentRead: true }),
    );
    return Item && fromItem(Item);
  }

  private async partition(table: string, partition: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let from: QueryCommand['input']['ExclusiveStartKey'];
    do {
      const page = await this.dynamoDb.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'groupShard = :partition',
          ExpressionAttributeValues: toItem({ ':partition': partition }),
          ExclusiveStartKey: from,
        }),
      );
      items.push(...(page.Items ?? []).map(fromItem));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  }
}

/** Where a remote stands in the registry. */
export interface RemoteAddress {
  readonly group: string;
  readonly name: string;
  readonly groupShard: string;
}

function read(group: string, item: Record<string, unknown>): RemoteEntry {
  const result = v.safeParse(remoteSchema, item);
  if (result.success) return { kind: 'remote', group, remote: result.output };
  const problem = result.issues.map((it) => `${v.getDotPath(it) ?? 'item'} ${it.message}`).join('; ');
  return { kind: 'damaged', group, name: String(item.remoteName), problem };
}
