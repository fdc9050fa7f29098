import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../lambda/custom-resource/request';
import { respond } from '../../lambda/custom-resource/respond';
import { BUCKET_IDENTITY } from './bucket-identity';
import { LoopbackStack } from './loopback-stack';

const ANSWER: Answer = {
  Status: 'FAILED',
  Reason: 'Größe',
  PhysicalResourceId: 'stores/one',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'One',
};

let stack: LoopbackStack;
let slept: number[];
const sleep = async (millis: number) => void slept.push(millis);

beforeAll(async () => {
  stack = await LoopbackStack.start();
});

afterAll(() => stack.stop());

beforeEach(() => {
  stack.reset();
  slept = [];
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the answer to CloudFormation', () => {
  it('is put where the request says, with the type that its signature is for', async () => {
    await respond(stack.url, ANSWER, { sleep });
    expect(stack.puts).toEqual([
      {
        method: 'PUT',
        url: '/arn%3Aaws%3Acloudformation?X-Amz-Signature=secret',
        contentType: '',
        contentLength: String(Buffer.byteLength(JSON.stringify(ANSWER))),
        answer: ANSWER,
      },
    ]);
    expect(slept).toEqual([]);
  });

  it('is put again when the connection breaks or the bucket is in trouble, with ever longer pauses', async () => {
    stack.plans.push('hang up', 500, 503, 307);
    await respond(stack.url, ANSWER, { sleep });
    expect(stack.puts).toHaveLength(5);
    expect(slept).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(stack.puts.at(-1)?.answer).toEqual(ANSWER);
  });

  it('is put again when the bucket says nothing', async () => {
    stack.plans.push('hang');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const done = respond(stack.url, ANSWER, { sleep });
    while (stack.puts.length < 1) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(slept).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(stack.puts).toHaveLength(2);
    expect(slept).toEqual([1_000]);
  });

  it('that nobody takes is an error after five times, which does not tell the URL', async () => {
    stack.plans.push(500, 500, 500, 500, 500);
    const failed = await respond(stack.url, ANSWER, { sleep }).catch((error: unknown) => String(error));
    expect(failed).toContain('status 500');
    expect(failed).not.toContain('secret');
    expect(stack.puts).toHaveLength(5);
  });

  it('that is refused is not put again: the URL is too old', async () => {
    stack.plans.push(403);
    await expect(respond(stack.url, ANSWER, { sleep })).rejects.toThrow('status 403');
    expect(stack.puts).toHaveLength(1);
  });
});

describe('over TLS, as CloudFormation wants it', () => {
  const trusted = getCACertificates('default');
  let secure: LoopbackStack;

  beforeAll(async () => {
    secure = await LoopbackStack.start(BUCKET_IDENTITY);
  });

  afterEach(() => setDefaultCACertificates(trusted));
  afterAll(() => secure.stop());

  it('the answer is put', async () => {
    setDefaultCACertificates([...trusted, BUCKET_IDENTITY.cert]);
    await respond(secure.url, ANSWER, { sleep });
    expect(secure.puts).toMatchObject([{ method: 'PUT', contentType: '', answer: ANSWER }]);
  });

  it('nothing is told to whom nobody trusts', async () => {
    await expect(respond(secure.url, ANSWER, { sleep })).rejects.toThrow('self-signed certificate');
    expect(slept).toHaveLength(4);
    expect(secure.puts.length).toBeLessThanOrEqual(1);
  });
});
