import { beforeEach, describe, expect, it } from 'vitest';
import type { Change, Item, ScalingGroup } from '../../lambda/register-remote/core';
import { answerTo } from '../../lambda/register-remote/custom-resource';
import { keepHosts } from '../../lambda/register-remote/keep-hosts';
import type { Ports } from '../../lambda/register-remote/ports';
import { physicalIdOf, type RemoteId } from '../../lambda/register-remote/registration';
import { OWNER, requestOf } from '../custom-resource/loopback-stack';

/* Waiting, failing and what others do meanwhile, with a registry in memory and a clock of its own. */

const PROPERTIES = { group: 'stores', remoteName: 'one', autoScalingGroups: ['first', 'second'], profile: 'sales' };
const [A, B, C] = ['i-0000000a', 'i-0000000b', 'i-0000000c'] as const;
const TIMEOUT = 300_000;

class Bench {
  public now = 0;
  public readonly items = new Map<string, Item>();
  public states: Record<string, Record<string, string>> = {};
  public readonly told: string[] = [];
  /** What happens before the call of this name and number. */
  public readonly before = new Map<string, () => void>();
  public readonly calls: string[] = [];
  private readonly counts = new Map<string, number>();

  public readonly ports: Ports = {
    registry: {
      read: async (remote) => {
        this.call('read');
        return this.items.get(physicalIdOf(remote));
      },
      write: async (remote, asRead, change) => {
        this.call('write');
        return this.write(remote, asRead, change);
      },
      remove: async (remote, registeredBy) => {
        this.call('remove');
        const owner = this.items.get(physicalIdOf(remote))?.registeredBy;
        if (owner === undefined || owner === registeredBy) this.items.delete(physicalIdOf(remote));
      },
    },
    groups: {
      describe: async (names) => {
        this.call('describe');
        return names.flatMap((name): ScalingGroup[] => {
          const instances = Object.entries(this.states[name] ?? {});
          return this.states[name]
            ? [{ name, instances: instances.map(([id, it]) => ({ id, lifecycleState: it })) }]
            : [];
        });
      },
    },
    told: (message) => void this.told.push(message),
    sleep: async (millis) => {
      this.now += millis;
      if (this.now > TIMEOUT) throw new Error('Lambda has ended the function');
    },
    remaining: () => TIMEOUT - this.now,
  };

  public get item(): Item | undefined {
    return this.items.get('stores/one');
  }

  /** From this call on, each fails. */
  public failFrom(name: string, error: Error): void {
    for (let count = 1; count < 100; count++) this.failOnce(`${name} ${count}`, error);
  }

  public failOnce(call: string, error: Error): void {
    this.before.set(call, () => {
      throw error;
    });
  }

  private call(name: string): void {
    this.now += 100;
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    this.calls.push(name);
    this.before.get(`${name} ${count}`)?.();
  }

  private write(remote: RemoteId, asRead: Item | undefined, { set, remove }: Change): boolean {
    const present = this.items.get(physicalIdOf(remote));
    if (JSON.stringify(present) !== JSON.stringify(asRead)) return false;
    const after: Record<string, unknown> = { ...present, ...set };
    for (const name of remove) delete after[name];
    this.items.set(physicalIdOf(remote), after);
    return true;
  }
}

const named = (name: string, message: string) => Object.assign(new Error(message), { name });
const BOTH = { first: { [A]: 'InService' }, second: { [B]: 'InService' } };

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

const create = (properties: object = PROPERTIES) => answerTo(bench.ports, requestOf('Create', properties));
const update = (properties: object = PROPERTIES, PhysicalResourceId = 'stores/one') =>
  answerTo(bench.ports, requestOf('Update', properties, { PhysicalResourceId }));
const remove = (PhysicalResourceId: string, properties: object = PROPERTIES) =>
  answerTo(bench.ports, requestOf('Delete', properties, { PhysicalResourceId }));
const changed = () => keepHosts(bench.ports, PROPERTIES, { kind: 'hosts-changed' });

const IDS = {
  StackId: OWNER.split('/').slice(0, -1).join('/'),
  RequestId: 'ba8e9b4c-1f0e',
  LogicalResourceId: OWNER.split('/').at(-1),
};

describe('Create', () => {
  it('registers the remote and says under which id', async () => {
    bench.states = BOTH;
    expect(await create()).toEqual({ Status: 'SUCCESS', PhysicalResourceId: 'stores/one', ...IDS });
    expect(bench.item).toEqual({ hosts: [A, B], profile: 'sales', registeredBy: OWNER });
    expect(bench.now).toBeLessThan(1_000);
  });

  it('waits until each group has its host', async () => {
    bench.states = { first: { [A]: 'InService' }, second: { [B]: 'Pending' } };
    bench.before.set('describe 6', () => {
      bench.states = BOTH;
    });
    expect(await create()).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.item).toMatchObject({ hosts: [A, B] });
    expect(bench.calls.filter((it) => it === 'describe')).toHaveLength(6);
    expect(bench.now).toBeGreaterThan(50_000);
  });

  it('gives up while there is time to answer, says which group has no host, and has written nothing', async () => {
    bench.states = { first: { [A]: 'InService' } };
    expect(await create()).toEqual({
      Status: 'FAILED',
      Reason: 'autoScalingGroups: there is no group second',
      PhysicalResourceId: 'not registered: ba8e9b4c-1f0e',
      ...IDS,
    });
    expect(bench.items.size).toBe(0);
    expect(bench.now).toBeGreaterThan(TIMEOUT / 2);
    // A look at its time-outs, and an answer at its own.
    expect(TIMEOUT - bench.now).toBeGreaterThan(40_000);
  });

  it.each([
    ['throttled', named('Throttling', 'Rate exceeded')],
    ['not allowed yet', named('AccessDenied', 'not authorized to perform: autoscaling:DescribeAutoScalingGroups')],
  ])('that is %s at first comes through', async (_what, error) => {
    bench.states = BOTH;
    for (const count of [1, 2, 3]) bench.failOnce(`describe ${count}`, error);
    expect(await create()).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.item).toMatchObject({ hosts: [A, B] });
  });

  it('that is never allowed fails with the reason', async () => {
    bench.failFrom(
      'describe',
      named('AccessDenied', 'not authorized to perform: autoscaling:DescribeAutoScalingGroups'),
    );
    expect(await create()).toMatchObject({
      Status: 'FAILED',
      Reason: 'AccessDenied: not authorized to perform: autoscaling:DescribeAutoScalingGroups',
      PhysicalResourceId: 'not registered: ba8e9b4c-1f0e',
    });
  });

  it('is repeated by Lambda without harm', async () => {
    bench.states = BOTH;
    const first = await create();
    const item = bench.item;
    expect(await create()).toEqual(first);
    expect(bench.item).toBe(item);
  });

  it('that may have written is removed by its rollback', async () => {
    bench.states = BOTH;
    bench.before.set('write 1', () => {
      bench.items.set('stores/one', { hosts: [A, B], profile: 'sales', registeredBy: OWNER });
      bench.now = TIMEOUT - 50_000;
      throw named('TimeoutError', 'no answer');
    });
    bench.failFrom('read', named('TimeoutError', 'no answer'));
    bench.before.delete('read 1');
    const answer = await create();
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: 'TimeoutError: no answer',
      PhysicalResourceId: 'stores/one',
    });
    expect(await remove(answer.PhysicalResourceId)).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.items.size).toBe(0);
  });

  it('that failed leaves a remote that somebody else registered alone, also when it is rolled back', async () => {
    bench.items.set('stores/one', { hosts: [C], paused: true });
    const { Status, PhysicalResourceId } = await create();
    expect(Status).toBe('FAILED');
    expect(await remove(PhysicalResourceId)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
    expect(bench.item).toEqual({ hosts: [C], paused: true });
  });

  it.each<[string, object, string]>([
    ['group', { group: 'a#b' }, 'group: must be 1 to 64 letters'],
    ['remoteName', { remoteName: 'a/b' }, 'remoteName: must be 1 to 128 letters'],
    ['profile', { profile: '' }, 'profile: must be 1 to 128 letters'],
    ['autoScalingGroups', { autoScalingGroups: [] }, 'autoScalingGroups: must name a group'],
    ['autoScalingGroups', { autoScalingGroups: ['a', 'a'] }, 'autoScalingGroups: must not name a group twice'],
    [
      'autoScalingGroups',
      { autoScalingGroups: ['a', 'b', 'c', 'd', 'e'] },
      'autoScalingGroups: must name at most 4 groups',
    ],
    ['autoScalingGroups', { autoScalingGroups: [''] }, 'autoScalingGroups.0: must not be empty'],
    ['autoScalingGroups', { autoScalingGroups: 'first' }, 'autoScalingGroups: '],
    ['autoScalingGroups', { autoScalingGroups: undefined }, 'autoScalingGroups'],
  ])('with a wrong %s fails at once and names it', async (_prop, change, words) => {
    const answer = await create({ ...PROPERTIES, ...change });
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining(words) });
    expect(bench.calls).toEqual([]);
    expect(await remove(answer.PhysicalResourceId)).toMatchObject({ Status: 'SUCCESS' });
  });

  it('with much that is wrong fails with a reason that an event of a stack can hold', async () => {
    const { Reason = '' } = await create({
      group: '',
      remoteName: '',
      autoScalingGroups: Array(4).fill(''),
      profile: '',
    });
    expect(Reason).toHaveLength(400);
    expect(Reason).toMatch(/^The properties are wrong: group: .*\.\.\.$/);
  });
});

describe('Update', () => {
  beforeEach(() => {
    bench.states = BOTH;
  });

  it('keeps all but hosts and profile', async () => {
    const kept = { paused: true, lastOutcome: 'failed', lastSuccessAt: 'x', consecutiveFailures: 2, note: 'ours' };
    bench.items.set('stores/one', { hosts: [A, C], primaryHost: C, profile: 'sales', registeredBy: OWNER, ...kept });
    expect(await update({ ...PROPERTIES, profile: 'prices' })).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'stores/one',
    });
    expect(bench.item).toEqual({ hosts: [A, B], profile: 'prices', registeredBy: OWNER, ...kept });
  });

  it('of the name makes another remote, and leaves the old one to CloudFormation, which has it removed', async () => {
    bench.items.set('stores/one', { hosts: [A, B], registeredBy: OWNER });
    const answer = await update({ ...PROPERTIES, remoteName: 'two' });
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'stores/two' });
    expect([...bench.items.keys()]).toEqual(['stores/one', 'stores/two']);
    await remove('stores/one');
    expect([...bench.items.keys()]).toEqual(['stores/two']);
  });

  it('that fails keeps its id, so that nothing is removed for it', async () => {
    expect(await update({ ...PROPERTIES, remoteName: 'a b' })).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: 'stores/one',
    });
    bench.states = {};
    expect(await update({ ...PROPERTIES, remoteName: 'two' })).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: 'stores/one',
    });
  });

  it('does not fail because a host is being replaced, nor does its rollback', async () => {
    bench.items.set('stores/one', { hosts: [A, B], profile: 'sales', registeredBy: OWNER });
    bench.states = { first: { [A]: 'InService' }, second: { [B]: 'Terminating' } };
    expect(await update({ ...PROPERTIES, profile: 'prices' })).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.item).toMatchObject({ hosts: [A], profile: 'prices' });
    expect(bench.told).toContain('the groups of a remote lack hosts');
  });
});

describe('Delete', () => {
  it('removes the item, and again: nothing', async () => {
    bench.items.set('stores/one', { hosts: [A, B], registeredBy: OWNER });
    bench.items.set('stores/two', { hosts: [C], registeredBy: OWNER });
    for (const _twice of [1, 2]) {
      expect(await remove('stores/one')).toEqual({ Status: 'SUCCESS', PhysicalResourceId: 'stores/one', ...IDS });
    }
    expect([...bench.items.keys()]).toEqual(['stores/two']);
  });

  it.each(['not registered: ba8e9b4c-1f0e', '', 'stores', 'a/b/c', '#paused/*', 'Stores-Registration-1A2B3C4D'])(
    'of %j, which was never made, succeeds and touches nothing',
    async (physicalId) => {
      bench.items.set('stores/one', { hosts: [A] });
      expect(await remove(physicalId, { group: 'stores', remoteName: 'one' })).toMatchObject({ Status: 'SUCCESS' });
      expect(bench.calls).toEqual([]);
    },
  );

  it('leaves a remote alone that another resource registers now: the construct has moved', async () => {
    bench.states = BOTH;
    bench.items.set('stores/one', { hosts: [A, B], profile: 'sales', registeredBy: OWNER, paused: true });
    await answerTo(bench.ports, requestOf('Create', PROPERTIES, { LogicalResourceId: 'Moved' }));
    expect(await remove('stores/one')).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.item).toMatchObject({ hosts: [A, B], paused: true });
  });

  it('removes what an event registered after somebody had deleted it', async () => {
    bench.states = BOTH;
    await changed();
    expect(bench.item).toEqual({ hosts: [A, B], profile: 'sales' });
    await remove('stores/one');
    expect(bench.items.size).toBe(0);
  });

  it('is tried again while DynamoDB is away, and fails with the reason when it stays away', async () => {
    bench.items.set('stores/one', { hosts: [A] });
    bench.failOnce('remove 1', named('InternalServerError', 'try again'));
    expect(await remove('stores/one')).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.items.size).toBe(0);
    bench.failFrom('remove', named('AccessDeniedException', 'not authorized'));
    expect(await remove('stores/one')).toMatchObject({
      Status: 'FAILED',
      Reason: 'AccessDeniedException: not authorized',
      PhysicalResourceId: 'stores/one',
    });
  });
});

describe('a request of another kind', () => {
  it.each(['', 'create', 'Import'])('%j is answered', async (RequestType) => {
    expect(await answerTo(bench.ports, requestOf(RequestType, PROPERTIES))).toMatchObject({
      Status: 'FAILED',
      Reason: `RequestType must be Create, Update or Delete, not '${RequestType}'`,
    });
    expect(bench.calls).toEqual([]);
  });
});

describe('an event', () => {
  beforeEach(() => {
    bench.items.set('stores/one', { hosts: [A, B], primaryHost: B, profile: 'sales', registeredBy: OWNER });
  });

  it('of a host that replaces another changes the hosts, at once', async () => {
    bench.states = { first: { [A]: 'InService' }, second: { [B]: 'Terminating', [C]: 'InService' } };
    await changed();
    expect(bench.item).toEqual({ hosts: [A, C], profile: 'sales', registeredBy: OWNER });
    expect(bench.calls).toEqual(['read', 'describe', 'write']);
  });

  it('that changes nothing writes nothing', async () => {
    bench.states = BOTH;
    await changed();
    expect(bench.calls).toEqual(['read', 'describe']);
  });

  it('does not undo what another that saw younger hosts has written meanwhile', async () => {
    bench.states = { first: { [A]: 'InService' }, second: {} };
    bench.before.set('write 1', () => {
      // The other one came after this one had looked.
      bench.states = { first: { [A]: 'InService' }, second: { [C]: 'InService' } };
      bench.items.set('stores/one', { hosts: [A, C], profile: 'sales', registeredBy: OWNER });
    });
    await changed();
    expect(bench.item).toMatchObject({ hosts: [A, C] });
  });

  it('does not lose what collect writes meanwhile', async () => {
    bench.states = { first: { [A]: 'InService' }, second: { [C]: 'InService' } };
    bench.before.set('write 1', () => void bench.items.set('stores/one', { ...bench.item, primaryHost: A }));
    await changed();
    expect(bench.item).toMatchObject({ hosts: [A, C], primaryHost: A });
  });

  it('that is throttled looks again, and any other error is Lambda’s to repeat', async () => {
    bench.states = { first: { [C]: 'InService' }, second: { [B]: 'InService' } };
    bench.failOnce('describe 1', named('Throttling', 'Rate exceeded'));
    await changed();
    expect(bench.item).toMatchObject({ hosts: [C, B] });
    bench.failOnce('describe 3', named('AccessDenied', 'not authorized'));
    await expect(changed()).rejects.toThrow('AccessDenied: not authorized');
  });

  it('that is throttled for all of its time ends with an error', async () => {
    bench.failFrom('describe', named('Throttling', 'Rate exceeded'));
    await expect(changed()).rejects.toThrow('Throttling: Rate exceeded');
    expect(bench.now).toBeGreaterThan(TIMEOUT / 2);
    expect(bench.now).toBeLessThan(TIMEOUT);
  });
});
