import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';

/** How one call is answered: with an output, an error of the service, or never. */
export type Answer =
  | Readonly<Record<string, unknown>>
  | { readonly error: string; readonly message?: string; readonly status?: number }
  | 'hang'
  | 'hang up';

interface Call {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/** The services that speak JSON, on one loopback port; what no test has planned is refused by name. */
export class LoopbackJson {
  public readonly calls: Call[] = [];
  private readonly planned = new Map<string, Answer[]>();

  private constructor(private readonly server: Server) {}

  public static async start(): Promise<LoopbackJson> {
    const server = createServer();
    const loopback = new LoopbackJson(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
        const answer = loopback.take({ operation, input: JSON.parse(Buffer.concat(chunks).toString()) });
        if (answer === 'hang') return;
        if (answer === 'hang up') {
          request.socket.destroy();
          return;
        }
        const { error, message, status = 400 } = answer as { error?: string; message?: string; status?: number };
        const headers = { 'content-type': 'application/x-amz-json-1.1' };
        if (error === undefined) response.writeHead(200, headers).end(JSON.stringify(answer));
        else response.writeHead(status, headers).end(JSON.stringify({ __type: error, message }));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return loopback;
  }

  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next calls of the operation are answered so, the last of them for ever. */
  public plan(operation: string, ...answers: Answer[]): void {
    this.planned.set(operation, answers);
  }

  public inputs(operation: string): Record<string, unknown>[] {
    return this.calls.filter((call) => call.operation === operation).map(({ input }) => input);
  }

  public reset(): void {
    this.calls.length = 0;
    this.planned.clear();
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private take(call: Call): Answer {
    this.calls.push(call);
    const answers = this.planned.get(call.operation) ?? [];
    const [answer = { error: 'UnknownOperationException', message: `nothing is planned for ${call.operation}` }] =
      answers;
    if (answers.length > 1) answers.shift();
    return answer;
  }
}

/** Where the SDK's clients of a test find AWS; `vi.unstubAllEnvs` takes it back. */
export function leadTo(endpoint: string): void {
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

/** What the call comes to, while every pause and time-out of the SDK that follows an answer, or the lack of one, is over at once. */
export async function hastened<T>(aws: LoopbackJson, call: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let open = true;
    const result = call().finally(() => {
      open = false;
    });
    result.catch(() => {});
    for (let seen = 0; open; ) {
      // Enough turns for a request on its way to come in, so that only one that hangs is timed out.
      for (let turn = 0; turn < 200 && open; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (aws.calls.length > seen) seen = aws.calls.length;
      else if (open) await vi.advanceTimersByTimeAsync(1_000);
    }
    return await result;
  } finally {
    vi.useRealTimers();
  }
}
