import { type Batch, batchItem, type Member } from '../../lambda/records/sync-batch';
import { type Run, runIdOf } from '../../lambda/records/sync-run';

export const NINE = Date.UTC(2026, 0, 5, 9);

export const RUN: Run = {
  schedule: 'nightly',
  scheduledAt: new Date(NINE).toISOString(),
  groups: ['stores'],
  windowSeconds: 600,
  startWithinSeconds: 900,
  deadlineSeconds: 3_600,
  attempts: 3,
  timeLimitSeconds: 3_600,
};

export const KEY = { runId: runIdOf(RUN), group: 'stores', shard: 0, batch: '0' };

export const HOST = 'i-0000000a';
export const PARTNER = 'i-0000000b';

export function member(remoteName: string, change: Partial<Member> = {}): Member {
  return { remoteName, hosts: [HOST], targets: [HOST], ...change };
}

/** A batch as dispatch writes it. */
export function batch(change: Partial<Batch> = {}): Batch {
  const key = { ...KEY, ...change };
  return {
    ...key,
    item: batchItem(key),
    attempt: 1,
    members: [member('one')],
    upTo: '00000000 one',
    claims: 1,
    firstClaimedAt: '2026-01-05T09:00:01.000Z',
    leaseUntil: '2026-01-05T09:01:16.000Z',
    version: 0,
    settled: {},
    children: [],
    closed: false,
    expiresAt: 1_800_000_000,
    ...change,
  };
}

/** What host/sync-remote.sh prints. */
export function report(result: string, change: object = {}): string {
  return JSON.stringify({ version: 1, remote: 'stores/one', run: KEY.runId, result, ...change });
}
