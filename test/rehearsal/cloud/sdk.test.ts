import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DBInstanceNotFoundFault, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chance } from '../../../rehearsal/cloud/chance';
import { DynamoDb } from '../../../rehearsal/cloud/dynamodb';
import { EventBus } from '../../../rehearsal/cloud/event-bus';
import { Rds } from '../../../rehearsal/cloud/rds';
import { ACCOUNT, database, REGION } from './database';
import { taking } from './queue-clock';
import { SdkDoor } from './sdk-door';

const TABLE_ARN = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/primary`;
const door = new SdkDoor();
const dynamoDb = new DynamoDb([
  {
    name: 'primary',
    arn: TABLE_ARN,
    keySchema: [{ AttributeName: 'databaseId', KeyType: 'HASH' }],
    attributeDefinitions: [
      { AttributeName: 'databaseId', AttributeType: 'S' },
      { AttributeName: 'state', AttributeType: 'S' },
    ],
    globalSecondaryIndexes: [
      {
        IndexName: 'byState',
        KeySchema: [{ AttributeName: 'state', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
        ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
      },
    ],
  },
]);
const bus = new EventBus([], {
  clock: door.clock,
  latencies: taking(100),
  chance: new Chance('bus'),
  account: ACCOUNT,
  region: REGION,
  busArn: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`,
  deliver: () => {},
});
const rds = new Rds([database()], door.clock);

let tables: DynamoDBClient;
let events: EventBridgeClient;
let databases: RDSClient;

beforeAll(async () => {
  await dynamoDb.deploy();
  await door.open(dynamoDb, bus.standIn, rds.standIn);
  tables = new DynamoDBClient(door.settings);
  door.number(tables.middlewareStack);
  events = new EventBridgeClient(door.settings);
  door.number(events.middlewareStack);
  databases = new RDSClient(door.settings);
  door.number(databases.middlewareStack);
});

afterAll(async () => {
  for (const client of [tables, events, databases]) client.destroy();
  await Promise.all([door.close(), dynamoDb.close()]);
});

const put = (epoch: string, condition?: string, TableName = 'primary') =>
  door.answer(
    tables.send(
      new PutItemCommand({
        TableName,
        Item: { databaseId: { S: 'one' }, epoch: { N: epoch }, state: { S: 'stable' } },
        ConditionExpression: condition,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );

describe('the DynamoDB client', () => {
  it('writes on a condition and gets the item that broke it', async () => {
    await put('7');
    const refused = put('8', 'attribute_not_exists(databaseId)');
    await expect(refused).rejects.toThrow(ConditionalCheckFailedException);
    await expect(refused).rejects.toMatchObject({ Item: { epoch: { N: '7' } } });
    const { Item } = await door.answer(
      tables.send(new GetItemCommand({ TableName: 'primary', Key: { databaseId: { S: 'one' } } })),
    );
    expect(Item?.epoch).toEqual({ N: '7' });
    expect((await dynamoDb.items('primary')).map((it) => it.epoch)).toEqual([{ N: '7' }]);
  });

  it('names a table by its ARN as well, and queries an index', async () => {
    await put('9', undefined, TABLE_ARN);
    const query = new QueryCommand({
      TableName: 'primary',
      IndexName: 'byState',
      KeyConditionExpression: '#s = :s',
      ExpressionAttributeNames: { '#s': 'state' },
      ExpressionAttributeValues: { ':s': { S: 'stable' } },
    });
    const { Items } = await door.answer(tables.send(query));
    expect(Items?.map((it) => it.epoch)).toEqual([{ N: '9' }]);
    expect(door.asked.at(-1)?.resource).toBe(`${TABLE_ARN}/index/byState`);
  });

  it('is told the name of a table that is missing, once it may ask for it', async () => {
    const get = () =>
      door.answer(tables.send(new GetItemCommand({ TableName: 'undefined', Key: { databaseId: { S: 'one' } } })));
    await expect(get()).rejects.toThrow(ResourceNotFoundException);
    await expect(get()).rejects.toThrow('Table: undefined not found');
    door.denied = 'dynamodb:GetItem';
    await expect(get()).rejects.toThrow(`not authorized: ${TABLE_ARN.replace('primary', 'undefined')}`);
    door.denied = undefined;
  });

  it('sees nothing of the machine in the description of a table', async () => {
    const { Table } = await door.answer(tables.send(new DescribeTableCommand({ TableName: 'primary' })));
    expect(Table).toMatchObject({ TableArn: TABLE_ARN, CreationDateTime: new Date(0) });
    expect(Table?.GlobalSecondaryIndexes?.[0]?.IndexArn).toBe(`${TABLE_ARN}/index/byState`);
    expect(Table?.TableId).toBe('00000000-0000-4000-8000-000000000000');
  });

  it('is refused by name what dynalite cannot do', async () => {
    const Delete = { TableName: 'primary', Key: { databaseId: { S: 'one' } } };
    const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Delete }] });
    await expect(door.answer(tables.send(transaction))).rejects.toThrow(
      'the rehearsal has no stand-in for dynamodb:TransactWriteItems',
    );
  });
});

describe('the EventBridge client', () => {
  it('gets an answer for each entry', async () => {
    const answer = await door.answer(
      events.send(
        new PutEventsCommand({
          Entries: [
            { Source: 'mobilink-ha', DetailType: 'MobiLink Primary Changed', Detail: '{"epoch":2}' },
            { Source: 'mobilink-ha', DetailType: 'MobiLink Primary Changed', Detail: 'no JSON' },
            { Source: 'aws.rds', DetailType: 'RDS DB Instance Event', Detail: '{}' },
            { Source: 'mobilink-ha', Detail: '{}' },
            { Source: 'mobilink-ha', DetailType: 'Lost', Detail: '{}', EventBusName: 'elsewhere' },
          ],
        }),
      ),
    );
    expect(answer.FailedEntryCount).toBe(4);
    expect(answer.Entries?.map((it) => it.ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'NotAuthorizedForSourceException',
      'InvalidArgument',
      'ResourceNotFoundException',
    ]);
    expect(bus.published.map(({ event }) => [event.id, event.detail])).toEqual([
      [answer.Entries?.[0]?.EventId, { epoch: 2 }],
    ]);
  });
});

describe('the RDS client', () => {
  it('describes an instance', async () => {
    const { DBInstances } = await door.answer(
      databases.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'consolidated' })),
    );
    expect(DBInstances).toMatchObject([
      {
        DBInstanceIdentifier: 'consolidated',
        AvailabilityZone: `${REGION}a`,
        SecondaryAvailabilityZone: `${REGION}b`,
        MultiAZ: true,
        Endpoint: { Port: 3306 },
      },
    ]);
  });

  it('knows by the error that there is none', async () => {
    const call = door.answer(databases.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'nobody' })));
    await expect(call).rejects.toThrow(DBInstanceNotFoundFault);
  });

  it('is throttled by the account', async () => {
    rds.throttle(60_000);
    const call = door.answer(databases.send(new DescribeDBInstancesCommand({})));
    await expect(call).rejects.toMatchObject({ name: 'Throttling', message: 'Rate exceeded' });
  });
});
