import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, decide, type RegisteredRemote } from '../../lambda/record-outcomes/core';
import { readReportedOutcome } from '../../lambda/record-outcomes/reported-outcome';
import { toMoment } from '../../lambda/records/names';
import { HOST, line, PARTNER, RUN, SENT } from './outcome-fixture';

const REMOTE: RegisteredRemote = { hosts: [HOST, PARTNER] };
const reported = (change: object = {}) => readReportedOutcome(JSON.stringify(line(change)));
const judge = (
  change: object = {},
  remote: RegisteredRemote | undefined = REMOTE,
  host = HOST,
  sentAt = SENT,
): Decision => decide(remote, reported(change), { senderId: `AROAEXAMPLE:${host}`, sentAt });

describe('an outcome', () => {
  it('that is good names the host that sent it', () => {
    expect(judge()).toEqual({
      kind: 'outcome',
      settlement: { outcome: 'synchronized', at: '2026-01-05T09:01:10.000Z', host: HOST },
    });
    expect(judge({}, REMOTE, PARTNER)).toMatchObject({ settlement: { host: PARTNER } });
  });

  it.each<[object, string]>([
    [{ code: 9, message: 'dbmlsync: E. no answer' }, 'dbmlsync: 9: dbmlsync: E. no answer'],
    [
      { code: undefined, message: 'LOG_FOLDER is /a, the log lies in /b' },
      'exit code 1: LOG_FOLDER is /a, the log lies in /b',
    ],
    [{ code: undefined, message: '' }, 'exit code 1'],
  ])('that is bad says why: %j', (change, detail) => {
    expect(judge({ result: 'failed', ...change })).toEqual({
      kind: 'outcome',
      settlement: { outcome: 'failed', at: '2026-01-05T09:01:10.000Z', detail },
    });
  });

  it.each(['not-primary', 'busy', 'already-done'])('%s says nothing of the remote, and is left aside', (result) => {
    expect(judge({ result }).kind).toBe('left-aside');
  });

  it.each<[string, Partial<RegisteredRemote>, Decision['kind']]>([
    ['is the one that the registry holds', { lastRunId: RUN, lastOutcomeAt: '2026-01-05T09:01:10.000Z' }, 'repeated'],
    ['is another of the same run', { lastRunId: RUN, lastOutcomeAt: '2026-01-05T09:00:10.000Z' }, 'outcome'],
    ['is one of another run', { lastRunId: 'other', lastOutcomeAt: '2026-01-05T09:01:10.000Z' }, 'outcome'],
    [
      'comes after a later one: that is the writer’s to judge',
      { lastRunId: 'x', lastOutcomeAt: '2027-01-05T09:01:10.000Z' },
      'outcome',
    ],
  ])('%s', (_what, item, kind) => {
    expect(judge({}, { ...REMOTE, ...item }).kind).toBe(kind);
  });

  it('is never of the future, by the clock of SQS, and as often as it is delivered says the same', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3e8, max: 3e8 }),
        fc.integer({ min: -10_000, max: 3e8 }),
        fc.constantFrom('synchronized', 'failed'),
        (offset, seconds, result) => {
          const startedAt = toMoment(SENT + offset * 1000).replace('.000Z', 'Z');
          const decision = judge({ startedAt, seconds, result });
          expect(decision).toEqual(judge({ startedAt, seconds, result }));
          if (decision.kind !== 'outcome') throw new Error(decision.kind);
          const { at } = decision.settlement;
          expect(Date.parse(at)).toBe(Math.min(SENT, SENT + offset * 1000 + Math.max(0, seconds) * 1000));
          expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
          const next = { ...REMOTE, lastRunId: RUN, lastOutcomeAt: at };
          expect(judge({ startedAt, seconds, result }, next).kind).toBe('repeated');
        },
      ),
      { seed: 20261123 },
    );
  });
});

describe('a sender', () => {
  const by = (senderId: string) => decide(REMOTE, reported(), { senderId, sentAt: SENT });

  it.each([
    ['a host of another remote', 'AROAEXAMPLE:i-0000000c', 'i-0000000c'],
    ['a function', 'AROAEXAMPLE:dispatch-syncs', 'dispatch-syncs'],
    ['a user', 'AIDAEXAMPLE', 'AIDAEXAMPLE'],
    ['a federated user who calls himself a host', `111122223333:${HOST}`, `111122223333:${HOST}`],
    ['a host without its role', HOST, HOST],
    ['nobody', '', ''],
    ['a session without a name', 'AROAEXAMPLE:', ''],
    ['a host with more behind it', `AROAEXAMPLE:${HOST}:x`, `${HOST}:x`],
    ['a host with a line behind it', `AROAEXAMPLE:${HOST}\n`, `${HOST}\n`],
    ['a host of a role that is none', `aroaexample:${HOST}`, `aroaexample:${HOST}`],
    ['two hosts', `AROAEXAMPLE:${HOST}, ${PARTNER}`, `${HOST}, ${PARTNER}`],
  ])('that is %s is not believed, and the operator is told what to do', (_who, senderId, named) => {
    expect(by(senderId)).toEqual({
      kind: 'refused',
      reason: `the sender is ${named}, and the hosts of stores/one are ${HOST}, ${PARTNER}`,
      fix: `name it among the hosts in the registry, or correct REMOTE in /etc/mobilink-ha/remote.conf of ${named}`,
    });
  });

  it('is not believed about a remote that nobody registered', () => {
    expect(decide(undefined, reported(), { senderId: `AROAEXAMPLE:${HOST}`, sentAt: SENT })).toEqual({
      kind: 'refused',
      reason: 'the registry has no remote stores/one',
      fix: `register it, or correct REMOTE in /etc/mobilink-ha/remote.conf of ${HOST}`,
    });
  });

  it('is not believed either when what it says would be left aside', () => {
    expect(judge({ result: 'busy' }, REMOTE, 'i-0000000c').kind).toBe('refused');
  });
});
