import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, type Door, decide, type Item, type ScalingGroup } from '../../lambda/register-remote/core';

const REGISTRATION = { group: 'stores', remoteName: 'one', autoScalingGroups: ['first', 'second'], profile: 'sales' };
const [A, B, C, D, E] = ['i-0000000a', 'i-0000000b', 'i-0000000c', 'i-0000000d', 'i-0000000e'] as const;
const CREATE: Door = { kind: 'create', registeredBy: 'me' };
const UPDATE: Door = { kind: 'update', registeredBy: 'me' };
const EVENT: Door = { kind: 'hosts-changed' };

const group = (name: string, ...ids: string[]): ScalingGroup => ({
  name,
  instances: ids.map((id) => ({ id, lifecycleState: 'InService' })),
});
const BOTH = [group('second', B), group('first', A)];
const ITEM = { groupShard: 'stores#0', remoteName: 'one', hosts: [A, B], profile: 'sales', registeredBy: 'me' };

function judge(item: Item | undefined, groups: ScalingGroup[], door: Door, final = false): Decision {
  return decide(item, REGISTRATION, groups, door, final);
}

describe('a remote that is not there', () => {
  it.each<[string, Door, object]>([
    ['is made by its stack, with its owner', CREATE, { hosts: [A, B], profile: 'sales', registeredBy: 'me' }],
    ['is made by an update of its name too', UPDATE, { hosts: [A, B], profile: 'sales', registeredBy: 'me' }],
    ['is made by an event, with its profile', EVENT, { hosts: [A, B], profile: 'sales' }],
  ])('%s, its hosts in the order of the groups', (_what, door, set) => {
    expect(judge(undefined, BOTH, door)).toEqual({ kind: 'write', change: { set, remove: [] }, missing: undefined });
  });

  it('is made without a profile where there is none', () => {
    const { profile: _, ...plain } = REGISTRATION;
    expect(decide(undefined, plain, BOTH, CREATE, false)).toMatchObject({
      change: { set: { hosts: [A, B], registeredBy: 'me' }, remove: [] },
    });
  });

  const one = [group('first', A), { name: 'second', instances: [{ id: B, lifecycleState: 'Pending:Wait' }] }];
  it.each<[string, ScalingGroup[], string]>([
    ['a host is on its way', one, 'autoScalingGroups: second has no instance in service'],
    ['a group is empty', [group('first', A), group('second')], 'autoScalingGroups: second has no instance in service'],
    ['a group is not there', [group('first', A)], 'autoScalingGroups: there is no group second'],
    ['nothing is there', [], 'autoScalingGroups: there is no group first; there is no group second'],
    [
      'there are more hosts than a remote has',
      [group('first', A, C, D), group('second', B, E)],
      `autoScalingGroups: ${A}, ${C}, ${D}, ${B}, ${E} cannot be the hosts of a remote: they: must name at most 4 hosts`,
    ],
    [
      'an instance has another id than hosts have',
      [group('first', A), group('second', 'x')],
      `autoScalingGroups: ${A}, x cannot be the hosts of a remote: 1: must be an instance id (i-... or mi-...)`,
    ],
  ])('waits while %s, and is not made when there is no time left', (_when, groups, missing) => {
    for (const door of [CREATE, UPDATE]) {
      expect(judge(undefined, groups, door, false)).toEqual({ kind: 'wait', missing });
      expect(judge(undefined, groups, door, true)).toEqual({ kind: 'fail', missing });
    }
  });

  it('is made by an event of the hosts that are there, and left out where there are none, at once', () => {
    const missing = 'autoScalingGroups: second has no instance in service';
    expect(judge(undefined, one, EVENT)).toEqual({
      kind: 'write',
      change: { set: { hosts: [A], profile: 'sales' }, remove: [] },
      missing,
    });
    expect(judge(undefined, [group('first'), group('second')], EVENT).kind).toBe('keep');
    expect(judge(undefined, [group('first', A, C, D), group('second', B, E)], EVENT).kind).toBe('keep');
  });
});

describe('a remote that is there', () => {
  it.each<[string, Door]>([
    ['its stack', CREATE],
    ['an update', UPDATE],
    ['an event', EVENT],
  ])('is left alone by %s when it is as it should be', (_who, door) => {
    expect(judge({ ...ITEM, primaryHost: B, paused: true }, BOTH, door)).toEqual({ kind: 'keep', missing: undefined });
  });

  it('gets a host that replaces another in its place, and forgets a primary that is gone', () => {
    const groups = [group('first', A), group('second', C)];
    for (const door of [CREATE, UPDATE, EVENT]) {
      expect(judge({ ...ITEM, primaryHost: B }, groups, door)).toMatchObject({
        change: { set: { hosts: [A, C] }, remove: ['primaryHost'] },
      });
      expect(judge({ ...ITEM, primaryHost: A }, groups, door)).toMatchObject({
        change: { set: { hosts: [A, C] }, remove: [] },
      });
    }
  });

  it('forgets a primary that somebody noted too late', () => {
    expect(judge({ ...ITEM, primaryHost: C }, BOTH, EVENT)).toMatchObject({
      change: { set: {}, remove: ['primaryHost'] },
    });
  });

  it('has hosts again where its item was damaged', () => {
    expect(judge({ ...ITEM, hosts: 'none' }, BOTH, EVENT)).toMatchObject({ change: { set: { hosts: [A, B] } } });
  });

  it('changes its profile with its deployment, and with nothing else', () => {
    const other = { ...ITEM, profile: 'prices' };
    expect(judge(other, BOTH, EVENT).kind).toBe('keep');
    expect(judge(other, BOTH, UPDATE)).toMatchObject({ change: { set: { profile: 'sales' }, remove: [] } });
    const { profile: _, ...plain } = REGISTRATION;
    expect(decide(other, plain, BOTH, UPDATE, false)).toMatchObject({ change: { set: {}, remove: ['profile'] } });
    expect(decide(other, plain, BOTH, EVENT, false).kind).toBe('keep');
  });

  it('belongs to the resource that registered it last', () => {
    const other = { ...ITEM, registeredBy: 'another' };
    expect(judge(other, BOTH, CREATE)).toMatchObject({ change: { set: { registeredBy: 'me' } } });
    expect(judge(other, BOTH, EVENT).kind).toBe('keep');
  });

  it('takes what hosts there are when an update has no time left, and keeps the old ones when there are none', () => {
    const missing = expect.stringContaining('second');
    const rest = [group('first', A), group('second')];
    expect(judge(ITEM, rest, UPDATE)).toEqual({ kind: 'wait', missing });
    expect(judge(ITEM, rest, UPDATE, true)).toEqual({
      kind: 'write',
      change: { set: { hosts: [A] }, remove: [] },
      missing,
    });
    const none = { ...ITEM, profile: 'prices', primaryHost: B };
    expect(judge(none, [], UPDATE, true)).toEqual({
      kind: 'write',
      change: { set: { profile: 'sales' }, remove: [] },
      missing,
    });
    expect(judge(ITEM, [], EVENT)).toEqual({ kind: 'keep', missing });
    expect(judge(ITEM, rest, CREATE, true)).toEqual({ kind: 'fail', missing });
  });
});

const STATES = [
  'InService',
  'Pending',
  'Pending:Proceed',
  'Standby',
  'Terminating',
  'Terminating:Wait',
  'Warmed:Running',
];
const hostIds = fc.constantFrom(A, B, C, D, E);
const groupsDrawn = fc
  .uniqueArray(fc.tuple(hostIds, fc.constantFrom('first', 'second', 'third'), fc.constantFrom(...STATES)), {
    selector: ([id]) => id,
  })
  .chain((drawn) => fc.subarray(['first', 'second', 'third']).map((there) => ({ drawn, there })))
  .map(({ drawn, there }) =>
    there.map((name) => ({
      name,
      instances: drawn.filter(([, of]) => of === name).map(([id, , lifecycleState]) => ({ id, lifecycleState })),
    })),
  );
const items: fc.Arbitrary<Item | undefined> = fc.option(
  fc.record(
    {
      remoteName: fc.constant('one'),
      hosts: fc.oneof(fc.uniqueArray(hostIds, { minLength: 1, maxLength: 4 }), fc.constant('damaged')),
      primaryHost: hostIds,
      profile: fc.constantFrom('sales', 'prices'),
      registeredBy: fc.constantFrom('me', 'another'),
      paused: fc.boolean(),
      lastOutcome: fc.constant('failed'),
      note: fc.string(),
    },
    { requiredKeys: ['remoteName'] },
  ),
  { nil: undefined },
);

describe('whatever the groups hold and whatever is registered', () => {
  it('only hosts, profile and owner are written, a foreign primary goes, and a second look finds nothing to do', () => {
    fc.assert(
      fc.property(
        items,
        groupsDrawn,
        fc.constantFrom(CREATE, UPDATE, EVENT),
        fc.boolean(),
        (item, groups, door, final) => {
          const decision = judge(item, groups, door, final);
          if (decision.kind === 'wait') expect([door.kind, final]).not.toEqual([door.kind, true]);
          if (door.kind === 'hosts-changed') expect(['write', 'keep']).toContain(decision.kind);
          if (decision.kind !== 'write') return;
          const { set, remove } = decision.change;
          const allowed =
            door.kind === 'hosts-changed'
              ? item
                ? ['hosts']
                : ['hosts', 'profile']
              : ['hosts', 'profile', 'registeredBy'];
          expect(allowed).toEqual(expect.arrayContaining(Object.keys(set)));
          expect(['primaryHost', 'profile']).toEqual(expect.arrayContaining([...remove]));
          if (door.kind === 'hosts-changed') expect(remove).not.toContain('profile');

          const after: Record<string, unknown> = { remoteName: 'one', ...item, ...set };
          for (const name of remove) delete after[name];
          const inService = (name: string) =>
            (groups.find((it) => it.name === name)?.instances ?? [])
              .filter(({ lifecycleState }) => lifecycleState === 'InService')
              .map(({ id }) => id)
              .sort();
          const hosts = ['first', 'second'].flatMap(inService);
          if (hosts.length >= 1 && hosts.length <= 4) {
            expect(after.hosts).toEqual(hosts);
            if (after.primaryHost !== undefined) expect(hosts).toContain(after.primaryHost);
          } else {
            expect(after.hosts).toEqual(item?.hosts);
          }
          expect(judge(after, groups, door, true).kind).toBe(
            door.kind === 'create' && decision.missing !== undefined ? 'fail' : 'keep',
          );
        },
      ),
      { numRuns: 2_000, seed: 20261123 },
    );
  });
});
