import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RawRequest, ServiceError } from '../../../rehearsal/cloud/service';
import { Bundles, EngineWorld, SECOND, START } from './engine-world';

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

describe('a call of the real SDK client', () => {
  it('is read and answered by the client’s own schemas, in both protocols', async () => {
    const { outcome, value, endedAt, error } = await world.play(world.function('calls.describeAndAnnounce'), {
      identifier: 'orders',
    });
    expect(error).toBeUndefined();
    expect({ outcome, value }).toEqual({
      outcome: 'returned',
      value: {
        zone: 'eu-central-1a',
        port: 3306,
        multiAz: true,
        createdAt: '2026-11-23T03:59:00.000Z',
        eventId: 'event-0',
        failed: 0,
        now: endedAt,
      },
    });
    const [describing, announcing] = world.asked;
    expect(describing?.input).toEqual({
      DBInstanceIdentifier: 'orders',
      Filters: [{ Name: 'engine', Values: ['mysql', 'mariadb & others'] }],
      MaxRecords: 20,
    });
    const [entry] = (announcing?.input.Entries ?? []) as { Time: Date }[];
    expect(entry?.Time).toBeInstanceOf(Date);
    expect(entry?.Time.getTime()).toBeGreaterThan(START);
    expect(announcing?.caller).toMatchObject({
      functionName: 'calls-describeAndAnnounce',
      roleArn: 'arn:aws:iam::123456789012:role/calls-describeAndAnnounce',
    });
  });

  it('is signed with the time of the rehearsal, not of the machine', async () => {
    await world.play(world.function('calls.tick'));
    await world.play(world.function('calls.tick'));
    for (const { headers, at } of world.wire.requests.entries) {
      const [date = '', hours = ''] = (headers['x-amz-date'] ?? '').split(/T|Z/);
      const signedAt = Date.parse(
        `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hours.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`,
      );
      expect(at - signedAt).toBeGreaterThanOrEqual(0);
      expect(at - signedAt).toBeLessThan(5 * SECOND);
    }
    expect(world.wire.requests.entries).toHaveLength(4);
  });

  it('takes time', async () => {
    const { startedAt, endedAt } = await world.play(world.function('calls.announceTwice'));
    expect(endedAt - startedAt).toBeGreaterThanOrEqual(30);
    expect(endedAt - startedAt).toBeLessThanOrEqual(120);
  });

  it('fails with the name that the service gives the error', async () => {
    const { outcome, error } = await world.play(world.function('calls.describeAndAnnounce'), { identifier: 'gone' });
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ name: 'DBInstanceNotFoundFault', message: 'DBInstance gone <not> found & gone.' });
  });

  it('is denied as AWS denies it, in the words of the protocol', async () => {
    world.denied = 'rds:DescribeDBInstances';
    const query = await world.play(world.function('calls.describeAndAnnounce'), { identifier: 'orders' });
    expect(query.error?.name).toBe('AccessDenied');
    expect(query.error?.message).toBe(
      'User: arn:aws:iam::123456789012:role/calls-describeAndAnnounce is not authorized to perform: ' +
        'rds:DescribeDBInstances on resource: arn:aws:rds:eu-central-1:123456789012:db:orders ' +
        'because no identity-based policy allows the rds:DescribeDBInstances action',
    );
    world.denied = 'events:PutEvents';
    const json = await world.play(world.function('calls.announceTwice'));
    expect(json.error?.name).toBe('AccessDeniedException');
    expect(json.error?.message).toContain('not authorized to perform: events:PutEvents on resource: arn:aws:events:');
    expect(world.announced).toEqual([]);
  });

  it('without a required member is refused by its name', async () => {
    const { error } = await world.play(world.function('calls.announceNothing'));
    expect(error).toMatchObject({ name: 'ValidationException', message: 'Missing required parameter: Entries' });
  });

  it('is refused by name where the rehearsal has no stand-in, and where a member lacks one of its own', async () => {
    const { value } = await world.play(world.function('calls.describeOthers'));
    expect(value).toEqual({
      withoutValues: 'ValidationException: Missing required parameter: Filters[0].Values',
      operation: 'UnknownOperation: the rehearsal has no stand-in for rds:DescribeDBClusters',
      service: 'UnknownService: the rehearsal has no stand-in for dynamodb',
    });
  });

  it('is refused when it is signed with a key that no function has, or for another region', async () => {
    const { value } = await world.play(world.function('calls.asStranger'));
    expect(value).toEqual({ unknownKey: 'UnrecognizedClientException', otherRegion: 'InvalidSignatureException' });
    expect(world.asked).toEqual([]);
    expect(world.wire.requests.entries.map(({ outcome }) => outcome)).toEqual([
      'UnrecognizedClientException',
      'InvalidSignatureException',
    ]);
  });

  it('reaches an emulator that speaks HTTP itself as it was sent, once it is allowed', async () => {
    const handled: RawRequest[] = [];
    world.wire.add({
      kind: 'raw',
      signingName: 'dynamodb',
      permissions: (operation, { TableName }) => [{ action: `dynamodb:${operation}`, resource: `table/${TableName}` }],
      handle: async (request) => {
        handled.push(request);
        return { status: 200, headers: {}, body: '{"Item":{"id":{"S":"1"}}}' };
      },
    });
    const runtime = world.function('calls.readItem');
    expect(await world.play(runtime, { table: 'orders' })).toMatchObject({ outcome: 'returned', value: '1' });
    expect(handled[0]).toMatchObject({
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' },
      body: '{"TableName":"orders","Key":{"id":{"S":"1"}}}',
    });
    world.denied = 'dynamodb:GetItem';
    const { error } = await world.play(runtime, { table: 'orders' });
    expect(error).toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('not authorized to perform: dynamodb:GetItem on resource: table/orders'),
    });
    expect(handled).toHaveLength(1);
  });

  it('is taken in when it comes after many turns of the real event loop, at the moment it was made', async () => {
    const { startedAt, value } = await world.play(world.function('calls.announceAfterTurns'));
    expect(Number(value) - startedAt).toBeLessThanOrEqual(60);
    expect(world.announced).toHaveLength(1);
  });

  it('under way when the function returns is answered when it is thawed', async () => {
    const runtime = world.function('calls.announceInBackground');
    const first = await world.play(runtime);
    expect(first.value).toEqual({ now: first.endedAt });
    expect(world.announced).toHaveLength(1);
    const second = await world.play(runtime);
    expect(second.coldStart).toBe(false);
    expect(second.value).toEqual({ answeredAt: second.startedAt, now: second.startedAt });
  });
});

describe('a fault', () => {
  const matches = ({ operation }: { operation: string }) => operation === 'DescribeDBInstances';

  it('of a call that hangs runs into the client’s time-outs, in virtual time', async () => {
    world.wire.faults.push({ matches, effect: { kind: 'hang' } });
    const startedReal = performance.now();
    const { value } = await world.play(world.function('calls.describeInHaste'), { identifier: 'orders' });
    const { error, attempts, millis } = value as { error: string; attempts: number; millis: number };
    expect({ error, attempts }).toEqual({ error: 'TimeoutError', attempts: 3 });
    // Three attempts of two seconds and the pauses between them.
    expect(millis).toBeGreaterThanOrEqual(6 * SECOND);
    expect(millis).toBeLessThan(8 * SECOND);
    expect(performance.now() - startedReal).toBeLessThan(5 * SECOND);
    expect(world.asked).toEqual([]);
  });

  it('of a lost answer lets the call take effect, and the client try again', async () => {
    world.wire.faults.push({ matches, effect: { kind: 'drop-after' }, times: 1 });
    const { value } = await world.play(world.function('calls.describeInHaste'), { identifier: 'orders' });
    expect(value).not.toHaveProperty('error');
    expect(world.asked).toHaveLength(2);
  });

  it('of a lost request does not let it take effect', async () => {
    world.wire.faults.push({ matches, effect: { kind: 'drop-before' }, times: 1 });
    const { value } = await world.play(world.function('calls.describeInHaste'), { identifier: 'orders' });
    expect(value).not.toHaveProperty('error');
    expect(world.asked).toHaveLength(1);
  });

  it('of an answer that is late is outlived, or not, by the client’s own time-out', async () => {
    const runtime = world.function('calls.describeInHaste');
    world.wire.faults.push({ matches, effect: { kind: 'delay', millis: 1_500 }, times: 1 });
    const patient = await world.play(runtime, { identifier: 'orders' });
    expect((patient.value as { millis: number }).millis).toBeGreaterThan(1_500);
    expect(world.asked).toHaveLength(1);
    world.wire.faults.push({ matches, effect: { kind: 'delay', millis: 2_500 }, times: 1 });
    await world.play(runtime, { identifier: 'orders' });
    expect(world.wire.requests.entries.map((it) => it.outcome)).toEqual(['200', '200', 'abandoned by the caller']);
  });

  it('of a refusal is the error that the client sees', async () => {
    const error = new ServiceError('InsufficientStorage', 'no room', 400);
    world.wire.faults.push({ matches, effect: { kind: 'refuse', error } });
    const { value } = await world.play(world.function('calls.describeInHaste'), { identifier: 'orders' });
    expect(value).toMatchObject({ error: 'InsufficientStorage', message: 'no room' });
  });

  it('of a kill between two calls ends the environment after the first took effect', async () => {
    const runtime = world.function('calls.announceTwice');
    world.wire.faults.push({ matches: ({ body }) => body.includes('First'), effect: { kind: 'kill-after' }, times: 1 });
    const killed = await world.play(runtime);
    expect(killed.outcome).toBe('killed');
    expect(killed.value).toBeUndefined();
    expect(world.announced.map(({ type }) => type)).toEqual(['First']);
    const next = await world.play(runtime);
    expect(next).toMatchObject({ outcome: 'returned', coldStart: true, value: 'both' });
    expect(world.announced.map(({ type }) => type)).toEqual(['First', 'First', 'Second']);
  });

  it('of a kill before the call leaves it undone', async () => {
    world.wire.faults.push({ matches: ({ body }) => body.includes('Second'), effect: { kind: 'kill-before' } });
    expect(await world.play(world.function('calls.announceTwice'))).toMatchObject({ outcome: 'killed' });
    expect(world.announced.map(({ type }) => type)).toEqual(['First']);
  });
});
