import { describe, expect, it } from 'vitest';
import { readEnvironment as readCollect } from '../../lambda/collect-syncs/environment';
import { readEnvironment as readDispatch } from '../../lambda/dispatch-syncs/environment';
import { readQueueMessage } from '../../lambda/door/queue-event';
import { collectMessage, dispatchMessage } from '../../lambda/records/sync-messages';

const firing = {
  kind: 'run',
  schedule: 'nightly',
  scheduledAt: '2026-01-05T09:00:00Z',
  groups: ['stores'],
  windowSeconds: 600,
  startWithinSeconds: 900,
  deadlineSeconds: 3_600,
  attempts: 3,
  timeLimitSeconds: 86_400,
};
const { kind: _kind, ...run } = { ...firing, scheduledAt: '2026-01-05T09:00:00.000Z' };

function event(body: unknown) {
  return { Records: [{ messageId: 'm-1', body: typeof body === 'string' ? body : JSON.stringify(body) }] };
}

describe('a message of the dispatch queue', () => {
  it('is a firing as EventBridge Scheduler writes it, its time in full', () => {
    expect(readQueueMessage(dispatchMessage, event(firing))).toEqual({ kind: 'run', ...run });
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['another kind', { ...firing, kind: 'walk' }, 'kind'],
    ['an attribute that was not replaced', { ...firing, scheduledAt: '<aws.scheduler.scheduled-time>' }, 'scheduledAt'],
    ['no group', { ...firing, groups: [] }, 'must name a group'],
    ['a group with a separator', { ...firing, groups: ['a#b'] }, 'groups.0'],
    ['a schedule with a separator', { ...firing, schedule: 'a@b' }, 'schedule'],
    ['a profile that could be shell', { ...firing, profile: '$(id)' }, 'profile'],
    ['too many attempts', { ...firing, attempts: 6 }, 'must be at most 5'],
    ['half a second', { ...firing, windowSeconds: 0.5 }, 'windowSeconds'],
    ['an order without its run', { kind: 'order', group: 'stores', shard: 0, batch: 0 }, 'run'],
    [
      'a retry of a remote that could be a key',
      {
        kind: 'retry',
        run,
        group: 'stores',
        shard: 0,
        batch: '0.1',
        attempt: 2,
        remotes: [{ remoteName: 'a/b', hosts: [] }],
      },
      'remotes.0.remoteName',
    ],
  ])('%s is refused, by name', (_what, body, words) => {
    expect(() => readQueueMessage(dispatchMessage, event(body))).toThrow(words);
    expect(() => readQueueMessage(dispatchMessage, event(body))).toThrow('The message m-1');
  });
});

describe('a message of the collect queue', () => {
  const flight = { kind: 'in-flight', run, group: 'stores', shard: 0, batch: '0', commands: [], refused: {}, look: 0 };
  it('is read', () => {
    expect(readQueueMessage(collectMessage, event(flight))).toEqual(flight);
  });

  it.each([
    ['a look that is none', { ...flight, look: -1 }, 'look'],
    ['a command without hosts', { ...flight, commands: [{ commandId: 'x' }] }, 'commands.0.hosts'],
    ['a message of the other queue', { ...firing }, 'kind'],
  ])('%s is refused, by name', (_what, body, words) => {
    expect(() => readQueueMessage(collectMessage, event(body))).toThrow(words);
  });

  it('comes alone, and from a queue', () => {
    const two = { Records: [...event(flight).Records, ...event(flight).Records] };
    expect(() => readQueueMessage(collectMessage, two)).toThrow('BatchSize 1');
    expect(() => readQueueMessage(collectMessage, flight)).toThrow('Not the event of a queue');
  });
});

describe('the environment', () => {
  it('names everything that is missing at once', () => {
    for (const read of [readDispatch, readCollect]) {
      expect(() => read({})).toThrow(
        /MOBILINK_REGISTRY_TABLE: is missing.*MOBILINK_RUNS_TABLE: is missing.*MOBILINK_COLLECT_QUEUE: is missing/,
      );
    }
  });

  it('takes a tracker or none, and nothing in between', () => {
    const variables = {
      MOBILINK_REGISTRY_TABLE: 'registry',
      MOBILINK_REGISTRY_SHARDS: '4',
      MOBILINK_RUNS_TABLE: 'runs',
      MOBILINK_DISPATCH_QUEUE: 'https://dispatch',
      MOBILINK_COLLECT_QUEUE: 'https://collect',
      MOBILINK_SYNC_DOCUMENT: 'document',
      MOBILINK_DELIVERY_TIMEOUT: '300',
      MOBILINK_METRIC_NAMESPACE: 'MobiLinkHA',
    };
    expect(readDispatch(variables)).toMatchObject({ shards: 4, deliveryTimeoutSeconds: 300, primary: undefined });
    expect(() => readDispatch({ ...variables, MOBILINK_DATABASE_ID: 'main' })).toThrow('go together');
    expect(() => readDispatch({ ...variables, MOBILINK_DELIVERY_TIMEOUT: '29' })).toThrow('must be at least 30');
    expect(() => readDispatch({ ...variables, MOBILINK_REGISTRY_SHARDS: 'four' })).toThrow('MOBILINK_REGISTRY_SHARDS');
  });
});
