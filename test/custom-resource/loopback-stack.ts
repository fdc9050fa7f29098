import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Answer, Request } from '../../lambda/custom-resource/request';

interface Put {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
  readonly answer: Answer;
}

/** Where CloudFormation takes answers: a bucket behind a pre-signed URL. */
export class LoopbackStack {
  /** What was taken, or would have been. */
  public readonly puts: Put[] = [];
  /** How the next answers are received; after that each is taken. */
  public readonly plans: (number | 'hang' | 'hang up')[] = [];

  private constructor(
    private readonly server: Server,
    private readonly scheme: 'http' | 'https',
  ) {}

  public static async start(identity?: { readonly key: string; readonly cert: string }): Promise<LoopbackStack> {
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as Answer;
        stack.puts.push({
          method,
          url,
          contentType: headers['content-type'],
          contentLength: headers['content-length'],
          answer,
        });
        const plan = stack.plans.shift() ?? 200;
        if (plan === 'hang') return;
        if (plan === 'hang up') request.socket.destroy();
        else response.writeHead(plan).end(plan === 200 ? undefined : '<Error/>');
      });
    };
    const server = identity ? createSecureServer(identity, listener) : createServer(listener);
    const stack = new LoopbackStack(server, identity ? 'https' : 'http');
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return stack;
  }

  public get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `${this.scheme}://127.0.0.1:${port}/arn%3Aaws%3Acloudformation?X-Amz-Signature=secret`;
  }

  public reset(): void {
    this.puts.length = 0;
    this.plans.length = 0;
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

export const STACK_ID = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Stores/9b1f0f7e';

/** As CloudFormation sends it (User Guide, "Custom resource request objects"). */
export function requestOf(
  RequestType: string,
  properties: object,
  change: Partial<Request> & { readonly OldResourceProperties?: object } = {},
): Request {
  return {
    RequestType,
    ResponseURL: 'https://nowhere.example',
    StackId: STACK_ID,
    RequestId: 'ba8e9b4c-1f0e',
    LogicalResourceId: 'StoreRegistration1A2B3C4D',
    PhysicalResourceId: undefined,
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:register', ...properties },
    ...change,
  };
}

export const OWNER = `${STACK_ID}/StoreRegistration1A2B3C4D`;
