import { describe, expect, it } from 'vitest';
import { decide } from '../../lambda/collect-syncs/core';
import { type HostView, viewOf } from '../../lambda/collect-syncs/host-view';
import type { Batch, Member } from '../../lambda/records/sync-batch';
import { deadlineOf } from '../../lambda/records/sync-run';
import { batch, HOST, member, NINE, PARTNER, RUN, report } from '../records/round-fixture';
import { invocation } from './look-bench';

const ended = (responseCode: number, output?: string): HostView =>
  viewOf(invocation(HOST, responseCode === 0 ? 'Success' : 'Failed', { responseCode, output }));

const SYNCHRONIZED = ended(0, report('synchronized'));
const MIRROR = ended(75, report('not-primary'));
const BUSY = ended(76, report('busy'));
const FAILED = ended(1, report('failed', { message: 'no disk' }));
const OPEN: HostView = { kind: 'open' };
const AWAY: HostView = { kind: 'undelivered', status: 'Undeliverable' };
const TOO_MANY: HostView = { kind: 'rate-exceeded' };

const PAIR = member('one', { hosts: [HOST, PARTNER], targets: [HOST, PARTNER] });

function look(
  views: Readonly<Record<string, HostView>>,
  {
    members = [PAIR],
    change = {},
    now = NINE + 60_000,
  }: { members?: Member[]; change?: Partial<Batch>; now?: number } = {},
) {
  return decide(batch({ members, ...change }), RUN, { look: 3, views, refused: {}, now });
}

describe('of two hosts', () => {
  it.each<[string, HostView, HostView, string]>([
    ['one that synchronized ends it, whatever the other does', OPEN, SYNCHRONIZED, 'synchronized'],
    ['one that synchronized outdoes a failure', FAILED, SYNCHRONIZED, 'synchronized'],
    ['one at work is waited for, though the other failed', FAILED, OPEN, 'wait'],
    ['a failure outdoes a busy one', BUSY, FAILED, 'failed'],
    ['a failure outdoes a mirror', MIRROR, FAILED, 'failed'],
    ['a busy one outdoes a mirror', MIRROR, BUSY, 'busy'],
    ['a busy one outdoes too many commands', TOO_MANY, BUSY, 'busy'],
    ['too many commands outdo a mirror', MIRROR, TOO_MANY, 'again'],
    ['two mirrors are asked again', MIRROR, MIRROR, 'again'],
    ['two that are away are asked again', AWAY, AWAY, 'again'],
  ])('%s', (_what, first, second, expected) => {
    for (const views of [
      { [HOST]: first, [PARTNER]: second },
      { [HOST]: second, [PARTNER]: first },
    ]) {
      const { settled, children, closed } = look(views);
      const verdict = settled.one?.outcome ?? (children.length > 0 ? 'again' : 'wait');
      expect(verdict).toBe(expected);
      expect(closed).toBe(expected !== 'wait');
    }
  });
});

describe('a further attempt', () => {
  it('is in one batch for those whose host was no primary, and in another for those that never ran', () => {
    const members = ['one', 'two', 'three'].map((name, index) =>
      member(name, { targets: [`i-0000000${index}`], hosts: [`i-0000000${index}`], profile: name }),
    );
    const views = { 'i-00000000': mirrorOf('one'), 'i-00000001': TOO_MANY, 'i-00000002': AWAY };
    const { children } = look(views, { members, change: { batch: '4', attempt: 1 } });
    expect(children).toMatchObject([
      {
        batch: '4.1',
        look: 3,
        attempt: 2,
        delaySeconds: 30,
        remotes: [{ remoteName: 'one' }, { remoteName: 'three' }],
      },
      { batch: '4.2', look: 3, attempt: 1, delaySeconds: 30, remotes: [{ remoteName: 'two' }] },
    ]);
    for (const remote of children.flatMap(({ remotes }) => remotes)) {
      expect(remote).not.toHaveProperty('targets');
      expect(remote).not.toHaveProperty('outcome');
      expect(remote.profile).toBe(remote.remoteName);
    }
  });

  it('has a name of its own after those of earlier looks, whose remotes it leaves alone', () => {
    const members = [member('one'), member('two', { hosts: [PARTNER], targets: [PARTNER] })];
    const before = {
      batch: '0.1',
      look: 0,
      attempt: 2,
      delaySeconds: 30,
      remotes: [{ remoteName: 'one', hosts: [HOST] }],
    };
    const { children, settled } = look(
      { [HOST]: MIRROR, [PARTNER]: AWAY },
      { members, change: { children: [before] } },
    );
    expect(children).toMatchObject([{ batch: '0.2', remotes: [{ remoteName: 'two' }] }]);
    expect(settled).toEqual({});
  });

  it.each([
    [1, 30],
    [2, 120],
  ])('after attempt %d waits %d s, and is not begun if that reaches the deadline', (attempt, delay) => {
    const change = { attempt };
    const before = look({ [HOST]: MIRROR, [PARTNER]: MIRROR }, { change, now: deadlineOf(RUN) - delay * 1000 - 1 });
    expect(before.children).toMatchObject([{ attempt: attempt + 1, delaySeconds: delay }]);
    const at = look({ [HOST]: MIRROR, [PARTNER]: MIRROR }, { change, now: deadlineOf(RUN) - delay * 1000 });
    expect(at.children).toEqual([]);
    expect(at.settled.one?.outcome).toBe('not-primary');
  });

  it.each([
    ['0', 30],
    ['0.1', 60],
    ['0.1.1', 120],
    ['0.1.1.1', 240],
    ['0.1.1.1.1', 300],
    ['0.1.1.1.1.1.1', 300],
  ])('of batch %s, when too many commands wait, comes after %d s or not at all', (id, delay) => {
    const change = { batch: id, attempt: RUN.attempts };
    const views = { [HOST]: TOO_MANY, [PARTNER]: TOO_MANY };
    const before = look(views, { change, now: deadlineOf(RUN) - delay * 1000 - 1 });
    expect(before.children).toMatchObject([{ attempt: RUN.attempts, delaySeconds: delay }]);
    const at = look(views, { change, now: deadlineOf(RUN) - delay * 1000 });
    expect(at.children).toEqual([]);
    expect(at.settled.one).toMatchObject({ outcome: 'deadline-missed', detail: expect.stringContaining('too many') });
  });

  it('remembers what hosts said in earlier attempts, and what they say now counts', () => {
    const tried = { [HOST]: 'not-primary', [PARTNER]: 'unreachable' } as const;
    const partner = { ...PAIR, tried, targets: [PARTNER] };
    const { children } = look({ [PARTNER]: MIRROR }, { members: [partner], change: { attempt: 2 } });
    expect(children[0]?.remotes[0]?.tried).toEqual({ [HOST]: 'not-primary', [PARTNER]: 'not-primary' });
    const last = { change: { attempt: 3 } };
    const nowhere = look({ [PARTNER]: MIRROR }, { members: [partner], ...last });
    expect(nowhere.settled.one).toMatchObject({ outcome: 'not-primary', forgetPrimary: true });
    const away = look({ [PARTNER]: AWAY }, { members: [{ ...partner, tried: { [HOST]: 'not-primary' } }], ...last });
    expect(away.settled.one).toMatchObject({ outcome: 'unreachable', detail: `${PARTNER}: Undeliverable` });
    expect(away.settled.one).not.toHaveProperty('forgetPrimary');
  });

  it('that asked only one of two hosts does not say that none is the primary', () => {
    const one = { ...PAIR, targets: [HOST] };
    const { settled } = look({ [HOST]: MIRROR }, { members: [one], change: { attempt: 3 } });
    expect(settled.one?.outcome).toBe('unreachable');
  });
});

describe('a report', () => {
  it.each<[string, HostView, object]>([
    [
      'of a host that does not know its remote says why',
      ended(1, report('failed', { remote: '', message: 'remote.conf: REMOTE is missing' })),
      { outcome: 'failed', detail: 'exit code 1: remote.conf: REMOTE is missing' },
    ],
    [
      'without a remote is no success',
      ended(0, report('synchronized', { remote: '' })),
      { outcome: 'failed', detail: expect.stringContaining('without a report') },
    ],
    [
      'of another run is no success for a run that is done already',
      ended(77, report('already-done', { run: 'nightly@2026-01-04T09:00:00.000Z' })),
      { outcome: 'failed', detail: expect.stringContaining('exit code 77 without a report') },
    ],
    [
      'of another group is a failure, and names both',
      ended(0, report('synchronized', { remote: 'shops/one' })),
      { outcome: 'failed', detail: 'the host says that it holds shops/one, the registry says stores/one' },
    ],
    ['that dbmlsync ended with 0 says so', ended(1, report('failed', { code: 0 })), { detail: 'dbmlsync: 0' }],
  ])('%s', (_what, view, settlement) => {
    const { settled } = look({ [HOST]: view }, { members: [member('one')] });
    expect(settled.one).toMatchObject(settlement);
    expect(settled.one).not.toHaveProperty('host');
  });

  it('is stamped with the time of the look', () => {
    const { settled } = look({ [HOST]: SYNCHRONIZED }, { members: [member('one')] });
    expect(settled.one).toEqual({ outcome: 'synchronized', at: '2026-01-05T09:01:00.000Z', host: HOST });
  });
});

function mirrorOf(name: string): HostView {
  return ended(75, report('not-primary', { remote: `stores/${name}` }));
}
