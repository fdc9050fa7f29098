import fc from 'fast-check';
import type { Hint, Observation } from '../../lambda/track-primary/core';

/**
 * True histories of one RDS instance in Multi-AZ mode, and what a tracker gets to see of them. Times are milliseconds; everything
 * that moves in an episode moves at a time of its own.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Histories begin at a moment that every clock of the tests agrees on. */
export const BEGINNING = Date.parse('2026-11-23T04:00:00.000Z');

interface Episode {
  readonly kind: 'failover' | 'reboot' | 'abandoned';
  /** From the end of the one before to the start of this one. */
  readonly pause: number;
  /** All that follow are counted from the start of the episode. */
  readonly statusFrom: number;
  readonly statusUntil: number;
  readonly addressAt: number;
  readonly completedAt: number;
  readonly apiTellsAt: number;
  readonly showsStatus: boolean;
  /** For each event, when it is delivered after it happened: none if it is lost, several if it is repeated. */
  readonly deliveries: readonly (readonly number[])[];
}

export interface Truth {
  readonly zone: string;
  readonly status: string;
  readonly addresses: string[];
}

/** One look of the tracker: the truth at that moment, what came back of it, and the event that asked for it. */
export interface Look {
  readonly at: number;
  readonly truth: Truth;
  readonly observation: Observation;
  readonly hint?: Hint;
}

export interface Span {
  readonly kind: Episode['kind'];
  readonly start: number;
  /** When the API tells of it, for a failover. */
  readonly told: number;
  /** When the last of status, address and zone has moved. */
  readonly end: number;
  readonly addressesMove: boolean;
  readonly hinted: boolean;
}

export interface History {
  readonly spans: readonly Span[];
  readonly looks: readonly Look[];
}

const time = (least: number, most: number) => fc.integer({ min: least, max: most });

/** Lost, on time, late (up to 15 minutes), or several of these; their order follows from their delays. */
const delays = fc.array(fc.oneof(time(500, 15 * SECOND), time(15 * SECOND, 15 * MINUTE)), { maxLength: 3 });

const episode: fc.Arbitrary<Episode> = fc.record({
  kind: fc.constantFrom('failover', 'failover', 'reboot', 'abandoned'),
  pause: time(20 * SECOND, 30 * MINUTE),
  statusFrom: time(0, 15 * SECOND),
  statusUntil: time(30 * SECOND, 3 * MINUTE),
  // The name service may follow before completion or after the API.
  addressAt: time(10 * SECOND, 5 * MINUTE),
  completedAt: time(40 * SECOND, 2 * MINUTE),
  apiTellsAt: time(45 * SECOND, 5 * MINUTE),
  showsStatus: fc.boolean(),
  deliveries: fc.array(delays, { minLength: 3, maxLength: 3 }),
});

const noise = fc.record({
  phase: time(0, 9_999),
  /** Which looks get no answer of the API, or none of the name service; a run of failures is at most this list's `true`s in a row. */
  throttled: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }),
  nameless: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }),
});

export const histories: fc.Arbitrary<History> = fc
  .tuple(fc.array(episode, { minLength: 1, maxLength: 4 }), noise)
  .map(([episodes, disturbance]) => tell(episodes, disturbance));

type Noise = typeof noise extends fc.Arbitrary<infer N> ? N : never;

interface Delivery {
  readonly at: number;
  readonly hint: Hint;
}

function tell(episodes: readonly Episode[], disturbance: Noise): History {
  const timeline: { at: number; change: Partial<Truth> }[] = [];
  const deliveries: Delivery[] = [];
  const spans: Span[] = [];
  let zone = 'a';
  let host = 10;
  let clock = BEGINNING + 2 * MINUTE;
  for (const it of episodes) {
    const start = clock + it.pause;
    const moments = [0];
    const change = (offset: number, what: Partial<Truth>) => {
      moments.push(offset);
      timeline.push({ at: start + offset, change: what });
    };
    const fails = it.kind === 'failover';
    if (it.kind === 'reboot' || (fails && it.showsStatus)) {
      change(it.statusFrom, { status: 'rebooting' });
      change(it.statusUntil, { status: 'available' });
    }
    if (fails) {
      zone = zone === 'a' ? 'b' : 'a';
      host += 1;
      change(it.addressAt, { addresses: [`10.0.0.${host}`] });
      change(it.apiTellsAt, { zone });
    }
    const told: [Hint['meaning'], string, number][] = fails
      ? [
          ['failover-began', 'RDS-EVENT-0013', 0],
          ['failover-completed', 'RDS-EVENT-0015', it.completedAt],
          ['failover-completed', 'RDS-EVENT-0049', it.completedAt],
        ]
      : it.kind === 'abandoned'
        ? [
            ['failover-began', 'RDS-EVENT-0013', 0],
            ['failover-abandoned', 'RDS-EVENT-0034', 5 * SECOND],
          ]
        : [['look', 'RDS-EVENT-0006', it.statusUntil]];
    for (const [index, [meaning, eventId, offset]] of told.entries()) {
      const at = start + offset;
      for (const delay of it.deliveries[index] ?? [])
        deliveries.push({ at: at + delay, hint: { meaning, eventId, at } });
    }
    const end = start + Math.max(...moments, ...(fails ? [it.completedAt] : []));
    const hinted = told[0]?.[0] === 'failover-began' && (it.deliveries[0]?.length ?? 0) > 0;
    spans.push({ kind: it.kind, start, told: start + it.apiTellsAt, end, addressesMove: fails, hinted });
    clock = end;
  }
  timeline.sort((one, other) => one.at - other.at);
  const lastDelivery = Math.max(0, ...deliveries.map((it) => it.at));
  const until = Math.max(clock, lastDelivery) + 8 * MINUTE;
  const moments: { at: number; hint?: Hint }[] = [...deliveries.filter((it) => it.at < until)];
  for (let at = BEGINNING + disturbance.phase; at < until; at += 10 * SECOND) moments.push({ at });
  moments.sort((one, other) => one.at - other.at);
  let failures = 0;
  const looks = moments.map(({ at, hint }, index): Look => {
    const truth = truthAt(timeline, at);
    const wanted = disturbance.throttled[index % disturbance.throttled.length] ?? 9;
    // Four looks in a row without an answer at most, so that each zone is seen; the first look is always answered.
    const fails = index > 0 && wanted < 3 && failures < 4;
    failures = fails ? failures + 1 : 0;
    const nameless = (disturbance.nameless[index % disturbance.nameless.length] ?? 9) < 2;
    return {
      at,
      truth,
      hint,
      observation: fails ? { kind: 'unknown', at, reason: 'throttled' } : show(at, truth, nameless),
    };
  });
  return { spans, looks };
}

function truthAt(timeline: readonly { at: number; change: Partial<Truth> }[], at: number): Truth {
  const start: Truth = { zone: 'a', status: 'available', addresses: ['10.0.0.10'] };
  const changes = timeline.filter((it) => it.at <= at).map(({ change }) => change);
  return Object.assign(start, ...changes);
}

function show(at: number, { zone, status, addresses }: Truth, nameless: boolean): Observation {
  const member = { memberId: memberIn(zone), availabilityZone: zone, host: 'db.example', port: 3306 };
  return { kind: 'seen', at, status, member, addresses: nameless ? undefined : addresses };
}

export function memberIn(zone: string): string {
  return `db-1/${zone}`;
}
