import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/* Which slot of a schedule is due at a moment: the script's arithmetic, compared with the zones of Node's own ICU, minute by minute. */

const HOST = path.join(__dirname, '../../host');
/** Zones whose rules every version of the tz database of the last years tells alike. */
const ZONES = [
  'Etc/UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Auckland',
  'America/Santiago',
];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

interface Case {
  readonly zone: string;
  readonly times: { at: number } | { every: number; from: number; to: number };
  readonly days?: string[];
  /** Milliseconds since 1970, whole minutes. */
  readonly now: number;
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

function lineOf({ zone, times, days }: Case): string {
  const when =
    'at' in times ? `at=${clock(times.at)}` : `every=${times.every};from=${clock(times.from)};to=${clock(times.to)}`;
  return `name=x;zone=${zone};${when}${days ? `;days=${days.join(',')}` : ''};catchUp=1`;
}

/** All slots that the script finds, in one shell. */
function found(cases: Case[]): (number | undefined)[] {
  const text = readFileSync(path.join(HOST, 'sync-due.sh'), 'utf8');
  const slots = text.slice(text.indexOf('# --- slots'), text.indexOf('# --- a schedule'));
  const program = `set -u; export LC_ALL=C; . ${HOST}/remote-configuration.sh; wrong='' slot='' moment=0
${slots}
while IFS='|' read -r now line; do read_schedule "$line" || echo "$wrong" >&2; latest_slot "$now"; echo "slot \${slot}"; done`;
  const input = cases.map((it) => `${it.now / 1000}|${lineOf(it)}\n`).join('');
  const output = execFileSync('bash', ['-c', program], { input, encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => (line === 'slot' || line === 'slot ' ? undefined : Number(line.slice(5)) * 1000));
}

const formats = new Map<string, Intl.DateTimeFormat>();
function local(zone: string, at: number): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'short',
    });
    formats.set(zone, format);
  }
  return format.format(at);
}

/** Walks through the minutes of four days: a slot is the first minute that reads so, or the first one that reads later. */
function expected({ zone, times, days, now }: Case): number | undefined {
  const minutes = 'at' in times ? [times.at] : slotsOf(times);
  let latest: number | undefined;
  const seen = new Set<string>();
  const start = now - 4 * DAY;
  let before = local(zone, start - MINUTE);
  for (let at = start; at <= now; at += MINUTE) {
    const reads = local(zone, at);
    // All readings that this minute brings, with those that a gap before it left out.
    for (const minute of minutes) {
      for (const day of new Set([reads.slice(0, 10), before.slice(0, 10)])) {
        const slot = `${day} ${clock(minute)}`;
        if (seen.has(slot) || slot <= before || slot > reads) continue;
        seen.add(slot);
        if (days && !days.includes(WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '')) continue;
        latest = at;
      }
    }
    if (reads > before) before = reads;
  }
  if (latest === undefined) return undefined;
  // The script looks at today and the two days before, by the zone's calendar.
  const daysBack = [0, 1, 2].map((back) => local(zone, now - back * DAY).slice(0, 10));
  return daysBack.includes(local(zone, latest).slice(0, 10)) ? latest : undefined;
}

function slotsOf({ every, from, to }: { every: number; from: number; to: number }): number[] {
  const slots = [];
  for (let minute = from; minute < to; minute += every) slots.push(minute);
  return slots;
}

/** Changes of summer time of 2026, from the tz database, and any moment. */
const NEAR_CHANGES = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2026-04-05T03:00:00Z',
  '2026-09-06T04:00:00Z',
].map((text) => Date.parse(text));
const moments = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...NEAR_CHANGES), fc.integer({ min: -1500, max: 1500 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant(Date.parse('2026-06-01T00:00:00Z')), fc.integer({ min: 0, max: 200_000 })),
  },
);
const minuteOfDay = fc.oneof(fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 1439 }));
const cases: fc.Arbitrary<Case> = fc.record({
  zone: fc.constantFrom(...ZONES),
  times: fc.oneof(
    fc.record({ at: minuteOfDay }),
    fc
      .record({ every: fc.integer({ min: 1, max: 600 }), from: minuteOfDay, length: fc.integer({ min: 1, max: 1439 }) })
      .map(({ every, from, length }) => ({ every, from, to: Math.min(1440, from + length) })),
  ),
  days: fc.option(fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }), { nil: undefined }),
  now: moments.map(([at, minutes]) => at + minutes * MINUTE),
});

describe('the slot that is due', () => {
  it('is the latest one in the zone of the schedule, through summer time and back', () => {
    const count = Number(process.env.SLOT_CASES ?? 80);
    const drawn = fc.sample(cases, { numRuns: count, seed: Number(process.env.SLOT_SEED ?? 20261123) });
    const said = found(drawn);
    const wrong = drawn.flatMap((it, index) => {
      const right = expected(it);
      if (right === said[index]) return [];
      const iso = (at: number | undefined) => (at === undefined ? 'none' : new Date(at).toISOString());
      return [`${lineOf(it)} at ${iso(it.now)}: ${iso(said[index])}, should be ${iso(right)}`];
    });
    expect(wrong).toEqual([]);
    expect(said.filter((it) => it !== undefined).length).toBeGreaterThan(count / 2);
  });
});
