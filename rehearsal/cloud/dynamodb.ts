import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { type Permission, type RawAnswer, type RawRequest, type RawServiceStandIn, ServiceError } from './service';

export interface TableDescription {
  readonly name: string;
  readonly arn: string;
  readonly keySchema: { AttributeName: string; KeyType: string }[];
  readonly attributeDefinitions: { AttributeName: string; AttributeType: string }[];
}

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
      });
      for (let active = false; !active; ) {
        const described = await this.ask('DescribeTable', { TableName: table.name });
        active = (described.Table as { TableStatus?: string } | undefined)?.TableStatus === 'ACTIVE';
      }
    }
  }

  /** Every item of a table, for whoever watches the rehearsal. */
  public async items(table: string): Promise<Record<string, Record<string, unknown>>[]> {
    const { Items } = await this.ask('Scan', { TableName: table, ConsistentRead: true });
    return (Items ?? []) as Record<string, Record<string, unknown>>[];
  }

  public permissions(operation: string, body: Record<string, unknown>): Permission[] {
    const name = String(body.TableName ?? '');
    const table = this.tables.find((it) => it.name === name || it.arn === name);
    if (!table)
      throw new ServiceError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
    const key = (body.Key ?? body.Item ?? {}) as Record<string, Record<string, string>>;
    const partition = table.keySchema.find((it) => it.KeyType === 'HASH')?.AttributeName ?? '';
    const leading = Object.values(key[partition] ?? {})[0];
    const context = leading === undefined ? undefined : { 'dynamodb:LeadingKeys': [leading] };
    return [{ action: `dynamodb:${operation}`, resource: table.arn, context }];
  }

  public handle(request: RawRequest): Promise<RawAnswer> {
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

  public close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async ask(operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = await this.handle({
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
    if (answer.status !== 200) throw new Error(`DynamoDB ${operation}: ${answer.body}`);
    return JSON.parse(answer.body);
  }
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
    // dynalite counts the request id anew in every answer; nothing may depend on it.
    delete this.headers['x-amzn-requestid'];
    this.done({ status: this.statusCode, headers: this.headers, body: text });
  }
}
