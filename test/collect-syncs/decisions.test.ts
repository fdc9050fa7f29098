import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isComplete } from '../../lambda/collect-syncs/close';
import { decide } from '../../lambda/collect-syncs/core';
import { NO_COUNTS } from '../../lambda/collect-syncs/counts';
import { type HostView, type Invocation, viewOf } from '../../lambda/collect-syncs/host-view';
import { readHostReport } from '../../lambda/records/host-report';
import type { Batch, Member } from '../../lambda/records/sync-batch';
import { deadlineOf, type Run, runIdOf } from '../../lambda/records/sync-run';

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

const invocation = (status: string, statusDetails = status, more: Partial<Invocation> = {}): Invocation => ({
  host: 'i-0000000a',
  status,
  statusDetails,
  requestedAt: NINE,
  startedAt: NINE + 1_500,
  responseCode: undefined,
  output: undefined,
  ...more,
});

const report = (result: string, more: object = {}) =>
  JSON.stringify({ version: 1, remote: 'stores/one', run: runIdOf(RUN), result, ...more });

describe('what Systems Manager says of a host', () => {
  it.each([
    ['Pending', 'Pending', 'open'],
    ['InProgress', 'InProgress', 'open'],
    ['InProgress', 'In Progress', 'open'],
    ['Delayed', 'Delayed', 'open'],
    ['Cancelling', 'Cancelling', 'open'],
    ['Success', 'Success', 'ended'],
    ['Failed', 'Failed', 'ended'],
    ['TimedOut', 'DeliveryTimedOut', 'undelivered'],
    ['TimedOut', 'Delivery Timed Out', 'undelivered'],
    ['TimedOut', 'ExecutionTimedOut', 'aborted'],
    ['TimedOut', 'Execution Timed Out', 'aborted'],
    ['Failed', 'Undeliverable', 'undelivered'],
    ['Cancelled', 'Undeliverable', 'undelivered'],
    ['Cancelled', 'Terminated', 'undelivered'],
    ['Cancelled', 'Cancelled', 'aborted'],
    ['Cancelled', 'Rate Exceeded', 'rate-exceeded'],
    ['Cancelled', 'RateExceeded', 'rate-exceeded'],
    ['Cancelled', 'LimitExceeded', 'rate-exceeded'],
    ['Failed', 'InvalidPlatform', 'aborted'],
    ['Failed', 'AccessDenied', 'aborted'],
    ['Something', 'New', 'aborted'],
  ])('%s, %s: %s', (status, details, kind) => {
    expect(viewOf(invocation(status, details)).kind).toBe(kind);
  });

  it('holds the exit code, the report and how long the command took to begin', () => {
    const ended = invocation('Failed', 'Failed', { responseCode: 75, output: `noise\n${report('not-primary')}\n` });
    expect(viewOf(ended)).toMatchObject({
      kind: 'ended',
      exitCode: 75,
      latencySeconds: 1.5,
      report: { result: 'not-primary' },
    });
    expect(viewOf(invocation('Failed'))).toMatchObject({ exitCode: -1, report: undefined });
  });
});

describe('the report of a host', () => {
  it.each([
    ['nothing', undefined],
    ['no JSON', 'Segmentation fault'],
    ['half of it', report('synchronized').slice(0, 40)],
    ['another version', report('synchronized', { version: 2 })],
    ['another word', report('done')],
    ['a list', '[1]'],
    ['ten thousand characters', '{'.repeat(10_000)],
  ])('%s is none', (_what, output) => {
    expect(readHostReport(output)).toBeUndefined();
  });

  it('is the last line that is one', () => {
    const output = [report('failed', { code: 9 }), report('synchronized'), 'bye'].join('\n');
    expect(readHostReport(output)?.result).toBe('synchronized');
  });
});

function member(remoteName: string, hosts: string[], more: Partial<Member> = {}): Member {
  return { remoteName, hosts, targets: hosts, ...more };
}

function batch(members: Member[], more: Partial<Batch> = {}): Batch {
  return {
    runId: runIdOf(RUN),
    item: 'batch/stores/0/0',
    group: 'stores',
    shard: 0,
    batch: '0',
    attempt: 1,
    members,
    claims: 1,
    firstClaimedAt: RUN.scheduledAt,
    leaseUntil: RUN.scheduledAt,
    version: 0,
    settled: {},
    children: [],
    closed: false,
    expiresAt: 0,
    ...more,
  };
}

const ended = (exitCode: number, output?: string): HostView =>
  viewOf(invocation(exitCode === 0 ? 'Success' : 'Failed', undefined, { responseCode: exitCode, output }));

function decideOne(
  views: Record<string, HostView>,
  more: { one?: Member; batch?: Partial<Batch>; now?: number; refused?: Record<string, string> } = {},
) {
  const one = more.one ?? member('one', ['i-0000000a']);
  const now = more.now ?? NINE + 60_000;
  return decide(batch([one], more.batch), RUN, { look: 1, views, refused: more.refused ?? {}, now });
}

describe('the end of a remote', () => {
  const host = 'i-0000000a';
  it.each<[string, HostView, object]>([
    ['synchronized', ended(0, report('synchronized')), { outcome: 'synchronized', host }],
    ['done before', ended(77, report('already-done')), { outcome: 'synchronized', host }],
    ['busy', ended(76, report('busy')), { outcome: 'busy' }],
    [
      'failed',
      ended(1, report('failed', { code: 194, message: 'no disk' })),
      { outcome: 'failed', detail: 'dbmlsync: 194: no disk' },
    ],
    ['killed', ended(137), { outcome: 'failed', detail: 'exit code 137' }],
    ['success without a word', ended(0), { outcome: 'failed', detail: expect.stringContaining('without a report') }],
    ['success of another run', ended(0, report('synchronized', { run: 'x' })), { outcome: 'failed' }],
    [
      'another remote',
      ended(0, report('synchronized', { remote: 'stores/two' })),
      { outcome: 'failed', detail: expect.stringContaining('stores/two') },
    ],
    ['a host that holds another remote', ended(75, report('not-primary', { remote: 'x/y' })), { outcome: 'failed' }],
    ['aborted', { kind: 'aborted', status: 'ExecutionTimedOut' }, { outcome: 'failed', detail: 'ExecutionTimedOut' }],
  ])('%s', (_what, view, settlement) => {
    const { settled, children, closed } = decideOne({ [host]: view });
    expect(settled.one).toMatchObject(settlement);
    expect(children).toEqual([]);
    expect(closed).toBe(true);
  });

  it('is waited for while a host is at work, until the deadline', () => {
    expect(decideOne({ [host]: { kind: 'open' } })).toEqual({ settled: {}, children: [], closed: false });
    const late = decideOne({ [host]: { kind: 'open' } }, { now: deadlineOf(RUN) });
    expect(late.settled.one?.outcome).toBe('deadline-missed');
  });

  it('comes with one more attempt after no primary and no host, until they are used up', () => {
    const away: HostView = { kind: 'undelivered', status: 'DeliveryTimedOut' };
    const one = member('one', [host, 'i-0000000b']);
    const first = decideOne({ [host]: ended(75), 'i-0000000b': away }, { one });
    expect(first.children).toMatchObject([
      { batch: '0.1', attempt: 2, remotes: [{ tried: { [host]: 'not-primary', 'i-0000000b': 'unreachable' } }] },
    ]);
    const last = decideOne({ [host]: ended(75), 'i-0000000b': away }, { one, batch: { attempt: 3 } });
    expect(last.settled.one).toMatchObject({ outcome: 'unreachable', detail: 'i-0000000b: DeliveryTimedOut' });
    const told = ended(75, report('not-primary', { message: 'the local database is mirror' }));
    const nowhere = decideOne({ [host]: told, 'i-0000000b': ended(75) }, { one, batch: { attempt: 3 } });
    expect(nowhere.settled.one).toMatchObject({
      outcome: 'not-primary',
      detail: `${host}: the local database is mirror`,
      forgetPrimary: true,
    });
    const refused = decideOne({}, { batch: { attempt: 3 }, refused: { [host]: 'InvalidInstanceId' } });
    expect(refused.settled.one).toMatchObject({ outcome: 'unreachable', detail: `${host}: InvalidInstanceId` });
  });

  it('too many waiting commands are no attempt', () => {
    const [child] = decideOne({ [host]: { kind: 'rate-exceeded' } }).children;
    expect(child).toMatchObject({ attempt: 1, delaySeconds: 30 });
    const [later] = decideOne({ [host]: { kind: 'rate-exceeded' } }, { batch: { batch: '0.1.1' } }).children;
    expect(later?.delaySeconds).toBe(120);
  });
});

describe('any look', () => {
  const views = fc.oneof<fc.Arbitrary<HostView | undefined>[]>(
    fc.constant(undefined),
    fc.constantFrom<HostView>({ kind: 'open' }, { kind: 'absent' }, { kind: 'rate-exceeded' }),
    fc.constant<HostView>({ kind: 'undelivered', status: 'Undeliverable' }),
    fc.constantFrom(0, 1, 75, 76, 77, 194).map((code) => ended(code, report('synchronized'))),
  );
  const looks = fc.record({
    members: fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 3 }),
        own: fc.boolean(),
        views: fc.array(views, { minLength: 3, maxLength: 3 }),
      }),
      { maxLength: 12 },
    ),
    attempt: fc.integer({ min: 1, max: 3 }),
    late: fc.boolean(),
  });

  it('ends each remote, tries it once more, or waits for it; one of them, and never tries while a host is at work', () => {
    fc.assert(
      fc.property(looks, ({ members: drawn, attempt, late }) => {
        const seen: Record<string, HostView> = {};
        const members = drawn.map(({ size, own, views: said }, index) => {
          const hosts = Array.from({ length: size }, (_, host) => `i-${index}${host}`);
          hosts.forEach((host, at) => {
            const view = said[at];
            if (view) seen[host] = view;
          });
          return member(`remote-${index}`, hosts, own ? { targets: [], outcome: 'paused' } : {});
        });
        const now = late ? deadlineOf(RUN) : NINE + 60_000;
        const decision = decide(batch(members, { attempt }), RUN, { look: 3, views: seen, refused: {}, now });
        const again = decision.children.flatMap(({ remotes }) => remotes.map(({ remoteName }) => remoteName));
        expect(new Set(again).size).toBe(again.length);
        for (const { remoteName, targets } of members) {
          const settled = decision.settled[remoteName] !== undefined;
          const retried = again.includes(remoteName);
          const atWork = targets.some((host) => ['open', 'absent', undefined].includes(seen[host]?.kind));
          expect(Number(settled) + Number(retried)).toBeLessThanOrEqual(1);
          if (retried) expect(atWork).toBe(false);
          if (late) expect(settled).toBe(true);
          if (!settled && !retried) expect(atWork).toBe(true);
        }
        const open = members.filter(({ remoteName }) => !decision.settled[remoteName] && !again.includes(remoteName));
        expect(decision.closed).toBe(open.length === 0);
        for (const child of decision.children) expect(child.attempt).toBeLessThanOrEqual(RUN.attempts);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a shard', () => {
  it.each([
    [undefined, ['0'], [], false],
    [0, [], [], true],
    [2, ['0'], [], false],
    [2, ['0', '1'], [], true],
    [2, ['0', '0.1'], ['0.1'], false],
    [1, ['0'], ['0.1'], false],
    [1, ['0', '0.1'], ['0.1', '0.1.1'], false],
    [1, ['0', '0.1', '0.1.1'], ['0.1', '0.1.1'], true],
  ])('of %s batches, %j closed, further attempts %j: complete %s', (batches, closed, children, complete) => {
    expect(isComplete({ batches, closed, children, counts: NO_COUNTS })).toBe(complete);
  });
});
