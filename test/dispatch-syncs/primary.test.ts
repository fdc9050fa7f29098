import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Primary } from '../../lambda/dispatch-syncs/primary';
import { toItem } from '../../lambda/records/item';
import { type Answer, hastened, LoopbackJson, leadTo } from '../records/loopback-json';

let aws: LoopbackJson;
const primary = new Primary({ table: 'records', databaseId: 'main' });

beforeAll(async () => {
  aws = await LoopbackJson.start();
  leadTo(aws.endpoint);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

afterEach(() => {
  vi.restoreAllMocks();
  aws.reset();
});

const RECORD = { databaseId: 'main', state: 'failing-over', observedAt: '2026-01-05T09:00:00.000Z', epoch: 3 };

describe('the state of the consolidated database', () => {
  it('is what its tracker wrote, and no more of it is asked than that', async () => {
    aws.plan('GetItem', { Item: toItem(RECORD) });
    expect(await primary.read()).toEqual({ state: RECORD.state, observedAt: RECORD.observedAt });
    expect(aws.inputs('GetItem')).toMatchObject([{ TableName: 'records', Key: { databaseId: { S: 'main' } } }]);
  });

  it('is not known without a tracker, and nobody is asked', async () => {
    expect(await new Primary(undefined).read()).toBeUndefined();
    expect(aws.calls).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['nobody has written it', {}],
    ['its state is a new one', { Item: toItem({ ...RECORD, state: 'asleep' }) }],
    ['its time is none', { Item: toItem({ ...RECORD, observedAt: 'noon' }) }],
  ])('is not known when %s', async (_what, answer) => {
    aws.plan('GetItem', answer);
    expect(await primary.read()).toBeUndefined();
  });

  it.each<[string, Answer]>([
    ['may not be read', { error: 'AccessDeniedException', message: 'no' }],
    ['is throttled', { error: 'ProvisionedThroughputExceededException', message: 'slow down' }],
    ['does not answer', 'hang'],
  ])('is not known when its table %s, and that is told', async (_what, answer) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    aws.plan('GetItem', answer);
    expect(await hastened(aws, () => primary.read())).toBeUndefined();
    expect(warn).toHaveBeenCalledOnce();
  });
});
