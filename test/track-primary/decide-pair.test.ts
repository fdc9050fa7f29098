import { describe, expect, it } from 'vitest';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { decide } from '../../lambda/track-primary/core';
import { loneClaim, NO_PRIMARY_AFTER, SECOND_LOOK_AFTER } from '../../lambda/track-primary/decide-pair';
import type { Candidate, NoReport, PairSeen, RoleReport } from '../../lambda/track-primary/observation';
import { measure } from '../../lambda/track-primary/pair-measures';
import { UNWATCHED_AFTER } from '../../lambda/track-primary/record-states';
import { FIRST, OTHER, PAIR } from './pair-lines';

const START = Date.parse('2026-11-23T04:00:00.000Z');

type Voice = RoleReport | NoReport;

function voice(role: string, words: Partial<RoleReport> = {}): RoleReport {
  const links = { state: 'synchronized', partner: 'connected', arbiter: 'connected', mode: 'synchronous' };
  return { role, ...links, clockSkew: 0, ...words };
}

const SILENT: NoReport = { unknown: 'ECONNREFUSED' };
const P = voice('primary');
const M = voice('mirror');
const alone = voice('primary', { partner: 'disconnected' });
const lonely = voice('primary', { partner: 'disconnected', arbiter: 'disconnected' });

/** What both say at a moment, in seconds after the start. */
type Look = [at: number, first: Voice, other: Voice];

function seen([at, ...voices]: Look, candidate?: Candidate): PairSeen {
  const partners = PAIR.members.map(({ server, host, availabilityZone }, index) => ({
    member: { memberId: server, availabilityZone, host, port: PAIR.databasePort },
    answer: voices[index] ?? SILENT,
  }));
  return { kind: 'pair', at: START + at * 1000, partners, candidate };
}

function recordAfter(...looks: Look[]): PrimaryRecord | undefined {
  let record: PrimaryRecord | undefined;
  let candidate: Candidate | undefined;
  for (const look of looks) {
    const observation = seen(look, candidate);
    candidate = loneClaim(observation);
    record = decide('main', record, observation, undefined, observation.at + 50).record;
  }
  return record;
}

const begun: Look = [0, P, M];
const soon = NO_PRIMARY_AFTER / 1000;

describe('what two partners say', () => {
  it.each<[rule: string, looks: Look[], who: string, epoch: number, state: PrimaryRecord['state']]>([
    ['one claims, the other is the mirror', [begun], FIRST, 1, 'stable'],
    ['the roles are changed', [begun, [10, M, P]], OTHER, 2, 'stable'],
    ['the mirror is silent', [begun, [10, P, SILENT]], FIRST, 1, 'stable'],
    [
      'the mirror is silent and the arbiter is lost, for long',
      [
        begun,
        [10, voice('primary', { arbiter: 'disconnected' }), SILENT],
        [400, voice('primary', { arbiter: 'disconnected' }), SILENT],
      ],
      FIRST,
      1,
      'stable',
    ],
    ['the primary says that it has lost both', [begun, [10, lonely, SILENT]], FIRST, 1, 'failing-over'],
    ['nobody claims', [begun, [10, SILENT, M]], FIRST, 1, 'failing-over'],
    ['nobody answers', [begun, [10, SILENT, SILENT]], FIRST, 1, 'failing-over'],
    ['another word than mirror is none', [begun, [10, voice('none'), voice('none')]], FIRST, 1, 'failing-over'],
    [
      'nobody claims, shortly before it is no primary',
      [begun, [10, SILENT, M], [9 + soon, SILENT, M]],
      FIRST,
      1,
      'failing-over',
    ],
    ['nobody claims for long', [begun, [10, SILENT, M], [11 + soon, SILENT, M]], FIRST, 1, 'no-primary'],
    ['a survivor claims once', [begun, [10, SILENT, alone]], FIRST, 1, 'failing-over'],
    ['a survivor claims in two looks', [begun, [10, SILENT, alone], [20, SILENT, alone]], OTHER, 2, 'stable'],
    ['the second look comes at once', [begun, [10, SILENT, alone], [11, SILENT, alone]], FIRST, 1, 'failing-over'],
    [
      'and then a third',
      [begun, [10, SILENT, alone], [11, SILENT, alone], [10 + SECOND_LOOK_AFTER / 1000, SILENT, alone]],
      OTHER,
      2,
      'stable',
    ],
    [
      'the second look comes after a pause',
      [begun, [10, SILENT, alone], [11 + UNWATCHED_AFTER / 1000, SILENT, alone]],
      FIRST,
      1,
      'failing-over',
    ],
    [
      'nobody claims between the two looks',
      [begun, [10, SILENT, alone], [20, SILENT, SILENT], [30, SILENT, alone]],
      FIRST,
      1,
      'failing-over',
    ],
    [
      'the old one claims between the two looks',
      [begun, [10, SILENT, alone], [20, P, alone], [30, SILENT, alone]],
      FIRST,
      1,
      'failing-over',
    ],
    [
      'a survivor does not see the arbiter',
      [begun, [10, SILENT, lonely], [20, SILENT, lonely], [30, SILENT, lonely]],
      FIRST,
      1,
      'failing-over',
    ],
    [
      'a survivor sees its partner and not the arbiter',
      [
        begun,
        [10, SILENT, voice('primary', { arbiter: 'disconnected' })],
        [20, SILENT, voice('primary', { arbiter: 'disconnected' })],
      ],
      FIRST,
      1,
      'failing-over',
    ],
    [
      'a survivor saw the arbiter in one look of two',
      [begun, [10, SILENT, lonely], [20, SILENT, alone]],
      FIRST,
      1,
      'failing-over',
    ],
    ['both claim', [begun, [10, P, alone]], FIRST, 1, 'two-primaries'],
    ['both claim, then the old one is silent', [begun, [10, P, alone], [20, SILENT, alone]], FIRST, 1, 'failing-over'],
    ['both claim, then the old one is the mirror', [begun, [10, P, alone], [20, M, P]], OTHER, 2, 'stable'],
    ['both claim, then the old one alone, once', [begun, [10, P, alone], [20, P, SILENT]], FIRST, 1, 'failing-over'],
    [
      'both claim, then the old one alone, twice',
      [begun, [10, P, alone], [20, P, SILENT], [30, P, SILENT]],
      FIRST,
      1,
      'stable',
    ],
    [
      'the same primary comes back after there was none',
      [begun, [10, SILENT, M], [11 + soon, SILENT, M], [300, P, M]],
      FIRST,
      1,
      'stable',
    ],
    [
      'a lone claim when there is no primary',
      [begun, [10, SILENT, M], [11 + soon, SILENT, M], [300, SILENT, alone]],
      FIRST,
      1,
      'no-primary',
    ],
    [
      'a lone claim just when there would be none',
      [begun, [10, SILENT, M], [11 + soon, SILENT, alone]],
      FIRST,
      1,
      'failing-over',
    ],
    [
      'without a record, a lone claim in two looks',
      [
        [0, P, SILENT],
        [10, P, SILENT],
      ],
      FIRST,
      1,
      'stable',
    ],
  ])('%s', (_rule, looks, who, epoch, state) => {
    expect(recordAfter(...looks)).toMatchObject({ primary: { memberId: who }, epoch, state });
  });

  it.each<[rule: string, looks: Look[]]>([
    [
      'both claim',
      [
        [0, P, P],
        [10, P, P],
      ],
    ],
    ['nobody claims', [[0, M, M]]],
    ['one claims alone, once', [[0, P, SILENT]]],
    [
      'one claims alone, twice, and sees the arbiter once',
      [
        [0, lonely, SILENT],
        [10, alone, SILENT],
      ],
    ],
  ])('nothing is recorded while there is no record and %s', (_rule, looks) => {
    expect(recordAfter(...looks)).toBeUndefined();
  });

  it('a candidate stands in the record until the second look, and with the time of the first', () => {
    const waiting = recordAfter(begun, [10, SILENT, alone], [12, SILENT, alone]);
    expect(waiting?.candidate).toEqual({ memberId: OTHER, seenAt: new Date(START + 10_000).toISOString() });
    expect(recordAfter(begun, [10, SILENT, alone], [20, SILENT, alone])?.candidate).toBeUndefined();
  });

  it('a record knows where the primary is, and an unchanged look writes nothing, in whatever order its fields are stored', () => {
    const at = { address: '10.0.1.10' };
    const record = recordAfter([0, voice('primary', at), M]);
    const [{ availabilityZone, host }] = PAIR.members as [(typeof PAIR.members)[0]];
    const primary = { memberId: FIRST, availabilityZone, host, port: 2638, addresses: ['10.0.1.10'] };
    expect(record?.primary).toEqual(primary);
    const reversed = (it: object): object =>
      Object.fromEntries(
        Object.entries(it)
          .reverse()
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [key, typeof value === 'object' && !Array.isArray(value) ? reversed(value) : value]),
      );
    const stored = reversed(record ?? {}) as PrimaryRecord;
    const again = (words: Partial<RoleReport>) =>
      decide('main', stored, seen([10, voice('primary', words), M]), undefined, START + 10_050);
    expect(again(at).changed).toBe(false);
    expect(again({ address: '10.0.1.11' })).toMatchObject({ changed: true, record: { epoch: 1, state: 'stable' } });
  });
});

describe('what a look says of the health of a pair', () => {
  const well = { primariesClaimed: 1, mirrorNotSynchronized: false, partnerLost: false, arbiterLost: false };
  it.each<[what: string, first: Voice, other: Voice, expected: Partial<ReturnType<typeof measure>>]>([
    ['all is well', P, M, well],
    ['the mirror is silent', P, SILENT, well],
    [
      'the mirror catches up',
      voice('primary', { state: 'synchronizing' }),
      M,
      { ...well, mirrorNotSynchronized: true },
    ],
    ['the mirror is lost', alone, SILENT, { ...well, partnerLost: true }],
    ['the arbiter is lost', voice('primary', { arbiter: 'disconnected' }), M, { ...well, arbiterLost: true }],
    [
      'both claim, one of them lonely',
      P,
      lonely,
      { primariesClaimed: 2, partnerLost: true, arbiterLost: true, mirrorNotSynchronized: false },
    ],
    [
      'nobody claims',
      SILENT,
      M,
      { primariesClaimed: 0, partnerLost: true, arbiterLost: true, mirrorNotSynchronized: true },
    ],
    [
      'the worse clock',
      voice('primary', { clockSkew: 20 }),
      voice('mirror', { clockSkew: 1500 }),
      { ...well, clockSkew: 1500 },
    ],
    ['nobody answers', SILENT, SILENT, { primariesClaimed: 0, clockSkew: undefined }],
  ])('%s', (_what, first, other, expected) => {
    expect(measure(seen([0, first, other]))).toMatchObject(expected);
  });
});
