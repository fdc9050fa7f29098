import * as path from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as eventBridge from '@aws-sdk/client-eventbridge';
import * as v from 'valibot';
import { fromItem } from '../../lambda/records/item';
import { type PrimaryRecord, primaryRecordSchema } from '../../lambda/records/primary-record';
import { Chance } from '../../rehearsal/cloud/chance';
import { Clock } from '../../rehearsal/cloud/clock';
import { DynamoDb } from '../../rehearsal/cloud/dynamodb';
import { Latencies } from '../../rehearsal/cloud/latencies';
import { type DatabaseInstance, Rds } from '../../rehearsal/cloud/rds';
import type { DatabaseCluster } from '../../rehearsal/cloud/rds-clusters';
import type { Permission, ServiceStandIn } from '../../rehearsal/cloud/service';
import { Wire } from '../../rehearsal/cloud/wire';
import { FunctionRuntime, type InvocationResult } from '../../rehearsal/functions/function-runtime';
import { ACCOUNT, database, REGION } from '../rehearsal/cloud/database';
import { cluster } from './clusters';

/** The tracker's bundle over many databases: real processes and SDK clients, over HTTP, in virtual time. */

const TABLE = 'records';
const MINUTE = 60_000;
export const SECOND = 1_000;

export interface Described {
  readonly databaseId: string;
  readonly source: Readonly<Record<string, unknown>>;
}

export class ManyDatabases {
  public readonly clock = new Clock(Date.UTC(2026, 10, 23, 4, 0, 0));
  public readonly rds: Rds;
  public readonly announced: string[] = [];
  /** What the function was allowed of the RDS API. */
  public readonly asked: Permission[] = [];
  public readonly ended: InvocationResult[] = [];
  public readonly dynamoDb: DynamoDb;
  private readonly wire: Wire;
  private readonly runtime: FunctionRuntime;
  private readonly described: Described[];
  private invocations = 0;

  public static async start(
    bootstrap: string,
    options: { instances: number; clusters: number; others?: Described[]; callsPerSecond?: number },
  ): Promise<ManyDatabases> {
    const world = new ManyDatabases(bootstrap, options);
    await world.wire.listen();
    await world.dynamoDb.deploy();
    return world;
  }

  private constructor(
    bootstrap: string,
    {
      instances: count,
      clusters: clusterCount,
      others = [],
      callsPerSecond,
    }: Parameters<typeof ManyDatabases.start>[1],
  ) {
    const { clock } = this;
    const instances = Array.from({ length: count }, (_, index) => database(`instance-${index}`));
    const clusters = Array.from({ length: clusterCount }, (_, index) => cluster(`cluster-${index}`));
    this.rds = new Rds(instances, clock, clusters);
    this.described = [...instances.map(ofInstance), ...clusters.map(ofCluster), ...others];
    const [own] = this.described;
    const chance = new Chance('many databases');
    const latencies = new Latencies(chance.fork('latencies'));
    this.wire = new Wire(clock, latencies, (_, permission) => {
      if (permission.action.startsWith('rds:')) this.asked.push(permission);
      return { allowed: true, message: '' };
    });
    const key = 'databaseId';
    this.dynamoDb = new DynamoDb([
      {
        name: TABLE,
        arn: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TABLE}`,
        keySchema: [{ AttributeName: key, KeyType: 'HASH' }],
        attributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      },
    ]);
    for (const service of [this.rds.standIn, this.dynamoDb, this.events()]) this.wire.add(service);
    const name = 'track-primary';
    const description = {
      name,
      arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
      roleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      assetFolder: path.join(__dirname, '..', '..', 'assets', name),
      handler: 'index.handler',
      timeoutMillis: 150 * SECOND,
      memoryMiB: 256,
      environment: {
        MOBILINK_DATABASE_ID: own?.databaseId ?? '',
        MOBILINK_PRIMARY_TABLE: TABLE,
        MOBILINK_PRIMARY_SOURCE: JSON.stringify(own?.source),
        MOBILINK_EVENT_BUS: 'default',
        MOBILINK_METRIC_NAMESPACE: 'MobiLinkHA',
        ...(callsPerSecond && { MOBILINK_RDS_CALLS_PER_SECOND: String(callsPerSecond) }),
      },
      logGroup: `/aws/lambda/${name}`,
    };
    this.runtime = new FunctionRuntime(description, {
      clock,
      wire: this.wire,
      latencies,
      chance: chance.fork('functions'),
      bootstrap,
      region: REGION,
      resolve: (host) => this.rds.resolve(host),
      // Whoever is asked himself is silent.
      connect: () => ({ kind: 'silent' }),
      onRefused: () => {},
    });
  }

  /** A tick each minute, for so many minutes. */
  public async watch(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      const scheduledAt = new Date(this.clock.now()).toISOString();
      this.invoke({ kind: 'tick', scheduledAt, databases: this.described.slice(1) });
      await this.clock.run(MINUTE);
    }
  }

  /** An event that a rule leads to the function, with the databases that the rule matches. */
  public async tell(instance: DatabaseInstance, eventId: string): Promise<void> {
    this.invoke({
      kind: 'event',
      event: {
        source: 'aws.rds',
        'detail-type': 'RDS DB Instance Event',
        time: new Date(this.clock.now()).toISOString(),
        resources: [instance.arn],
        detail: { EventID: eventId, Message: 'A message.' },
      },
      databases: this.described.slice(1, 16),
    });
    await this.clock.run(5 * SECOND);
  }

  /** The n-th instance; it fails over while its API and its name tell of it at once. */
  public instance(index: number): DatabaseInstance {
    const found = this.rds.instances[index];
    if (!found) throw new Error(`there is no instance ${index}`);
    return found;
  }

  public cluster(index: number): DatabaseCluster {
    const found = this.rds.clusters[index];
    if (!found) throw new Error(`there is no cluster ${index}`);
    return found;
  }

  public async records(): Promise<Map<string, PrimaryRecord>> {
    const items = await this.dynamoDb.items(TABLE);
    const records = items.flatMap((item) => {
      const read = v.safeParse(primaryRecordSchema, fromItem(item as unknown as Record<string, AttributeValue>));
      return read.success ? [read.output] : [];
    });
    return new Map(records.map((record) => [record.databaseId, record]));
  }

  public async put(item: Record<string, Record<string, unknown>>): Promise<void> {
    await this.dynamoDb.put(TABLE, item);
  }

  /** When calls of the RDS API were answered, in seconds since a moment. */
  public callsSince(moment: number): { at: number; body: string }[] {
    return this.wire.requests.entries
      .filter(({ service, at }) => service === 'rds' && at >= moment)
      .map(({ at, body }) => ({ at: (at - moment) / SECOND, body }));
  }

  public count(operation: string): number {
    return this.wire.requests.counts().get(operation) ?? 0;
  }

  /** What the invocations that have ended have logged under this message. */
  public logged(message: string): Record<string, unknown>[] {
    const lines = this.ended.flatMap(({ logs }) => logs.flatMap(({ text }) => text.split('\n')));
    return lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .filter((line) => line.message === message);
  }

  public async dispose(): Promise<void> {
    await this.runtime.dispose();
    await this.wire.close();
  }

  private invoke(payload: unknown): void {
    void this.runtime.invoke(payload, `request-${this.invocations++}`).then((ended) => this.ended.push(ended));
  }

  private events(): ServiceStandIn {
    const operations: ServiceStandIn['operations'] = {
      PutEvents: {
        permissions: () => [],
        answer: ({ input }) => {
          const entries = input.Entries as { DetailType: string; Detail: string }[];
          for (const { DetailType, Detail } of entries) {
            const { databaseId, epoch } = JSON.parse(Detail);
            this.announced.push(`${DetailType} ${databaseId} ${epoch}`);
          }
          return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `event-${index}` })) };
        },
      },
    };
    return {
      kind: 'by-schema',
      signingName: 'events',
      client: { ...eventBridge },
      protocol: 'aws-json-1.1',
      operations,
    };
  }
}

function ofInstance({ identifier, arn }: DatabaseInstance): Described {
  return {
    databaseId: identifier,
    source: { kind: 'rds-instance', instanceArn: arn, instanceIdentifier: identifier },
  };
}

function ofCluster({ identifier, arn }: DatabaseCluster): Described {
  return { databaseId: identifier, source: { kind: 'rds-cluster', clusterArn: arn, clusterIdentifier: identifier } };
}
