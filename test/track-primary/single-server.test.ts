import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { decide } from '../../lambda/track-primary/core';
import { NO_PRIMARY_AFTER } from '../../lambda/track-primary/decide-pair';
import { readEnvironment } from '../../lambda/track-primary/environment';
import type { PairSeen } from '../../lambda/track-primary/observation';
import { measure } from '../../lambda/track-primary/pair-measures';
import { readRoleAnswer } from '../../lambda/track-primary/role-line';
import { lineOf, PAIR } from './pair-lines';

/* A SQL Anywhere server without a mirror: it has no role, and says so. */

const START = Date.parse('2026-11-23T04:00:00.000Z');
const SERVER = 'store_single';
const NONE =
  'server=store_single;role=none;state=none;partner=none;arbiter=none;mode=none;clock=2026-11-23 04:00:00.000';

function seen(at: number, text: string | undefined): PairSeen {
  const answer =
    text === undefined
      ? { unknown: 'ECONNREFUSED' }
      : readRoleAnswer(SERVER, { text, address: '10.0.0.4', askedAt: at, answeredAt: at });
  const member = { memberId: SERVER, availabilityZone: 'eu-central-1a', host: 'single.store.internal', port: 2638 };
  return { kind: 'pair', at, partners: [{ member, answer }] };
}

function recordAfter(texts: (string | undefined)[], every = 10_000): PrimaryRecord | undefined {
  let record: PrimaryRecord | undefined;
  texts.forEach((text, index) => {
    const at = START + index * every;
    record = decide('store', record, seen(at, text), undefined, at + 50).record;
  });
  return record;
}

describe('a single server', () => {
  it('is primary at its first answer, with its address', () => {
    expect(recordAfter([NONE])).toMatchObject({
      epoch: 1,
      state: 'stable',
      primary: { memberId: SERVER, host: 'single.store.internal', addresses: ['10.0.0.4'] },
    });
  });

  it('is nobody before its first answer, nor while it is a mirror, nor by the answer of another server', () => {
    expect(recordAfter([undefined, undefined])).toBeUndefined();
    expect(recordAfter([NONE.replace('role=none', 'role=mirror')])).toBeUndefined();
    expect(recordAfter([NONE.replace('store_single', 'other_single')])).toBeUndefined();
  });

  it('that is silent fails over, has no primary after two minutes, and is the same primary when it is back', () => {
    const polls = (seconds: number) => Array.from({ length: seconds / 10 }, () => undefined);
    expect(recordAfter([NONE, ...polls(20)])).toMatchObject({ epoch: 1, state: 'failing-over' });
    const silent = [NONE, ...polls(NO_PRIMARY_AFTER / 1000 + 20)];
    expect(recordAfter(silent)).toMatchObject({ epoch: 1, state: 'no-primary' });
    expect(recordAfter([...silent, NONE])).toMatchObject({ epoch: 1, state: 'stable' });
  });

  it('whatever it says in whatever order, has one epoch, and is stable exactly after an answer of its own', () => {
    const word = fc.constantFrom(NONE, undefined, 'garbage', NONE.replace('store_single', 'other_single'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (texts) => {
        const record = recordAfter(texts);
        if (!texts.includes(NONE)) return record === undefined;
        return record?.epoch === 1 && (record.state === 'stable') === (texts.at(-1) === NONE);
      }),
    );
  });

  it('has no mirror whose loss could ring', () => {
    const lost = { mirrorNotSynchronized: false, partnerLost: false, arbiterLost: false };
    expect(measure(seen(START, NONE))).toMatchObject({ ...lost, primariesClaimed: 1 });
    expect(measure(seen(START, undefined))).toMatchObject({ ...lost, primariesClaimed: 0 });
  });

  it('is what the construct may name alone', () => {
    const source = { ...PAIR, members: [{ server: SERVER, host: 'single.store.internal' }] };
    const variables = {
      MOBILINK_DATABASE_ID: 'store',
      MOBILINK_PRIMARY_TABLE: 'Records',
      MOBILINK_PRIMARY_SOURCE: JSON.stringify(source),
      MOBILINK_EVENT_BUS: 'default',
      MOBILINK_METRIC_NAMESPACE: 'MobiLinkHA',
    };
    expect(readEnvironment(variables).source).toMatchObject({ kind: 'sql-anywhere', members: [{ server: SERVER }] });
  });
});

describe('a partner of a pair without a role', () => {
  it('is no primary', () => {
    const partners = PAIR.members.map(({ server, host }) => ({
      member: { memberId: server, host, port: 2638 },
      answer: readRoleAnswer(server, {
        text: lineOf({ server, role: 'none', clock: START }),
        askedAt: START,
        answeredAt: START,
      }),
    }));
    expect(decide('main', undefined, { kind: 'pair', at: START, partners }, undefined, START).record).toBeUndefined();
    expect(measure({ kind: 'pair', at: START, partners }).primariesClaimed).toBe(0);
  });
});
