import { createHash } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeDBClustersCommand, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';

/** What the tests of the engine run as a Lambda function: real clients of the SDK, bundled and not touched afterwards. */

const rds = new RDSClient({});
const events = new EventBridgeClient({});
const database = new DynamoDBClient({});
const hasty = new RDSClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
});

const announce = (DetailType: string) =>
  events.send(
    new PutEventsCommand({ Entries: [{ Source: 'engine', DetailType, Detail: '{"at":1}', Time: new Date() }] }),
  );

export async function describeAndAnnounce(payload: { identifier: string }) {
  const { DBInstances } = await rds.send(
    new DescribeDBInstancesCommand({
      DBInstanceIdentifier: payload.identifier,
      Filters: [{ Name: 'engine', Values: ['mysql', 'mariadb & others'] }],
      MaxRecords: 20,
    }),
  );
  const { Entries, FailedEntryCount } = await announce('Looked');
  const [instance] = DBInstances ?? [];
  return {
    zone: instance?.AvailabilityZone,
    port: instance?.Endpoint?.Port,
    multiAz: instance?.MultiAZ,
    createdAt: instance?.InstanceCreateTime?.toISOString(),
    eventId: Entries?.[0]?.EventId,
    failed: FailedEntryCount,
    now: Date.now(),
  };
}

export async function describeInHaste(payload: { identifier: string }) {
  const startedAt = Date.now();
  try {
    await hasty.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: payload.identifier }));
    return { error: undefined, millis: Date.now() - startedAt };
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { attempts?: number } };
    return { error: name, message, attempts: $metadata?.attempts, millis: Date.now() - startedAt };
  }
}

export const announceTwice = async () => {
  await announce('First');
  await announce('Second');
  return 'both';
};

/** With a required member left out, which the client itself does not notice. */
export const announceNothing = () => events.send(new PutEventsCommand({} as { Entries: [] }));

/** Signed with what the environment does not give, or for where the rehearsal is not. */
export async function asStranger() {
  const credentials = { accessKeyId: 'AKIAFROMELSEWHERE000', secretAccessKey: 'unknown' };
  const outcome = (client: RDSClient) =>
    client.send(new DescribeDBInstancesCommand({})).then(
      () => 'answered',
      (error: Error) => error.name,
    );
  return {
    unknownKey: await outcome(new RDSClient({ credentials })),
    otherRegion: await outcome(new RDSClient({ region: 'us-east-1' })),
  };
}

export async function describeOthers() {
  const outcome = (sent: Promise<unknown>) => sent.then(String, (error: Error) => `${error.name}: ${error.message}`);
  const filters = [{ Name: 'engine' }] as { Name: string; Values: string[] }[];
  return {
    withoutValues: await outcome(rds.send(new DescribeDBInstancesCommand({ Filters: filters }))),
    operation: await outcome(rds.send(new DescribeDBClustersCommand({}))),
    service: await outcome(database.send(new GetItemCommand({ TableName: 'orders', Key: { id: { S: '1' } } }))),
  };
}

export async function readItem(payload: { table: string }) {
  const { Item } = await database.send(new GetItemCommand({ TableName: payload.table, Key: { id: { S: '1' } } }));
  return Item?.id?.S;
}

/** Leaves a call under way when it returns, and says in its next invocation what became of it. */
let left: Promise<number> | undefined;
export async function announceInBackground() {
  if (left) return { answeredAt: await left, now: Date.now() };
  left = announce('Background').then(() => Date.now());
  return { answeredAt: undefined, now: Date.now() };
}

/** Announces once a minute's tick; counts in its environment how often it ran. */
let runs = 0;
export async function tick() {
  runs += 1;
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}));
  await announce(`Tick ${runs}`);
  return { runs, found: DBInstances?.length };
}

/** Announces at a moment, after some work that takes real time but no virtual. */
export async function announceAt(payload: { moment: number; work: number }) {
  await new Promise((resolve) => setTimeout(resolve, payload.moment - Date.now()));
  for (let round = 0; round < payload.work; round++) createHash('sha256').update(Buffer.alloc(1_000_000)).digest();
  await announce('At the same moment');
}

/** Many turns of the real event loop lie between the start and the call. */
export async function announceAfterTurns() {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  await announce('Late');
  return Date.now();
}

export async function story(payload: { wait: number }) {
  console.log(`waiting for ${payload.wait}`);
  await new Promise((resolve) => setTimeout(resolve, payload.wait * Math.random()));
  const [looked] = await Promise.all([describeInHaste({ identifier: 'orders' }), announceTwice()]);
  return { looked, id: crypto.randomUUID() };
}
