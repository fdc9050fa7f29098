import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { RemoteRegistry } from '../../lambda/dispatch-syncs/registry';
import { LoopbackJson, leadTo } from '../records/loopback-json';

let aws: LoopbackJson;
let registry: RemoteRegistry;

beforeAll(async () => {
  aws = await LoopbackJson.start();
  leadTo(aws.endpoint);
  registry = new RemoteRegistry('remotes');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

afterEach(() => aws.reset());

/* DynamoDB on loopback is always consistent, so what is asked for must be seen. */
it('asks for pauses as they are now, and for a shard at half the price', async () => {
  aws.plan('Query', { Items: [] });
  await registry.isGroupPaused('stores');
  await registry.readShard('stores', 3);
  const asked = aws.inputs('Query').map((it) => [it.ExpressionAttributeValues, it.ConsistentRead]);
  expect(asked).toEqual([
    [{ ':partition': { S: '#paused' } }, true],
    [{ ':partition': { S: 'stores#3' } }, false],
  ]);
});

it('that does not answer for pauses orders nothing: it is an error', async () => {
  aws.plan('Query', { error: 'AccessDeniedException', message: 'not authorized' });
  await expect(registry.isGroupPaused('stores')).rejects.toThrow('not authorized');
});
