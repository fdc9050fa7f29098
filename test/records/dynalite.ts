import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { fromItem, toItem } from '../../lambda/records/item';

/** A DynamoDB on a loopback port that evaluates every expression. */
export class Dynalite {
  private readonly server = dynalite({ createTableMs: 0 });
  private made = 0;

  public async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', () => resolve()));
  }

  public async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A new table with these keys, all of them text; its name. */
  public async table(...keys: [partition: string] | [partition: string, sort: string]): Promise<string> {
    const TableName = `table-${this.made++}`;
    await new DynamoDBClient().send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    return TableName;
  }

  public async put(TableName: string, item: object): Promise<void> {
    await new DynamoDBClient().send(new PutItemCommand({ TableName, Item: toItem(item) }));
  }

  public async get(TableName: string, key: object): Promise<Record<string, unknown> | undefined> {
    const { Item } = await new DynamoDBClient().send(
      new GetItemCommand({ TableName, Key: toItem(key), ConsistentRead: true }),
    );
    return Item && fromItem(Item);
  }
}
