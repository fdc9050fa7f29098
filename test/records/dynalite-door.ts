import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one call on its way to DynamoDB, or on its way back. */
export type DoorFault =
  /** It takes effect, and its answer is lost. */
  | 'lose'
  /** It does not arrive. */
  | 'drop'
  | { readonly error: string; readonly message?: string; readonly status?: number }
  /** Something else happens first. */
  | (() => Promise<unknown>);

/** A way to a DynamoDB on loopback, on which calls can go wrong. */
export class DynaliteDoor {
  /** The operations that came by, in order. */
  public readonly calls: string[] = [];
  /** What they asked for. */
  public readonly inputs: Record<string, unknown>[] = [];
  private readonly planned: { readonly operation: string; readonly fault: DoorFault }[] = [];

  private constructor(
    private readonly server: Server,
    private readonly behind: string,
  ) {}

  public static async before(endpoint: string): Promise<DynaliteDoor> {
    const server = createServer();
    const door = new DynaliteDoor(server, endpoint);
    server.on('request', (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', async () => {
        const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
        const body = Buffer.concat(chunks);
        door.inputs.push(JSON.parse(body.toString()));
        const fault = door.take(operation);
        if (fault === 'drop') {
          incoming.socket.destroy();
          return;
        }
        if (typeof fault === 'object') {
          const { error, message, status = 400 } = fault;
          response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
          response.end(JSON.stringify({ __type: error, message }));
          return;
        }
        if (typeof fault === 'function') await fault();
        const answer = await door.forward(incoming.headers, body);
        if (fault === 'lose') incoming.socket.destroy();
        else response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return door;
  }

  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next calls of the operation that nothing else is planned for. */
  public next(operation: string, ...faults: DoorFault[]): void {
    this.planned.push(...faults.map((fault) => ({ operation, fault })));
  }

  /** How often the operation came by. */
  public count(operation: string): number {
    return this.calls.filter((it) => it === operation).length;
  }

  public reset(): void {
    this.calls.length = 0;
    this.inputs.length = 0;
    this.planned.length = 0;
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private take(operation: string): DoorFault | undefined {
    this.calls.push(operation);
    const index = this.planned.findIndex((it) => it.operation === operation);
    return index < 0 ? undefined : this.planned.splice(index, 1)[0]?.fault;
  }

  private forward(headers: NodeJS.Dict<string | string[]>, body: Buffer) {
    return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
      const sent = request(this.behind, { method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
