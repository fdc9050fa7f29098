import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readSignature } from './wire-signature';

/** Why the next requests are refused: status, code and message as S3 words them. */
export interface S3Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Objects in buckets, for those who read one of them by its path (GetObject), in real time. Everybody who signs may read. */
export class LoopbackS3 {
  /** The paths that were asked for. */
  public readonly asked: string[] = [];
  /** The next requests meet these, one each. */
  public readonly refusals: S3Refusal[] = [];
  private readonly objects = new Map<string, Buffer>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      request.resume();
      request.once('end', () =>
        this.answer(method, new URL(url, 'http://s3').pathname, headers.authorization, response),
      );
    });
  }

  public static async start(): Promise<LoopbackS3> {
    const s3 = new LoopbackS3();
    await new Promise<void>((done) => s3.server.listen(0, '127.0.0.1', done));
    return s3;
  }

  /** For `AWS_ENDPOINT_URL_S3`. */
  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public put(bucket: string, key: string, content: string): void {
    this.objects.set(`/${bucket}/${key}`, Buffer.from(content));
  }

  public reset(): void {
    this.asked.length = 0;
    this.refusals.length = 0;
    this.objects.clear();
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private answer(method: string, path: string, authorization: string | undefined, response: ServerResponse): void {
    const name = decodeURIComponent(path);
    this.asked.push(name);
    const { signingName } = readSignature(authorization);
    const object = this.objects.get(name);
    const refusal = this.refusals.shift() ?? refuse(method, signingName, object);
    if (refusal !== undefined) {
      const { status, code, message } = refusal;
      const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
      return;
    }
    const etag = `"${createHash('md5')
      .update(object ?? '')
      .digest('hex')}"`;
    response.writeHead(200, { 'content-type': 'application/octet-stream', etag }).end(object);
  }
}

function refuse(method: string, signingName: string, object: Buffer | undefined): S3Refusal | undefined {
  if (signingName !== 's3') return { status: 403, code: 'AccessDenied', message: 'Access Denied' };
  if (method !== 'GET') return { status: 405, code: 'MethodNotAllowed', message: 'Only GET is rehearsed' };
  return object ? undefined : { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' };
}
