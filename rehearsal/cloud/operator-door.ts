import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerAtOnce } from './loopback-service';
import { type RawAnswer, type RawRequest, type RawServiceStandIn, ServiceError, type ServiceStandIn } from './service';
import { operationName, writeError } from './wire-protocol';
import { readSignature } from './wire-signature';

/** How a request is made instead of being answered. */
export type DoorFault = (request: RawRequest) => ServiceError | undefined;

/**
 * A door to the services of one virtual cloud for somebody who lives in real time: an operator at his terminal. He is answered at once, whatever
 * the virtual clock does, and may do everything.
 */
export class OperatorDoor {
  /** Operations that were asked for, in their order. */
  public readonly calls: string[] = [];
  public fault: DoorFault = () => undefined;
  private readonly server: Server;

  private constructor(
    private readonly services: readonly (ServiceStandIn | RawServiceStandIn)[],
    private readonly now: () => number,
  ) {
    this.server = createServer((request, response) => this.receive(request, response));
  }

  /** @param now what the answers say the time is. */
  public static async open(
    services: readonly (ServiceStandIn | RawServiceStandIn)[],
    now: () => number,
  ): Promise<OperatorDoor> {
    const door = new OperatorDoor(services, now);
    await new Promise<void>((done) => door.server.listen(0, '127.0.0.1', done));
    return door;
  }

  /** What a program needs in its environment to use this door. */
  public get environment(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'OPERATOR',
      AWS_SECRET_ACCESS_KEY: 'of-a-rehearsal',
      AWS_REGION: 'eu-central-1',
    };
  }

  public async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', async () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const answer = await this.answer({ method: request.method ?? '', url: request.url ?? '', headers, body });
      response.writeHead(answer.status, {
        'x-amzn-requestid': `operator-${this.calls.length}`,
        ...answer.headers,
        date: new Date(this.now()).toUTCString(),
      });
      response.end(answer.body);
    });
  }

  private async answer(request: RawRequest): Promise<RawAnswer> {
    const { signingName } = readSignature(request.headers.authorization);
    const all = this.services.filter((it) => it.signingName === signingName);
    let protocol: ServiceStandIn['protocol'] | 'raw' = 'raw';
    try {
      const refused = this.fault(request);
      for (const service of all) {
        if (service.kind === 'raw') {
          if (refused) throw refused;
          this.calls.push(`${signingName}:${request.headers['x-amz-target']?.split('.').at(-1) ?? request.url}`);
          const answer = await service.handle(request);
          if (answer) return answer;
          continue;
        }
        protocol = service.protocol;
        const operation = operationName(service, request);
        if (!service.operations[operation]) continue;
        if (refused) throw refused;
        this.calls.push(`${signingName}:${operation}`);
        return await answerAtOnce(service, operation, request);
      }
      throw new ServiceError('UnknownService', `no stand-in for ${signingName}: ${request.url}`, 501);
    } catch (error) {
      if (error instanceof ServiceError) return writeError(protocol, error);
      throw error;
    }
  }
}
