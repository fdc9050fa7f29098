import { SSMServiceException } from '@aws-sdk/client-ssm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdBack } from '../../lambda/dispatch-syncs/hold-back';
import { afterHold, afterSuccess, afterThrottle, INITIAL_RATE, pauseMillis } from '../../lambda/dispatch-syncs/pace';
import { candidates, MOST_HOSTS, planBatch, type ShardEntry } from '../../lambda/dispatch-syncs/plan-batch';
import { resultOf } from '../../lambda/dispatch-syncs/run-command';
import { targetsOf } from '../../lambda/dispatch-syncs/targets';
import { jitterOf, shardOf } from '../../lambda/records/names';
import type { Run } from '../../lambda/records/sync-run';

const NINE = Date.UTC(2026, 0, 5, 9);
const RUN: Run = {
  schedule: 'nightly',
  scheduledAt: new Date(NINE).toISOString(),
  groups: ['stores'],
  windowSeconds: 600,
  startWithinSeconds: 900,
  deadlineSeconds: 3_600,
  attempts: 3,
  timeLimitSeconds: 3_600,
};

describe('shard and jitter', () => {
  // printf %s store-0815 | sha256sum
  it('are those that README computes by sha256sum', () => {
    const digest = '72276a97d1a26822';
    expect(shardOf('store-0815', 4)).toBe(Number.parseInt(digest.slice(0, 8), 16) % 4);
    expect(shardOf('store-0815', 1_000)).toBe(Number.parseInt(digest.slice(0, 8), 16) % 1_000);
    expect(jitterOf('store-0815')).toBe(Number.parseInt(digest.slice(8), 16) / 2 ** 32);
  });

  it('spread names evenly', () => {
    const names = Array.from({ length: 4_000 }, (_, index) => `store-${index}`);
    for (let shard = 0; shard < 4; shard++) {
      const share = names.filter((name) => shardOf(name, 4) === shard).length / names.length;
      expect(share).toBeGreaterThan(0.22);
      expect(share).toBeLessThan(0.28);
    }
    const early = names.filter((name) => jitterOf(name) < 0.5).length / names.length;
    expect(early).toBeGreaterThan(0.47);
    expect(early).toBeLessThan(0.53);
  });
});

describe('the hosts to command', () => {
  const hosts = ['i-a', 'i-b'];
  it.each([
    ['the primary that is known', { hosts }, 'i-b', ['i-b']],
    ['all, when nobody knows the primary', { hosts }, undefined, hosts],
    ['all, when the primary that is known is none of them', { hosts }, 'i-z', hosts],
    ['the partner, after the first', { hosts, tried: { 'i-b': 'not-primary' as const } }, 'i-b', ['i-a']],
    [
      'all again, after both',
      { hosts, tried: { 'i-a': 'unreachable' as const, 'i-b': 'not-primary' as const } },
      'i-b',
      hosts,
    ],
  ])('%s', (_what, remote, known, expected) => {
    expect(targetsOf({ remoteName: 'one', ...remote }, known)).toEqual(expected);
  });
});

describe('the batches of a shard', () => {
  const entries = fc
    .uniqueArray(fc.nat(5_000), { maxLength: 300 })
    .chain((ids) => fc.tuple(fc.constant(ids), fc.array(fc.nat(5), { minLength: ids.length, maxLength: ids.length })))
    .map(([ids, kinds]) =>
      ids.map((id, index): ShardEntry => {
        const remoteName = `store-${id}`;
        if (kinds[index] === 0) return { kind: 'damaged', remoteName, problem: 'no hosts' };
        const hosts = [`i-${String(id).padStart(8, '0')}`, `i-${String(id + 10_000).padStart(8, '0')}`];
        const remote = { groupShard: 'stores#0', remoteName, hosts, consecutiveFailures: 0 };
        return {
          kind: 'remote',
          remote: { ...remote, paused: kinds[index] === 1, primaryHost: kinds[index] === 2 ? undefined : hosts[0] },
        };
      }),
    );

  it('hold each remote once, in the order of its jitter, never more than fifty hosts', () => {
    fc.assert(
      fc.property(entries, fc.boolean(), fc.boolean(), (shard, late, groupPaused) => {
        const now = late ? NINE + 4_000_000 : NINE;
        const sorted = candidates(shard, RUN, now, { groupPaused });
        const seen: string[] = [];
        let dueBefore = 0;
        for (let after: string | undefined; ; ) {
          const plan = planBatch(sorted, after, RUN);
          if (!plan) break;
          expect(plan.members.length).toBeGreaterThan(0);
          expect(plan.members.flatMap(({ targets }) => targets).length).toBeLessThanOrEqual(MOST_HOSTS);
          expect(plan.dueAt).toBeGreaterThanOrEqual(Math.max(dueBefore, NINE));
          expect(plan.dueAt).toBeLessThan(NINE + 600_000);
          dueBefore = plan.dueAt;
          seen.push(...plan.members.map(({ remoteName }) => remoteName));
          after = plan.upTo;
        }
        expect([...seen].sort()).toEqual(
          shard.map((it) => (it.kind === 'remote' ? it.remote.remoteName : it.remoteName)).sort(),
        );
        for (const { member } of sorted) {
          if (late && member.outcome !== 'paused' && member.outcome !== 'failed')
            expect(member.outcome).toBe('deadline-missed');
          expect(member.targets.length === 0).toBe(member.outcome !== undefined);
          if (groupPaused) expect(member.outcome).toBe('paused');
        }
      }),
      { numRuns: 200 },
    );
  });

  it('say of a remote of a paused group exactly what they say of a paused remote, and nothing of what is wrong with its item', () => {
    const remote = (paused: boolean): ShardEntry => ({
      kind: 'remote',
      remote: {
        groupShard: 'stores#0',
        remoteName: 'one',
        hosts: ['i-0000000a', 'i-0000000b'],
        profile: 'own',
        primaryHost: 'i-0000000a',
        paused,
        consecutiveFailures: 0,
      },
    });
    const member = (entry: ShardEntry, groupPaused: boolean) =>
      candidates([entry], RUN, NINE, { groupPaused })[0]?.member;
    expect(member(remote(false), true)).toEqual(member(remote(true), false));
    expect(member(remote(true), true)).toEqual(member(remote(true), false));
    expect(member(remote(false), false)).toMatchObject({ targets: ['i-0000000a'] });
    expect(member({ kind: 'damaged', remoteName: 'two', problem: 'no hosts' }, true)).toEqual({
      remoteName: 'two',
      hosts: [],
      targets: [],
      outcome: 'paused',
    });
  });

  it('command no host for two remotes', () => {
    const remote = (remoteName: string): ShardEntry => ({
      kind: 'remote',
      remote: { groupShard: 'stores#0', remoteName, hosts: ['i-0000000a'], paused: false, consecutiveFailures: 0 },
    });
    const sorted = candidates([remote('one'), remote('two')], RUN, NINE, { groupPaused: false });
    const members = sorted.map(({ member }) => member);
    expect(members.filter(({ targets }) => targets.length > 0)).toHaveLength(1);
    expect(members.find(({ outcome }) => outcome === 'failed')?.detail).toMatch(
      /host i-0000000a is registered for (one|two) too/,
    );
  });
});

describe('holding back', () => {
  const record = (state: 'stable' | 'failing-over' | 'no-primary' | 'two-primaries', secondsAgo: number) => ({
    state,
    observedAt: new Date(NINE - secondsAgo * 1000).toISOString(),
  });
  it.each([
    ['nothing is known', undefined, undefined, { kind: 'go' }],
    ['the primary is there', record('stable', 5), undefined, { kind: 'go' }],
    ['two claim to be primary', record('two-primaries', 5), undefined, { kind: 'go' }],
    ['it fails over', record('failing-over', 5), undefined, { kind: 'hold', since: NINE }],
    ['there is none', record('no-primary', 5), NINE - 60_000, { kind: 'hold', since: NINE - 60_000 }],
    ['nobody has looked for three minutes', record('failing-over', 180), undefined, { kind: 'go' }],
    ['it is back', record('stable', 5), NINE - 60_000, { kind: 'released' }],
    ['it was held for ten minutes', record('failing-over', 5), NINE - 600_000, { kind: 'overrun' }],
  ])('when %s', (_when, view, heldSince, expected) => {
    expect(holdBack(view, heldSince, NINE)).toEqual(expected);
  });
});

describe('the pace', () => {
  it('halves down to one command in half a minute, and recovers', () => {
    let rate = INITIAL_RATE;
    for (let count = 0; count < 10; count++) rate = afterThrottle(rate);
    expect(pauseMillis(rate)).toBe(30_000);
    for (let count = 0; count < 30; count++) rate = afterSuccess(rate);
    expect(rate).toBe(INITIAL_RATE);
    expect(pauseMillis(afterHold(rate))).toBe(10_000);
    expect(afterHold(2)).toBe(2);
  });
});

describe('an error of SendCommand', () => {
  const hosts = ['i-0000000a', 'mi-0000000b', 'i-0000000c'];
  const error = (name: string, message: string, status = 400) =>
    new SSMServiceException({
      name,
      message,
      $fault: status < 500 ? 'client' : 'server',
      $metadata: { httpStatusCode: status },
    });

  it.each([
    ['a throttle', error('ThrottlingException', 'Rate exceeded'), 'throttled'],
    ['an error of the service', error('InternalServerError', 'oops', 500), 'unknown'],
    ['a lost connection', new Error('socket hang up'), 'unknown'],
  ])('%s', (_what, thrown, kind) => {
    expect(resultOf(thrown, hosts).kind).toBe(kind);
  });

  it('names the hosts that cannot be commanded', () => {
    const named = error(
      'InvalidInstanceId',
      'Instances [[mi-0000000b, i-0000000c]] not in a valid state for account 111122223333',
    );
    expect(resultOf(named, hosts)).toMatchObject({ kind: 'refused', hosts: ['mi-0000000b', 'i-0000000c'] });
    expect(resultOf(error('InvalidInstanceId', ''), hosts)).toMatchObject({ kind: 'refused', hosts: [] });
    const denied =
      'not authorized to perform: ssm:SendCommand on resource: arn:aws:ec2:eu-central-1:111122223333:instance/i-0000000a';
    expect(resultOf(error('AccessDeniedException', denied), hosts)).toMatchObject({
      kind: 'refused',
      hosts: ['i-0000000a'],
    });
  });

  it('that no repetition can help is thrown: it must reach somebody', () => {
    const denied =
      'not authorized to perform: ssm:SendCommand on resource: arn:aws:ssm:eu-central-1:111122223333:document/x';
    expect(() => resultOf(error('AccessDeniedException', denied), hosts)).toThrow('document/x');
    expect(() => resultOf(error('InvalidDocument', 'no such document'), hosts)).toThrow('no such document');
  });
});
