import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { groupShard, shardOf } from '../../lambda/records/names';
import { readEnvironment } from '../../lambda/register-remote/environment';
import { ServiceError } from '../../rehearsal/cloud/service';
import { LoopbackStack, OWNER, requestOf } from '../custom-resource/loopback-stack';
import { Dynalite } from '../records/dynalite';
import { DynaliteDoor } from '../records/dynalite-door';
import { leadTo } from '../records/loopback-json';
import { WrittenLines } from '../records/written-lines';
import { LoopbackScaling } from './loopback-scaling';

/* The function as Lambda runs it: the SDK's own clients, a DynamoDB that evaluates every expression, EC2 Auto Scaling and a bucket on loopback. */

type Handler = (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<void>;

const SHARDS = 4;
const [A, B, C] = ['i-0000000a', 'i-0000000b', 'i-0000000c'] as const;
/** Too little to look again: what would be waited for has failed. */
const SHORT = { getRemainingTimeInMillis: () => 60_000 };

const dynalite = new Dynalite();
let door: DynaliteDoor;
let scaling: LoopbackScaling;
let stack: LoopbackStack;
let table: string;
let handler: Handler;
let log: WrittenLines;
let remotes = 0;
let remoteName: string;

beforeAll(async () => {
  await dynalite.start();
  [door, scaling, stack] = await Promise.all([
    DynaliteDoor.before(dynalite.endpoint),
    LoopbackScaling.start(),
    LoopbackStack.start(),
  ]);
  leadTo(door.endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_AUTO_SCALING', scaling.endpoint);
  table = await dynalite.table('groupShard', 'remoteName');
  vi.stubEnv('MOBILINK_REGISTRY_TABLE', table);
  vi.stubEnv('MOBILINK_REGISTRY_SHARDS', String(SHARDS));
  vi.resetModules();
  // It reads its environment when it is loaded. TypeScript wants the suffix in a dynamic import, and in no other.
  ({ handler } = await import('../../lambda/register-remote/handler.js'));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([door.stop(), scaling.stop(), stack.stop()]);
  await dynalite.stop();
});

beforeEach(() => {
  for (const it of [door, scaling, stack]) it.reset();
  scaling.hold({ first: { [A]: 'InService' }, second: { [B]: 'InService' }, foreign: { [C]: 'InService' } });
  log = new WrittenLines();
  remoteName = `store-${remotes++}`;
});

afterEach(() => {
  vi.restoreAllMocks();
});

const keyOf = (name = remoteName) => ({ groupShard: groupShard('stores', shardOf(name, SHARDS)), remoteName: name });
const itemOf = (name = remoteName) => dynalite.get(table, keyOf(name));
const properties = (change: object = {}) => ({
  group: 'stores',
  remoteName,
  autoScalingGroups: ['second', 'first'],
  profile: 'sales',
  ...change,
});

/** What CloudFormation is answered. */
async function ask(RequestType: string, change: object = {}, PhysicalResourceId?: string) {
  const ResponseURL = stack.url;
  await handler(requestOf(RequestType, properties(change), { ResponseURL, PhysicalResourceId }), SHORT);
  expect(log.text).not.toContain('X-Amz-Signature');
  return stack.puts.at(-1)?.answer;
}

const tell = (change: object = {}) => handler({ kind: 'hosts-changed', ...properties(change) }, SHORT);

describe('CloudFormation', () => {
  it('has a remote registered, changed and removed', async () => {
    expect(await ask('Create')).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: `stores/${remoteName}`,
      StackId: expect.stringContaining('arn:aws:cloudformation'),
      RequestId: 'ba8e9b4c-1f0e',
      LogicalResourceId: 'StoreRegistration1A2B3C4D',
    });
    expect(await itemOf()).toEqual({ ...keyOf(), hosts: [B, A], profile: 'sales', registeredBy: OWNER });
    expect(scaling.asked).toEqual([{ AutoScalingGroupNames: ['second', 'first'] }]);

    const written = { paused: true, lastOutcome: 'failed', consecutiveFailures: 2, note: 'ours' };
    await dynalite.put(table, { ...(await itemOf()), ...written, primaryHost: A });
    scaling.hold({ first: { [C]: 'InService', [A]: 'Terminating:Wait' }, second: { [B]: 'InService' } });
    expect(await ask('Update', { profile: undefined }, `stores/${remoteName}`)).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toEqual({ ...keyOf(), hosts: [B, C], registeredBy: OWNER, ...written });

    expect(await ask('Delete', {}, `stores/${remoteName}`)).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toBeUndefined();
    expect(await ask('Delete', {}, `stores/${remoteName}`)).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.puts).toHaveLength(4);
  });

  it('is answered what is wrong with a property', async () => {
    expect(await ask('Create', { remoteName: 'a/b', profile: '-x' })).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/remoteName: must be 1 to 128 .*; profile: must be/),
    });
    expect([...door.calls, ...scaling.asked]).toEqual([]);
  });

  it('is answered which groups have no host, and nothing is registered', async () => {
    scaling.hold({ first: { [A]: 'Pending' } });
    expect(await ask('Create')).toMatchObject({
      Status: 'FAILED',
      Reason: 'autoScalingGroups: there is no group second; first has no instance in service',
      PhysicalResourceId: 'not registered: ba8e9b4c-1f0e',
    });
    expect(await itemOf()).toBeUndefined();
  });

  it('is answered when something of the request is missing, as long as it says where', async () => {
    const request = { ResponseURL: stack.url, RequestType: 5, PhysicalResourceId: null, ResourceProperties: 'none' };
    await handler(request, SHORT);
    expect(stack.puts[0]?.answer).toMatchObject({
      Status: 'FAILED',
      StackId: '',
      Reason: expect.stringContaining('RequestType'),
    });
    const broken = handler({ ...request, ResponseURL: 'ftp://bucket' }, SHORT);
    await expect(broken).rejects.toThrow('cannot be answered: ResponseURL: must be a URL');
  });

  it('is sent an error of Lambda when it does not take the answer, and then the same answer', async () => {
    stack.plans.push(403);
    await expect(ask('Create')).rejects.toThrow('status 403');
    expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.puts[1]?.answer).toEqual(stack.puts[0]?.answer);
  });

  it('is told when somebody else changes the item each time', async () => {
    await ask('Create');
    scaling.hold({ first: { [C]: 'InService' }, second: { [B]: 'InService' } });
    const others = ['d', 'e', 'f'].map((it) => `i-0000000${it}`);
    door.next('UpdateItem', ...others.map((host) => () => dynalite.put(table, { ...keyOf(), hosts: [host] })));
    expect(await ask('Update', {}, `stores/${remoteName}`)).toMatchObject({
      Status: 'FAILED',
      Reason: `the registry's item of stores/${remoteName} was changed by somebody else each time`,
    });
    expect(await itemOf()).toMatchObject({ hosts: ['i-0000000f'] });
  });

  it.each([
    ['fewer hosts', [B]],
    ['more', [B, C, A]],
    ['others', [B, C]],
    ['the same in another order', [A, B]],
    ['the same', [B, A]],
  ])('loses nothing that somebody else has written meanwhile, who saw %s', async (_what, hosts) => {
    await dynalite.put(table, { ...keyOf(), hosts: [B, C], profile: 'sales', registeredBy: OWNER });
    const younger = { ...keyOf(), hosts, profile: 'sales', registeredBy: OWNER, paused: true, primaryHost: B };
    door.next('UpdateItem', () => dynalite.put(table, younger));
    expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toEqual({ ...younger, hosts: [B, A] });
    // Only where its hosts were what they had been, the first write was good.
    const unchanged = hosts.join() === [B, C].join();
    expect(door.count('UpdateItem')).toBe(unchanged || hosts.join() === [B, A].join() ? 1 : 2);
  });

  it('makes no remote that somebody else has made meanwhile', async () => {
    door.next('UpdateItem', () => dynalite.put(table, { ...keyOf(), hosts: [C], paused: true }));
    expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toEqual({ ...keyOf(), hosts: [B, A], paused: true, profile: 'sales', registeredBy: OWNER });
    expect(door.count('UpdateItem')).toBe(2);
  });

  it('has a remote registered although DynamoDB’s answer is lost', async () => {
    // The SDK asks again, and is refused because of the item that it made itself.
    door.next('UpdateItem', 'lose');
    expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toMatchObject({ hosts: [B, A], registeredBy: OWNER });
    expect(door.count('UpdateItem')).toBe(2);
  });

  it('does not have a remote removed that another resource registers now', async () => {
    await ask('Create');
    const moved = { ResponseURL: stack.url, LogicalResourceId: 'Moved' };
    await handler(requestOf('Create', properties(), moved), SHORT);
    expect(await ask('Delete', {}, `stores/${remoteName}`)).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toMatchObject({
      hosts: [B, A],
      registeredBy: OWNER.replace('StoreRegistration1A2B3C4D', 'Moved'),
    });
  });

  it('has a remote removed whose table is gone', async () => {
    door.next('DeleteItem', { error: 'ResourceNotFoundException', message: 'Requested resource not found' });
    expect(await ask('Delete', {}, `stores/${remoteName}`)).toMatchObject({ Status: 'SUCCESS' });
    door.next('DeleteItem', { error: 'AccessDeniedException', message: 'not authorized' });
    expect(await ask('Delete', {}, `stores/${remoteName}`)).toMatchObject({
      Status: 'FAILED',
      Reason: 'AccessDeniedException: not authorized',
    });
  });
});

describe('EC2 Auto Scaling', () => {
  it('is asked page by page', async () => {
    scaling.service.longestPage = 1;
    expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(await itemOf()).toMatchObject({ hosts: [B, A] });
    expect(scaling.asked).toHaveLength(2);
    expect(scaling.asked[1]).toMatchObject({
      NextToken: expect.any(String),
      AutoScalingGroupNames: ['second', 'first'],
    });
  });

  it('that throttles is asked again', async () => {
    const throttle = new ServiceError('Throttling', 'Rate exceeded');
    scaling.refusals.push(throttle, throttle);
    expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(scaling.asked).toHaveLength(3);
    scaling.refusals.push(throttle, throttle, throttle);
    expect(await ask('Update', {}, `stores/${remoteName}`)).toMatchObject({
      Status: 'FAILED',
      Reason: 'Throttling: Rate exceeded',
    });
  });

  it('that refuses is told by its words', async () => {
    scaling.refusals.push(new ServiceError('AccessDenied', 'not authorized to perform it', 403));
    expect(await ask('Create')).toMatchObject({
      Status: 'FAILED',
      Reason: 'AccessDenied: not authorized to perform it',
    });
  });
});

describe('a rule', () => {
  it('changes the hosts and nothing else', async () => {
    const item = {
      ...keyOf(),
      profile: 'prices',
      paused: true,
      lastRunId: 'x',
      note: 'ours',
      registeredBy: 'somebody',
    };
    await dynalite.put(table, { ...item, hosts: [C, A], primaryHost: C });
    await tell();
    expect(await itemOf()).toEqual({ ...item, hosts: [B, A] });
    expect(stack.puts).toEqual([]);
  });

  it('that finds everything as it should be reads and does not write', async () => {
    await dynalite.put(table, { ...keyOf(), hosts: [B, A], primaryHost: A });
    door.reset();
    await tell();
    expect(door.calls).toEqual(['GetItem']);
    // What was written a moment ago is seen; a DynamoDB on loopback shows it in any case.
    expect(door.inputs).toMatchObject([{ ConsistentRead: true }]);
  });

  it('registers what is not there, and nothing without a host', async () => {
    scaling.hold({ first: {}, second: {} });
    await tell();
    expect(await itemOf()).toBeUndefined();
    expect(log.json).toMatchObject([{ message: 'the groups of a remote lack hosts', remote: `stores/${remoteName}` }]);
    scaling.hold({ first: { [A]: 'InService' }, second: {} });
    await tell();
    expect(await itemOf()).toEqual({ ...keyOf(), hosts: [A], profile: 'sales' });
  });

  it('has hosts again where the item was damaged', async () => {
    await dynalite.put(table, { ...keyOf(), hosts: 'localhost' });
    await tell();
    expect(await itemOf()).toMatchObject({ hosts: [B, A] });
  });

  it.each([
    ['another kind', { kind: 'hosts' }],
    ['a name that could be a key', { remoteName: 'a/b' }],
    ['no groups', { autoScalingGroups: [] }],
  ])('with %s is refused by name', async (_what, change) => {
    const event = { kind: 'hosts-changed', ...properties(), ...change };
    await expect(handler(event, SHORT)).rejects.toThrow(Object.keys(change)[0] ?? '');
    expect([...door.calls, ...scaling.asked]).toEqual([]);
  });

  it.each([null, undefined, 'x', {}])('%j is refused', async (event) => {
    await expect(handler(event, SHORT)).rejects.toThrow('Neither a request of CloudFormation nor of a rule');
  });
});

it('names every variable that is missing', () => {
  expect(() => readEnvironment({})).toThrow(
    /register-remote is wrong: MOBILINK_REGISTRY_TABLE: is missing; MOBILINK_REGISTRY_SHARDS: is missing/,
  );
});
