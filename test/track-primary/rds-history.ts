import fc from 'fast-check';
import type { Hint, Observation } from '../../lambda/track-primary/core';

/**
 * True histories of one RDS instance in Multi-AZ mode, or of one Multi-AZ DB cluster, and what a tracker gets to see of them. Times are
 * milliseconds; everything that moves in an episode moves at a time of its own.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Histories begin at a moment that every clock of the tests agrees on. */
export const BEGINNING = Date.parse('2026-11-23T04:00:00.000Z');

/** What can happen to a database; `switch-over` is that of a blue/green deployment, where another database takes over the name. */
type Kind = 'failover' | 'reboot' | 'abandoned' | 'switch-over';

interface Episode {
  readonly kind: Kind;
  /** From the end of the one before to the start of this one. */
  readonly pause: number;
  /** All that follow are counted from the start of the episode. */
  readonly statusFrom: number;
  readonly statusUntil: number;
  readonly addressAt: number;
  readonly completedAt: number;
  readonly apiTellsAt: number;
  /** For how long before that the API of a cluster names no writer, or two. */
  readonly nobodyFor: number;
  readonly showsStatus: boolean;
  /** Whether a switch-over leads to another zone. */
  readonly otherZone: boolean;
  /** For each event, when it is delivered after it happened: none if it is lost, several if it is repeated. */
  readonly deliveries: readonly (readonly number[])[];
}

export interface Truth {
  readonly zone: string;
  /** Of the database that has the name. */
  readonly resource: number;
  readonly status: string;
  readonly addresses: string[];
  /** The API names no primary, or more than one. */
  readonly nobody: boolean;
}

/** One look of the tracker: the truth at that moment, what came back of it, and the event that asked for it. */
export interface Look {
  readonly at: number;
  readonly truth: Truth;
  readonly observation: Observation;
  readonly hint?: Hint;
}

export interface Span {
  readonly kind: Kind;
  readonly start: number;
  /** When the API tells of it, for a change of primary. */
  readonly told: number;
  /** When the last of status, address and zone has moved. */
  readonly end: number;
  readonly addressesMove: boolean;
  readonly hinted: boolean;
}

export interface History {
  readonly of: 'instance' | 'cluster';
  readonly spans: readonly Span[];
  readonly looks: readonly Look[];
}

/** Whether the primary is another one afterwards. */
export function changesPrimary({ kind }: Pick<Span, 'kind'>): boolean {
  return kind === 'failover' || kind === 'switch-over';
}

const time = (least: number, most: number) => fc.integer({ min: least, max: most });

/** Lost, on time, late (up to 15 minutes), or several of these; their order follows from their delays. */
const delays = fc.array(fc.oneof(time(500, 15 * SECOND), time(15 * SECOND, 15 * MINUTE)), { maxLength: 3 });

const episode: fc.Arbitrary<Episode> = fc.record({
  kind: fc.constantFrom<Kind>('failover', 'failover', 'reboot', 'abandoned', 'switch-over'),
  // One failover hard upon another, as often as after a while.
  pause: fc.oneof(time(20 * SECOND, MINUTE), time(20 * SECOND, 30 * MINUTE)),
  statusFrom: time(0, 15 * SECOND),
  statusUntil: time(30 * SECOND, 3 * MINUTE),
  // The name service may follow before completion or after the API.
  addressAt: time(10 * SECOND, 5 * MINUTE),
  completedAt: time(40 * SECOND, 2 * MINUTE),
  apiTellsAt: time(45 * SECOND, 5 * MINUTE),
  nobodyFor: time(0, 40 * SECOND),
  showsStatus: fc.boolean(),
  otherZone: fc.boolean(),
  deliveries: fc.array(delays, { minLength: 3, maxLength: 3 }),
});

const noise = fc.record({
  of: fc.constantFrom<History['of']>('instance', 'cluster'),
  phase: time(0, 9_999),
  /** Which looks get no answer of the API, or none of the name service; a run of failures is at most this list's `true`s in a row. */
  throttled: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }),
  nameless: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }),
});

export const histories: fc.Arbitrary<History> = fc
  .tuple(fc.array(episode, { minLength: 1, maxLength: 4 }), noise)
  .map(([episodes, disturbance]) => tell(episodes, disturbance));

/** One change of primary with an API that always answers, its events all on time or all lost: for figures. */
export function changes(
  of: History['of'],
  kind: 'failover' | 'switch-over',
  events: 'all' | 'none',
): fc.Arbitrary<History> {
  const onTime = fc.array(time(500, 15 * SECOND), { minLength: 3, maxLength: 3 });
  return fc.tuple(episode, noise, onTime).map(([it, disturbance, delays]) => {
    const deliveries = delays.map((delay) => (events === 'all' ? [delay] : []));
    return tell([{ ...it, kind, deliveries }], { ...disturbance, of, throttled: [9], nameless: [9] });
  });
}

type Noise = typeof noise extends fc.Arbitrary<infer N> ? N : never;

interface Change {
  readonly at: number;
  readonly change: Partial<Truth>;
}

interface Delivery {
  readonly at: number;
  readonly hint: Hint;
}

function tell(episodes: readonly Episode[], disturbance: Noise): History {
  const ofCluster = disturbance.of === 'cluster';
  const timeline: Change[] = [];
  const deliveries: Delivery[] = [];
  const spans: Span[] = [];
  let zone = 'a';
  let resource = 1;
  let host = 10;
  let lastTold = BEGINNING;
  let clock = BEGINNING + 2 * MINUTE;
  for (const it of episodes) {
    const start = clock + it.pause;
    let last = 0;
    const change = (offset: number, what: Partial<Truth>) => {
      last = Math.max(last, offset);
      timeline.push({ at: start + offset, change: what });
    };
    const changes = changesPrimary(it);
    if (it.kind === 'reboot' || (it.kind === 'failover' && it.showsStatus)) {
      change(it.statusFrom, { status: ofCluster && it.kind === 'failover' ? 'failing-over' : 'rebooting' });
      change(it.statusUntil, { status: 'available' });
    }
    if (changes) {
      if (it.kind === 'switch-over') resource += 1;
      if (it.kind === 'failover' || it.otherZone) zone = zone === 'a' ? 'b' : 'a';
      host += 1;
      change(it.addressAt, { addresses: [`10.0.0.${host}`] });
      // Each primary is named for so long that one of the looks is answered meanwhile.
      const named = lastTold + MINUTE - start;
      if (ofCluster) change(Math.max(0, named, it.apiTellsAt - it.nobodyFor), { nobody: true });
      change(it.apiTellsAt, { zone, resource, nobody: false });
      lastTold = start + it.apiTellsAt;
    }
    for (const [index, [meaning, eventId, offset]] of told(it, ofCluster).entries()) {
      const at = start + offset;
      for (const delay of it.deliveries[index] ?? []) {
        deliveries.push({ at: at + delay, hint: { meaning, eventId, at } });
      }
    }
    const end = start + Math.max(last, changes ? it.completedAt : 0);
    const began = it.kind === 'failover' || it.kind === 'abandoned';
    const hinted = began && (it.deliveries[0]?.length ?? 0) > 0;
    spans.push({ kind: it.kind, start, told: start + it.apiTellsAt, end, addressesMove: changes, hinted });
    clock = end;
  }
  return { of: disturbance.of, spans, looks: looksAt(timeline, deliveries, clock, disturbance) };
}

/** What RDS says of an episode: each event's meaning, its id, and when it happens. */
function told(it: Episode, ofCluster: boolean): [Hint['meaning'], string, number][] {
  switch (it.kind) {
    case 'failover':
      return ofCluster
        ? [
            ['failover-began', 'RDS-EVENT-0073', 0],
            ['failover-completed', 'RDS-EVENT-0071', it.completedAt],
          ]
        : [
            ['failover-began', 'RDS-EVENT-0013', 0],
            ['failover-completed', 'RDS-EVENT-0015', it.completedAt],
            ['failover-completed', 'RDS-EVENT-0049', it.completedAt],
          ];
    case 'abandoned':
      return [
        ['failover-began', ofCluster ? 'RDS-EVENT-0073' : 'RDS-EVENT-0013', 0],
        ['failover-abandoned', ofCluster ? 'RDS-EVENT-0069' : 'RDS-EVENT-0034', 5 * SECOND],
        ...(ofCluster
          ? ([['failover-abandoned', 'RDS-EVENT-0070', 6 * SECOND]] as [Hint['meaning'], string, number][])
          : []),
      ];
    case 'switch-over':
      return [
        ['look', 'RDS-EVENT-0247', 0],
        ['look', 'RDS-EVENT-0251', it.completedAt],
        ['look', 'RDS-EVENT-0248', it.completedAt],
      ];
    case 'reboot':
      return [['look', 'RDS-EVENT-0006', it.statusUntil]];
  }
}

function looksAt(timeline: Change[], deliveries: readonly Delivery[], end: number, disturbance: Noise): Look[] {
  timeline.sort((one, other) => one.at - other.at);
  const lastDelivery = deliveries.reduce((last, { at }) => Math.max(last, at), 0);
  const until = Math.max(end, lastDelivery) + 8 * MINUTE;
  const moments: { at: number; hint?: Hint }[] = deliveries.filter((it) => it.at < until);
  for (let at = BEGINNING + disturbance.phase; at < until; at += 10 * SECOND) moments.push({ at });
  moments.sort((one, other) => one.at - other.at);
  const { throttled, nameless } = disturbance;
  let truth: Truth = { zone: 'a', resource: 1, status: 'available', addresses: ['10.0.0.10'], nobody: false };
  let done = 0;
  let failures = 0;
  return moments.map(({ at, hint }, index): Look => {
    for (let next = timeline[done]; next && next.at <= at; next = timeline[++done])
      truth = { ...truth, ...next.change };
    // Four looks in a row without an answer at most, so that each zone is seen; the first look is always answered.
    const fails = index > 0 && (throttled[index % throttled.length] ?? 9) < 3 && failures < 4;
    failures = fails ? failures + 1 : 0;
    const unnamed = (nameless[index % nameless.length] ?? 9) < 2;
    return {
      at,
      truth,
      hint,
      observation: fails ? { kind: 'unknown', at, reason: 'throttled' } : show(at, truth, unnamed),
    };
  });
}

function show(at: number, truth: Truth, unnamed: boolean): Observation {
  const { status, zone, addresses, nobody } = truth;
  if (nobody) return { kind: 'seen', at, status };
  const member = { memberId: memberOf(truth), availabilityZone: zone, host: 'db.example', port: 3306 };
  return { kind: 'seen', at, status, member, addresses: unnamed ? undefined : addresses };
}

export function memberOf({ resource, zone }: Truth): string {
  return `db-${resource}/${zone}`;
}
