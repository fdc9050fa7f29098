import { describe, expect, it } from 'vitest';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import {
  decide,
  FAILOVER_SETTLES_AFTER,
  HINT_IS_OLD_AFTER,
  type Hint,
  type Observation,
  REBOOT_SETTLES_AFTER,
  UNWATCHED_AFTER,
} from '../../lambda/track-primary/core';
import { meaningOf } from '../../lambda/track-primary/instance-status';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const START = Date.parse('2026-11-23T04:00:00.000Z');
const OLD = ['10.0.1.10'];
const NEW = ['10.0.2.20'];

/** What the source shows at a moment, in seconds after the start. */
interface Look {
  readonly at: number;
  readonly zone?: string;
  readonly status?: string;
  readonly addresses?: string[];
  readonly event?: { id: Hint['meaning']; at: number };
  readonly answer?: 'absent' | 'none';
}

function observe(look: Look): Observation {
  const at = START + look.at * SECOND;
  if (look.answer === 'absent') return { kind: 'absent', at };
  if (look.answer === 'none') return { kind: 'unknown', at, reason: 'ThrottlingException' };
  const zone = look.zone ?? 'a';
  const member = { memberId: `db-1/${zone}`, availabilityZone: zone, host: 'db.example', port: 3306 };
  return { kind: 'seen', at, status: look.status ?? 'available', member, addresses: look.addresses ?? OLD };
}

function recordAfter(...looks: Look[]): PrimaryRecord | undefined {
  return looks.reduce<PrimaryRecord | undefined>((record, look) => {
    const hint = look.event && {
      meaning: look.event.id,
      eventId: 'RDS-EVENT',
      at: START + look.event.at * SECOND,
    };
    return decide('main', record, observe(look), hint, START + look.at * SECOND).record;
  }, undefined);
}

function every(step: number, from: number, to: number, look: Omit<Look, 'at'> = {}): Look[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => ({
    ...look,
    at: from + index * step,
  }));
}

const first = { at: 0 };
const day = 86_400;
/** A tracker that has looked for a day and is asked a second ago. */
const steady = [first, { at: day - 1 }];
const began = { id: 'failover-began', at: day } as const;

describe('one look', () => {
  it.each<[rule: string, looks: Look[], epoch: number, state: PrimaryRecord['state']]>([
    ['the first primary that serves is epoch 1', [first], 1, 'stable'],
    ['the API names another zone', [...steady, { at: day, zone: 'b', addresses: NEW }], 2, 'stable'],
    [
      'it names it while the status still reboots',
      [...steady, { at: day, zone: 'b', status: 'rebooting' }],
      2,
      'failing-over',
    ],
    ['it names it with a status nobody knows', [...steady, { at: day, zone: 'b', status: 'dancing' }], 2, 'stable'],
    ['the status reboots', [...steady, { at: day, status: 'rebooting' }], 1, 'failing-over'],
    ['the status is unknown', [...steady, { at: day, status: 'dancing' }], 1, 'stable'],
    ['the instance is modified', [...steady, { at: day, status: 'modifying' }], 1, 'stable'],
    ['the instance is stopped', [...steady, { at: day, status: 'stopped' }], 1, 'no-primary'],
    [
      'its key is lost',
      [...steady, { at: day, status: 'inaccessible-encryption-credentials-recoverable' }],
      1,
      'no-primary',
    ],
    ['its network is incompatible', [...steady, { at: day, status: 'incompatible-network' }], 1, 'no-primary'],
    ['it was stopped and serves again', [...steady, { at: day, status: 'stopped' }, { at: day + 600 }], 1, 'stable'],
    ['it is not found once', [...steady, { at: day, answer: 'absent' }], 1, 'stable'],
    [
      'it is not found twice',
      [...steady, { at: day, answer: 'absent' }, { at: day + 10, answer: 'absent' }],
      1,
      'no-primary',
    ],
    [
      'it is not found, found, not found',
      [...steady, { at: day, answer: 'absent' }, { at: day + 10 }, { at: day + 20, answer: 'absent' }],
      1,
      'stable',
    ],
    ['the endpoint leads elsewhere', [...steady, { at: day, addresses: NEW }], 1, 'failing-over'],
    ['the name service gives no answer', [...steady, { at: day, addresses: [] }], 1, 'stable'],
    ['one of several addresses is replaced', [...steady, { at: day, addresses: [...OLD, ...NEW] }], 1, 'stable'],
    ['an event says that a failover began', [...steady, { at: day + 2, event: began }], 1, 'failing-over'],
    [
      'the event is of the time before the present state',
      [...steady, { at: day, zone: 'b' }, { at: day + 1, zone: 'b', event: { id: 'failover-began', at: day - 60 } }],
      2,
      'stable',
    ],
    ['the event is too old', [...steady, { at: day + HINT_IS_OLD_AFTER / SECOND + 1, event: began }], 1, 'stable'],
    [
      'an event says that a failover is complete',
      [...steady, { at: day, event: { id: 'failover-completed', at: day } }],
      1,
      'stable',
    ],
    ['an event of another kind', [...steady, { at: day, event: { id: 'look', at: day } }], 1, 'stable'],
    ['no answer', [...steady, { at: day, answer: 'none' }], 1, 'stable'],
    ['an event, and no answer', [...steady, { at: day, answer: 'none', event: began }], 1, 'stable'],
  ])('%s', (_rule, looks, epoch, state) => {
    expect(recordAfter(...looks)).toMatchObject({ epoch, state });
  });

  it.each(['rebooting', 'creating', 'dancing', 'stopped'])(
    'nothing is recorded before the first primary serves: %s',
    (status) => {
      expect(recordAfter({ at: 0, status })).toBeUndefined();
    },
  );
});

describe('the way out of a failover that changed nothing', () => {
  const reboot = { at: day, status: 'rebooting' };
  const hinted = { at: day + 2, event: began };
  const moved = { at: day, addresses: NEW };
  const rebootEnds = day + REBOOT_SETTLES_AFTER / SECOND;
  const failoverEnds = day + FAILOVER_SETTLES_AFTER / SECOND;

  it.each<[rule: string, looks: Look[], state: PrimaryRecord['state']]>([
    ['a plain reboot, shortly before', [reboot, ...every(10, day + 10, rebootEnds - 10)], 'failing-over'],
    ['a plain reboot', [reboot, ...every(10, day + 10, rebootEnds)], 'stable'],
    [
      'looks that are 10.01 s apart do not restart it',
      [reboot, ...every(10.01, day + 10.01, rebootEnds + 30)],
      'stable',
    ],
    [
      'an event that says that a failover began, shortly before',
      [hinted, ...every(10, day + 10, failoverEnds - 10)],
      'failing-over',
    ],
    ['an event that says that a failover began', [hinted, ...every(10, day + 10, failoverEnds + 10)], 'stable'],
    [
      'the event comes after the status told',
      [reboot, { ...hinted, at: day + 9 }, ...every(10, day + 10, failoverEnds - 10)],
      'failing-over',
    ],
    [
      'the event repeated does not prolong it',
      [
        hinted,
        ...every(10, day + 10, failoverEnds - 10),
        { ...hinted, at: failoverEnds - 5 },
        { at: failoverEnds + 5 },
      ],
      'stable',
    ],
    [
      'another address, shortly before',
      [moved, ...every(10, day + 10, failoverEnds - 10, { addresses: NEW })],
      'failing-over',
    ],
    ['another address', [moved, ...every(10, day + 10, failoverEnds, { addresses: NEW })], 'stable'],
    ['abandoned', [hinted, { at: day + 20, event: { id: 'failover-abandoned', at: day + 1 } }], 'stable'],
    [
      'abandoned, of a failover before',
      [hinted, { at: day + 20, event: { id: 'failover-abandoned', at: day - 5 } }],
      'failing-over',
    ],
    [
      'abandoned, but not serving',
      [hinted, { at: day + 20, status: 'rebooting', event: { id: 'failover-abandoned', at: day + 1 } }],
      'failing-over',
    ],
    [
      'abandoned, but at another address',
      [hinted, { at: day + 20, addresses: NEW, event: { id: 'failover-abandoned', at: day + 1 } }],
      'failing-over',
    ],
    [
      'abandoned, at an address that nobody tells',
      [hinted, { at: day + 20, addresses: [], event: { id: 'failover-abandoned', at: day + 1 } }],
      'failing-over',
    ],
    [
      'one look after a pause proves no minute of service',
      [reboot, { at: day + UNWATCHED_AFTER / SECOND + 1 }],
      'failing-over',
    ],
    [
      'a status that says nothing is no service',
      [reboot, ...every(10, day + 10, rebootEnds - 10, { status: 'maintenance' }), { at: rebootEnds }],
      'failing-over',
    ],
  ])('%s', (_rule, looks, state) => {
    expect(recordAfter(...steady, ...looks)).toMatchObject({ epoch: 1, state });
  });

  it('takes the new address over in the same epoch', () => {
    const settled = recordAfter(...steady, moved, ...every(10, day + 10, failoverEnds, { addresses: NEW }));
    expect(settled).toMatchObject({ epoch: 1, state: 'stable', primary: { addresses: NEW } });
    expect(settled?.movedTo).toBeUndefined();
    expect(settled?.quietSince).toBeUndefined();
  });

  it.each([60, 600])('an address that follows the API %d s late is the end of the same failover', (lag) => {
    const looks = [
      { at: day, zone: 'b' },
      { at: day + lag, zone: 'b', addresses: NEW },
    ];
    expect(recordAfter(...steady, ...looks)).toMatchObject({ epoch: 2, state: 'stable', primary: { addresses: NEW } });
  });
});

describe('what a record remembers', () => {
  it('an address that moves long after its own change of primary is evidence again', () => {
    const record = recordAfter(
      ...steady,
      { at: day, zone: 'b', addresses: NEW },
      { at: 2 * day - 10, zone: 'b', addresses: NEW },
      { at: 2 * day, zone: 'b', addresses: OLD },
    );
    expect(record).toMatchObject({ epoch: 2, state: 'failing-over' });
  });

  it.each<[what: string, looks: Look[]]>([
    ['the name service was silent since the change', every(10, day, day + 600, { zone: 'b', addresses: [] })],
    [
      'the name service fell silent while the change could still move the name',
      [
        ...every(10, day, day + 290, { zone: 'b', addresses: NEW }),
        ...every(10, day + 300, day + 600, { zone: 'b', addresses: [] }),
      ],
    ],
    ['nobody looked since the change', [{ at: day, zone: 'b', addresses: NEW }]],
  ])('an address that is heard late may belong to the change before: %s', (_what, looks) => {
    const record = recordAfter(...steady, ...looks, { at: day + 610, zone: 'b', addresses: ['10.0.0.9'] });
    expect(record).toMatchObject({ epoch: 2, state: 'stable', primary: { addresses: ['10.0.0.9'] } });
    expect(record?.unresolvedSince).toBeUndefined();
  });

  it('an address that is heard late is evidence when the name service fell silent after the change was complete', () => {
    const record = recordAfter(
      ...steady,
      ...every(10, day, day + 400, { zone: 'b', addresses: NEW }),
      ...every(10, day + 410, day + 600, { zone: 'b', addresses: [] }),
      { at: day + 610, zone: 'b', addresses: ['10.0.0.9'] },
    );
    expect(record).toMatchObject({ epoch: 2, state: 'failing-over' });
  });

  it.each<[when: string, looks: Look[], addresses: string[]]>([
    ['before the failover', [{ at: day, zone: 'b', addresses: [] }], OLD],
    [
      'during the failover',
      [
        { at: day, addresses: NEW },
        { at: day + 9, zone: 'b', addresses: [] },
      ],
      NEW,
    ],
  ])('where the name led %s, when the name service is silent at the change', (_when, looks, addresses) => {
    expect(recordAfter(...steady, ...looks)?.primary.addresses).toEqual(addresses);
  });

  it('the member before, and since when the present one is primary', () => {
    const moment = day + 10;
    const record = recordAfter(
      ...steady,
      { at: moment, zone: 'b' },
      ...every(10, moment + 10, moment + 60, { zone: 'b' }),
    );
    expect(record?.previousMemberId).toBe('db-1/a');
    expect(record?.since).toBe(new Date(START + moment * SECOND).toISOString());
  });

  it('the beginning of a failover, when it is over too', () => {
    const record = recordAfter(...steady, { at: day, status: 'rebooting' }, { at: day + 90, zone: 'b' });
    expect(record).toMatchObject({ state: 'stable', failoverSince: new Date(START + day * SECOND).toISOString() });
  });

  it('nothing of an observation that began before the last one', () => {
    const record = recordAfter(first);
    const decision = decide('main', record, observe({ at: -5, zone: 'b' }), undefined, START + SECOND);
    expect(decision).toEqual({ record, changed: false });
  });

  it('a clock that ran ahead does not blind the tracker', () => {
    const record = recordAfter({ at: 3_600 });
    const decision = decide('main', record, observe({ at: 10, zone: 'b' }), undefined, START + 10 * SECOND);
    expect(decision.record).toMatchObject({ epoch: 2, primary: { availabilityZone: 'b' } });
  });

  it('an unchanged look changes nothing but the time of the look', () => {
    const record = recordAfter(first);
    const decision = decide('main', record, observe({ at: 10 }), undefined, START + 10 * SECOND);
    expect(decision.changed).toBe(false);
    expect(decision.record).toEqual({ ...record, observedAt: new Date(START + 10 * SECOND).toISOString() });
  });

  it('settle times are ordered as their reasons are', () => {
    expect(REBOOT_SETTLES_AFTER).toBeLessThan(FAILOVER_SETTLES_AFTER);
    expect(FAILOVER_SETTLES_AFTER).toBeLessThan(HINT_IS_OLD_AFTER);
    expect(UNWATCHED_AFTER).toBeGreaterThan(MINUTE);
  });
});

describe('a status', () => {
  it.each([
    ['storage-optimization', 'serves'],
    ['configuring-log-exports', 'serves'],
    ['upgrading', 'out-of-service'],
    ['failed', 'gone'],
    ['incompatible-parameters', 'gone'],
    ['maintenance', 'says-nothing'],
    ['storage-full', 'says-nothing'],
    ['', 'says-nothing'],
  ])('%s %s', (status, meaning) => {
    expect(meaningOf(status)).toBe(meaning);
  });
});
