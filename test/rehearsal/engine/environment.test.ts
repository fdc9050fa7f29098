import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bundles, DATABASE, EngineWorld, HOST, SECOND } from './engine-world';

let bundles: Bundles;
let world: EngineWorld;
beforeAll(async () => {
  bundles = await Bundles.build();
});
beforeEach(async () => {
  world = await EngineWorld.start(bundles);
});
afterEach(() => world.dispose());
afterAll(() => bundles.remove());

describe('the environment of a function', () => {
  it('is what the template and Lambda declare, and nothing else', async () => {
    const { value } = await world.play(world.function('world.environment'));
    expect(value).toEqual({
      DECLARED: 'yes',
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA[0-9A-F]{16}$/),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
      AWS_REGION: 'eu-central-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'world-environment',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/world-environment',
      AWS_LAMBDA_LOG_STREAM_NAME: expect.any(String),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_ENDPOINT_URL: world.wire.endpoint,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      LAMBDA_TASK_ROOT: bundles.folder,
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      _HANDLER: 'world.environment',
    });
  });

  it('is another for an invocation that overlaps, and is used again by one that does not', async () => {
    const runtime = world.function('time.sleep');
    const both = [world.invoke(runtime, { millis: 5 * SECOND }), world.invoke(runtime, { millis: 2 * SECOND })];
    await world.clock.run(10 * SECOND);
    const results = await Promise.all(both);
    expect(results.map(({ outcome, coldStart }) => ({ outcome, coldStart }))).toEqual([
      { outcome: 'returned', coldStart: true },
      { outcome: 'returned', coldStart: true },
    ]);
    expect(results[1]?.endedAt).toBeLessThan(results[0]?.endedAt ?? 0);
    expect(await world.play(runtime, { millis: 1 })).toMatchObject({ coldStart: false });
  });

  it('draws its chance from the seed', async () => {
    const draw = async (seed: string) => {
      const one = await EngineWorld.start(bundles, seed);
      const { value } = await one.play(one.function('world.chance'));
      await one.dispose();
      return value as unknown[];
    };
    const [first, again, other] = [await draw('a'), await draw('a'), await draw('b')];
    expect(again).toEqual(first);
    for (const [index, drawn] of other.entries()) expect(drawn).not.toEqual(first[index]);
    expect(first[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('the world around a function', () => {
  it('is refused by name, and reported, wherever it is not of the synthesized system', async () => {
    const { value } = await world.play(world.function('world.waysOut'));
    const refusal = (what: string) =>
      expect.stringContaining(`The rehearsal refuses ${what}: it is not a part of the synthesized system`);
    expect(value).toEqual({
      http: refusal('a connection to example.com:80'),
      https: refusal('a connection to example.org:443'),
      fetch: refusal('a connection to example.net:80'),
      address: refusal('a connection to 192.0.2.7:3306'),
      loopback: refusal('a connection to localhost:22'),
      path: refusal('a connection to /var/run/any.sock'),
      name: 'queryA ENOTFOUND elsewhere.example',
      lookup: 'getaddrinfo ENOTFOUND elsewhere.example',
      other: refusal('the name elsewhere.example (resolve6)'),
      text: refusal('the TXT records of elsewhere.example'),
      resolver: 'queryA ENOTFOUND elsewhere.example',
      datagram: refusal('a datagram socket (send)'),
      child: refusal('a child process (exec)'),
      thread: refusal('a worker thread'),
    });
    const named = (what: string) => world.refused.filter((it) => it === `world-waysOut: ${what}`).length;
    expect(named('a connection to example.com:80')).toBe(1);
    expect(named('a connection to 192.0.2.7:3306')).toBe(1);
    expect(named('the name elsewhere.example')).toBe(3);
    expect(named('a child process (exec)')).toBe(1);
  });

  it('has the addresses that a name leads to at that moment', async () => {
    const asking = world.invoke(world.function('world.addresses'), { name: DATABASE, pause: 10 * SECOND });
    world.clock.after(5 * SECOND, 'failover', () => {
      world.addresses = ['10.0.32.9'];
    });
    await world.clock.run(20 * SECOND);
    const { value } = await asking;
    const { first, again, millis } = value as { first: string[]; again: object; millis: number };
    expect({ first, again }).toEqual({ first: ['10.0.16.4'], again: { address: '10.0.32.9', family: 4 } });
    expect(millis).toBeGreaterThan(10 * SECOND);
    expect(world.refused).toEqual([]);
  });
});

it('reaches the hosts of its network as the network lets it, in virtual time', async () => {
  const { value } = await world.play(world.function('world.hosts'), { host: HOST });
  const soon = expect.toSatisfy((millis: number) => millis > 0 && millis < 200);
  expect(value).toEqual({
    open: ['reached 10.0.1.10: host.internal:8090 has /role', soon],
    'silent server': ['too late', 2 * SECOND],
    'closed port': ['connect ECONNREFUSED 10.0.1.10:8091', soon],
    'silent host': ['too late', 2 * SECOND],
    'unknown name': ['getaddrinfo ENOTFOUND unknown.internal', soon],
    foreign: [
      'The rehearsal refuses a connection to elsewhere.example:8090: it is not a part of the synthesized system',
      soon,
    ],
    raw: 'The rehearsal refuses a connection to host.internal:8090: it is not a part of the synthesized system',
    both: ['10.0.1.10: host.internal:8090 has /a', '10.0.1.10: host.internal:8090 has /b'],
  });
  const asked = world.wire.requests.entries.map(({ operation, outcome }) => `${operation} ${outcome}`);
  expect(asked).toContain('GET /role 200');
  expect(asked).toContain('GET /silent no answer');
});

it('is waited for while files, keys and compression are under way in it', async () => {
  const moves: number[] = [];
  const working = world.invoke(world.function('world.work'));
  for (let millis = 0; millis < 5 * SECOND; millis++) world.clock.after(millis, 'move', () => void moves.push(millis));
  await world.clock.run(10 * SECOND);
  expect((await working).value).toEqual({ millis: 0, same: true, key: 16, kind: 'ed25519' });
  expect(moves).toHaveLength(5 * SECOND);
});

describe('the runtime interface', () => {
  it('gives the handler its context', async () => {
    const { value } = await world.play(world.function('world.context'));
    expect(value).toMatchObject({
      functionName: 'world-context',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:world-context',
      memoryLimitInMB: '256',
      awsRequestId: 'request-1',
      logGroupName: '/aws/lambda/world-context',
    });
  });

  it('takes the answer of a callback', async () => {
    const { value, startedAt, endedAt } = await world.play(world.function('world.byCallback'), { of: 'a caller' });
    expect(value).toEqual({ payload: { of: 'a caller' } });
    expect(endedAt - startedAt).toBe(500);
  });

  it('answers null for a handler that gives neither promise nor answer, once it has nothing left to do', async () => {
    const { outcome, value, startedAt, endedAt, logs } = await world.play(world.function('world.withoutAnswer'));
    expect({ outcome, value, millis: endedAt - startedAt }).toEqual({ outcome: 'returned', value: null, millis: 500 });
    expect(logs).toHaveLength(1);
  });

  it('reports what the handler throws, and keeps the environment', async () => {
    const runtime = world.function('world.throws');
    const { outcome, error } = await world.play(runtime);
    expect({ outcome, error }).toMatchObject({
      outcome: 'failed',
      error: { name: 'TypeError', message: 'no such thing' },
    });
    expect(await world.play(runtime)).toMatchObject({ coldStart: false });
  });

  it.each([
    ['world.exits', 'Runtime exited with exit status 3'],
    ['world.rejectsUnseen', 'nobody caught this'],
  ])('reports that %s ended its process, and starts another', async (handler, message) => {
    const runtime = world.function(handler);
    const { outcome, error, startedAt, endedAt } = await world.play(runtime);
    expect({ outcome, name: error?.name }).toEqual({ outcome: 'failed', name: 'Runtime.ExitError' });
    expect(error?.message).toContain(message);
    expect(endedAt).toBe(startedAt);
    expect(await world.play(runtime)).toMatchObject({ coldStart: true });
  });

  it('reports a bundle that cannot be loaded, each time anew', async () => {
    writeFileSync(path.join(bundles.folder, 'broken.js'), 'throw new RangeError("at load")');
    const broken = world.function('broken.handler');
    for (let time = 0; time < 2; time++) {
      expect(await world.play(broken)).toMatchObject({
        outcome: 'failed',
        coldStart: true,
        error: { name: 'RangeError', message: 'at load' },
      });
    }
    expect((await world.play(world.function('missing.handler'))).error?.name).toBe('Runtime.ImportModuleError');
    expect((await world.play(world.function('world.missing'))).error?.name).toBe('Runtime.HandlerNotFound');
  });
});
