import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryTable } from './memory-table';

/** How the server treats one call instead of answering it. */
export type Fault = 'hang' | { status: number; body: string } | (() => void);

interface Call {
  readonly operation: string;
  readonly body: string;
}

interface Instance {
  status: string;
  zone: string;
}

interface Cluster {
  status: string;
  /** Members, and whether the API calls each the writer. */
  members: Record<string, boolean>;
}

/** RDS, DynamoDB, EventBridge and Route 53 on one loopback port, as much of them as the tracker calls; anything else is refused. */
export class LoopbackAws {
  public table = new MemoryTable();
  public instance: Instance = { status: 'available', zone: 'eu-central-1a' };
  public cluster: Cluster = { status: 'available', members: { one: false, two: true, three: false } };
  public readonly calls: Call[] = [];
  public readonly events: { DetailType: string; Source: string; EventBusName: string; Detail: string }[] = [];
  /** What the names in the zone were led to, in turn. */
  public readonly aliases: Record<string, string>[] = [];
  private readonly faults: { operation: string; fault: Fault }[] = [];

  private constructor(private readonly server: Server) {}

  public static async start(): Promise<LoopbackAws> {
    const server = createServer();
    const aws = new LoopbackAws(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const target = request.headers['x-amz-target'];
        const operation =
          typeof target === 'string'
            ? target.split('.').at(-1)
            : (REST_OPERATIONS[`${request.method} ${request.url}`] ?? new URLSearchParams(body).get('Action'));
        const answer = aws.answer(operation ?? 'nothing', body);
        if (answer)
          response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(answer.body);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return aws;
  }

  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next call of this operation that no earlier fault is meant for goes wrong; a function runs and lets the call pass. */
  public next(operation: string, ...faults: Fault[]): void {
    this.faults.push(...faults.map((fault) => ({ operation, fault })));
  }

  public count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  public reset(): void {
    this.table = new MemoryTable();
    this.instance = { status: 'available', zone: 'eu-central-1a' };
    for (const list of [this.calls, this.events, this.aliases, this.faults]) list.length = 0;
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private answer(operation: string, body: string): { status: number; body: string } | undefined {
    this.calls.push({ operation, body });
    const index = this.faults.findIndex((it) => it.operation === operation);
    const [planned] = index < 0 ? [] : this.faults.splice(index, 1);
    if (planned?.fault === 'hang') return undefined;
    if (typeof planned?.fault === 'object') return planned.fault;
    planned?.fault();
    switch (operation) {
      case 'GetItem':
        return json(this.table.item ? { Item: this.table.item } : {});
      case 'PutItem':
        return this.table.put(JSON.parse(body)) ? json({}) : CONFLICT;
      case 'UpdateItem':
        return this.table.update(JSON.parse(body)) ? json({}) : CONFLICT;
      case 'PutEvents':
        this.events.push(...JSON.parse(body).Entries);
        return json({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
      case 'ChangeResourceRecordSets':
        this.aliases.push(readAlias(body));
        return { status: 200, body: CHANGED };
      case 'DescribeDBInstances':
        return { status: 200, body: described(this.instance) };
      case 'DescribeDBClusters':
        return { status: 200, body: describedCluster(this.cluster) };
      default:
        return { status: 400, body: JSON.stringify({ __type: 'UnknownOperationException', message: operation }) };
    }
  }
}

/** The one hosted zone there is. */
export const ZONE = 'Z0123456789ABC';

const REST_OPERATIONS: Record<string, string> = {
  [`POST /2013-04-01/hostedzone/${ZONE}/rrset`]: 'ChangeResourceRecordSets',
};

export const HOST = 'consolidated.example.internal';

const CONFLICT = {
  status: 400,
  body: JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
    message: 'The conditional request failed',
  }),
};

/** What RDS answers when it knows no instance of the name. */
export const NOT_FOUND = {
  status: 404,
  body: '<ErrorResponse><Error><Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>not found.</Message></Error></ErrorResponse>',
};

const CHANGED = `<?xml version="1.0"?><ChangeResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
  <ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-11-23T04:00:00.000Z</SubmittedAt></ChangeInfo>
</ChangeResourceRecordSetsResponse>`;

function readAlias(body: string): Record<string, string> {
  const texts = ['Action', 'Name', 'Type', 'TTL', 'Value'].map((tag) => {
    const [, text = ''] = new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(body) ?? [];
    return [tag, text] as const;
  });
  return Object.fromEntries(texts);
}

function json(body: object): { status: number; body: string } {
  return { status: 200, body: JSON.stringify(body) };
}

function described({ status, zone }: Instance): string {
  return `<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>
    <DBInstanceIdentifier>consolidated</DBInstanceIdentifier><DBInstanceStatus>${status}</DBInstanceStatus>
    <AvailabilityZone>${zone}</AvailabilityZone><DbiResourceId>db-ABC</DbiResourceId>
    <Endpoint><Address>${HOST}</Address><Port>3306</Port></Endpoint>
  </DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>`;
}

/** What RDS answers when it knows no cluster of the name. */
export const NO_CLUSTER = {
  ...NOT_FOUND,
  body: NOT_FOUND.body.replace('DBInstanceNotFound', 'DBClusterNotFoundFault'),
};

/** What RDS answers to an account that asks too much. */
export const THROTTLED = {
  status: 400,
  body: NOT_FOUND.body.replace('DBInstanceNotFound', 'Throttling').replace('not found.', 'Rate exceeded'),
};

function describedCluster({ status, members }: Cluster): string {
  const rendered = Object.entries(members).map(
    ([name, writer]) =>
      `<DBClusterMember><DBInstanceIdentifier>${name}</DBInstanceIdentifier><IsClusterWriter>${writer}</IsClusterWriter></DBClusterMember>`,
  );
  return `<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster>
    <DBClusterIdentifier>consolidated</DBClusterIdentifier><Status>${status}</Status><DbClusterResourceId>cluster-ABC</DbClusterResourceId>
    <Endpoint>${HOST}</Endpoint><Port>3306</Port><DBClusterMembers>${rendered.join('')}</DBClusterMembers>
  </DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>`;
}
