import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawAnswer, type RawRequest, ServiceError, type ServiceStandIn } from './service';
import { operationName, operationSchema, readInput, writeError, writeOutput } from './wire-protocol';
import { readSignature } from './wire-signature';

/** What happens to one call instead of its answer. */
export type LoopbackFault = ServiceError | 'hang' | 'hang up';

/** One stand-in behind a port of its own, in real time: for processes that live in real time. Everybody who signs may do everything. */
export class LoopbackService {
  /** The operations that were asked for, in their order. */
  public readonly calls: string[] = [];
  /** The next calls meet these, one each. */
  public readonly faults: LoopbackFault[] = [];
  private readonly server: Server;

  private constructor(private readonly service: ServiceStandIn) {
    this.server = createServer((request, response) => this.receive(request, response));
  }

  public static async start(service: ServiceStandIn): Promise<LoopbackService> {
    const loopback = new LoopbackService(service);
    await new Promise<void>((done) => loopback.server.listen(0, '127.0.0.1', done));
    return loopback;
  }

  /** For `AWS_ENDPOINT_URL_...`. */
  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public async stop(): Promise<void> {
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
      if (answer === 'hang') return;
      if (answer === 'hang up') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'x-amzn-requestid': `loopback-${this.calls.length}`, ...answer.headers });
      response.end(answer.body);
    });
  }

  private async answer(request: RawRequest): Promise<RawAnswer | 'hang' | 'hang up'> {
    const { service } = this;
    try {
      const operation = operationName(service, request);
      this.calls.push(operation);
      const fault = this.faults.shift();
      if (fault instanceof ServiceError) throw fault;
      if (fault !== undefined) return fault;
      return await answerAtOnce(service, operation, request);
    } catch (error) {
      if (error instanceof ServiceError) return writeError(service.protocol, error);
      throw error;
    }
  }
}

/** Answers whoever signs, without asking what he may do; throws a `ServiceError` where the service would refuse. */
export async function answerAtOnce(
  service: ServiceStandIn,
  operation: string,
  request: RawRequest,
): Promise<RawAnswer> {
  const { accessKey, signingName } = readSignature(request.headers.authorization);
  if (signingName !== service.signingName) {
    throw new ServiceError('IncompleteSignatureException', 'The request has no SigV4 signature for this service');
  }
  const schema = operationSchema(service, operation);
  const implementation = service.operations[operation];
  if (!implementation) throw new ServiceError('UnknownOperationException', `no stand-in for ${operation}`);
  const input = await readInput(service, schema.input, operation, request);
  const caller = { functionName: 'loopback', roleArn: 'loopback', process: accessKey };
  const output = await implementation.answer({ service: signingName, operation, input, caller });
  return writeOutput(service, operation, schema.output, output);
}
