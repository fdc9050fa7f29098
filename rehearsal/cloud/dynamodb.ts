import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { dynamoDbPermissions, type GuardedTable } from './dynamodb-permissions';
import type { Permission, RawAnswer, RawRequest, RawServiceStandIn } from './service';

export interface TableDescription {
  readonly name: string;
  readonly arn: string;
  readonly keySchema: { AttributeName: string; KeyType: string }[];
  readonly attributeDefinitions: { AttributeName: string; AttributeType: string }[];
  /** ARN of the customer's key that encrypts it. @default - a key of AWS, which needs no permission */
  readonly keyArn?: string;
  /** As in the template. */
  readonly globalSecondaryIndexes?: Readonly<Record<string, unknown>>[];
  /** As in the template. */
  readonly localSecondaryIndexes?: Readonly<Record<string, unknown>>[];
}

type Item = Record<string, Record<string, unknown>>;

/** dynalite makes these up; nothing that a function reads may depend on the machine. */
const MADE_UP = { CreationDateTime: 0, TableId: '00000000-0000-4000-8000-000000000000' };

/** What AWS answers to and dynalite does not: better refused by name than taken for granted. */
const BEYOND_DYNALITE = ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'];

/** DynamoDB by dynalite, in this process and without a port. */
export class DynamoDb implements RawServiceStandIn {
  public readonly kind = 'raw';
  public readonly signingName = 'dynamodb';
  private readonly server = dynalite({ createTableMs: 0 });

  constructor(private readonly tables: TableDescription[]) {}

  /** Creates the tables of the assembly. */
  public async deploy(): Promise<void> {
    for (const table of this.tables) {
      await this.ask('CreateTable', {
        TableName: table.name,
        KeySchema: table.keySchema,
        AttributeDefinitions: table.attributeDefinitions,
        BillingMode: 'PAY_PER_REQUEST',
        GlobalSecondaryIndexes: table.globalSecondaryIndexes?.map(withoutThroughput),
        LocalSecondaryIndexes: table.localSecondaryIndexes,
      });
      for (let active = false; !active; ) {
        const described = await this.ask('DescribeTable', { TableName: table.name });
        active = (described.Table as { TableStatus?: string } | undefined)?.TableStatus === 'ACTIVE';
      }
    }
  }

  public has(table: string): boolean {
    return this.find(table) !== undefined;
  }

  /** Every item of a table, for whoever watches the rehearsal. */
  public async items(table: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let from: unknown, more = true; more; more = from !== undefined) {
      const page = await this.ask('Scan', { TableName: table, ConsistentRead: true, ExclusiveStartKey: from });
      items.push(...((page.Items ?? []) as Item[]));
      from = page.LastEvaluatedKey;
    }
    return items;
  }

  /** Writes an item past every permission, as somebody who registers something by hand. */
  public async put(table: string, item: Item): Promise<void> {
    await this.ask('PutItem', { TableName: table, Item: item });
  }

  public permissions(operation: string, body: Record<string, unknown>): Permission[] {
    const asked = dynamoDbPermissions(operation, body, (nameOrArn) => this.find(nameOrArn) ?? this.missing(nameOrArn));
    const keys = new Set(asked.flatMap(({ resource }) => this.tableOf(resource)?.keyArn ?? []));
    return [...asked, ...[...keys].map(decryption)];
  }

  public async handle(request: RawRequest): Promise<RawAnswer> {
    const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? '';
    if (operation.startsWith('Transact') || BEYOND_DYNALITE.includes(operation)) {
      return refusal(501, 'UnknownOperationException', `the rehearsal has no stand-in for dynamodb:${operation}`);
    }
    const body = this.byTableName(request.body);
    const answer = await this.pass({ ...request, body });
    const keeping = keyOfRefusedWrite(body, answer);
    if (keeping) return this.withOldItem(answer, keeping);
    const unknown = answer.status === 400 ? this.unknownTable(body, answer) : undefined;
    return unknown ?? this.neutral(answer);
  }

  public close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private find(nameOrArn: string): TableDescription | undefined {
    return this.tables.find((it) => it.name === nameOrArn || it.arn === nameOrArn);
  }

  /** Of the ARN of the table or of one of its indexes. */
  private tableOf(resource: string): TableDescription | undefined {
    return this.tables.find(({ arn }) => resource === arn || resource.startsWith(`${arn}/`));
  }

  /** IAM is asked before the table is looked for: whoever may not use it does not learn that it is missing. */
  private missing(nameOrArn: string): GuardedTable {
    const prefix = this.tables[0]?.arn.split('/')[0] ?? 'arn:aws:dynamodb:::table';
    return { name: nameOrArn, arn: nameOrArn.startsWith('arn:') ? nameOrArn : `${prefix}/${nameOrArn}`, keySchema: [] };
  }

  /** DynamoDB takes a table's ARN wherever it takes its name; dynalite takes only the name. */
  private byTableName(body: string): string {
    return this.tables.reduce(
      (text, { arn, name }) => text.replaceAll(JSON.stringify(arn), JSON.stringify(name)),
      body,
    );
  }

  private unknownTable(body: string, answer: RawAnswer): RawAnswer | undefined {
    if (!answer.body.includes('ResourceNotFoundException')) return undefined;
    const { TableName, RequestItems } = JSON.parse(body) as { TableName?: string; RequestItems?: object };
    const missing = [TableName, ...Object.keys(RequestItems ?? {})].filter((name) => name && !this.find(name));
    const message = `Requested resource not found: Table: ${missing.join(', ')} not found`;
    return missing.length > 0 ? refusal(400, 'ResourceNotFoundException', message) : undefined;
  }

  /** The description of a table as AWS would give it, where dynalite puts in its own account and the real time. */
  private neutral(answer: RawAnswer): RawAnswer {
    if (!/"(TableArn|IndexArn|TableId|CreationDateTime)"/.test(answer.body)) return answer;
    const body = JSON.stringify(JSON.parse(answer.body), (key, value: unknown) => {
      if (key in MADE_UP) return MADE_UP[key as keyof typeof MADE_UP];
      if (key.endsWith('DateTime')) return 0;
      if (key !== 'TableArn' && key !== 'IndexArn') return value;
      const [, name = '', ...index] = String(value).split('/');
      return [this.find(name)?.arn ?? value, ...index].join('/');
    });
    return { ...answer, headers: withoutChecksum(answer.headers), body };
  }

  /** `ReturnValuesOnConditionCheckFailure`, which dynalite does not know. */
  private async withOldItem(answer: RawAnswer, { TableName, Key }: KeptKey): Promise<RawAnswer> {
    const keys = this.find(TableName)?.keySchema.map(({ AttributeName }) => AttributeName) ?? [];
    const key = Object.fromEntries(Object.entries(Key).filter(([name]) => keys.includes(name)));
    const { Item: found } = await this.ask('GetItem', { TableName, Key: key, ConsistentRead: true });
    const body = JSON.stringify({ ...JSON.parse(answer.body), Item: found });
    return { ...answer, headers: withoutChecksum(answer.headers), body };
  }

  private pass(request: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const incoming = Object.assign(Readable.from([Buffer.from(request.body)]), {
        method: request.method,
        url: request.url,
        headers: request.headers,
      });
      this.server.emit('request', incoming, new Answer(resolve));
      incoming.once('error', reject);
    });
  }

  private async ask(operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = await this.pass({
      method: 'POST',
      url: '/',
      headers: {
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
        authorization:
          'AWS4-HMAC-SHA256 Credential=rehearsal/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': '20260101T000000Z',
      },
      body: JSON.stringify(input),
    });
    if (answer.status !== 200) throw new Error(`DynamoDB ${operation} of ${input.TableName}: ${answer.body}`);
    return JSON.parse(answer.body);
  }
}

interface KeptKey {
  readonly TableName: string;
  readonly Key: Item;
}

/** The key of a write whose condition failed and that asked for the item as it stands. */
function keyOfRefusedWrite(body: string, answer: RawAnswer): KeptKey | undefined {
  if (answer.status !== 400 || !answer.body.includes('ConditionalCheckFailedException')) return undefined;
  const { TableName, Key, Item, ReturnValuesOnConditionCheckFailure: wanted } = JSON.parse(body);
  return wanted === 'ALL_OLD' ? { TableName, Key: Key ?? Item } : undefined;
}

/** All tables of a rehearsal are paid by request; dynalite wants no throughput then. */
function withoutThroughput({ ProvisionedThroughput: _, ...index }: Readonly<Record<string, unknown>>) {
  return index;
}

function withoutChecksum({ 'x-amz-crc32': _, 'content-length': __, ...headers }: Record<string, string>) {
  return headers;
}

function refusal(status: number, code: string, message: string): RawAnswer {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code };
  return { status, headers, body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }) };
}

/** As much of a server's response as dynalite writes to. */
class Answer extends EventEmitter {
  public statusCode = 200;
  private readonly headers: Record<string, string> = {};

  constructor(private readonly done: (answer: RawAnswer) => void) {
    super();
  }

  public setHeader(name: string, value: string | number): void {
    this.headers[name.toLowerCase()] = String(value);
  }

  public removeHeader(name: string): void {
    delete this.headers[name.toLowerCase()];
  }

  public writeHead(status: number, headers: Record<string, string | number> = {}): void {
    this.statusCode = status;
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
  }

  public end(body: string | Buffer = ''): void {
    const text = String(body);
    // dynalite draws the request id anew for every answer; nothing may depend on it.
    delete this.headers['x-amzn-requestid'];
    this.done({ status: this.statusCode, headers: this.headers, body: text });
  }
}

/** DynamoDB decrypts the table's key in the caller's name (DynamoDB Developer Guide, "Authorizing use of your KMS key"). */
function decryption(keyArn: string): Permission {
  const [, , , region = '', account = ''] = keyArn.split(':');
  const context = { 'kms:ViaService': `dynamodb.${region}.amazonaws.com`, 'kms:CallerAccount': account };
  return { action: 'kms:Decrypt', resource: keyArn, context };
}
