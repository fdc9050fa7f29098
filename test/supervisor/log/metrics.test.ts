import { describe, expect, test, vi } from 'vitest';
import { embeddedMetrics, unitOf } from '../../../image/supervisor/log/embedded-metrics';
import { meaningOf } from '../../../image/supervisor/log/line-meaning';
import { measures } from '../../../image/supervisor/log/measures';
import { metricFlush } from '../../../image/supervisor/log/metric-flush';
import { KNOWN_NAMES, type MetricSettings, PERIODIC_LINE } from '../../../image/supervisor/metric-settings';

const SETTINGS: MetricSettings = {
  namespace: 'MobiLinkHa',
  farm: 'shops',
  names: KNOWN_NAMES,
  pattern: new RegExp(PERIODIC_LINE),
};
const periodic = (name: string, value: string | number) => `I. 2026-11-23 12:00:00. <Main> PERIODIC: ${name}: ${value}`;

function seeing(lines: readonly string[], settings = SETTINGS) {
  const seen = measures(settings);
  const unknown = lines.flatMap((line) => seen.see(line, meaningOf(line)) ?? []);
  return { seen, unknown };
}

describe('a document of metrics', () => {
  test('has exactly the form that CloudWatch Logs reads', () => {
    const [line, ...others] = embeddedMetrics(
      SETTINGS,
      new Map([
        ['DB_CONNECTIONS', 12],
        ['FREE_DISK_SPACE', 5e9],
      ]),
      1_795_000_000_000,
    );
    expect(others).toEqual([]);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line ?? '')).toEqual({
      _aws: {
        Timestamp: 1_795_000_000_000,
        CloudWatchMetrics: [
          {
            Namespace: 'MobiLinkHa',
            Dimensions: [['Farm']],
            Metrics: [
              { Name: 'DB_CONNECTIONS', Unit: 'Count' },
              { Name: 'FREE_DISK_SPACE', Unit: 'Bytes' },
            ],
          },
        ],
      },
      Farm: 'shops',
      DB_CONNECTIONS: 12,
      FREE_DISK_SPACE: 5_000_000_000,
    });
  });

  test('defines at most 100 metrics', () => {
    const many = new Map(Array.from({ length: 250 }, (_, index) => [`M${index}`, index] as const));
    const documents = embeddedMetrics(SETTINGS, many, 0).map((line) => JSON.parse(line));
    expect(documents.map((it) => it._aws.CloudWatchMetrics[0].Metrics.length)).toEqual([100, 100, 50]);
    for (const document of documents) {
      for (const { Name } of document._aws.CloudWatchMetrics[0].Metrics) expect(document[Name]).toEqual(many.get(Name));
    }
  });

  test('knows the units that SAP names', () => {
    expect(KNOWN_NAMES.map((name) => [name, unitOf(name)])).toEqual([
      ['CMD_PROCESSOR_STAGE_LEN', 'Count'],
      ['CPU_USAGE', 'Microseconds'],
      ['DB_CONNECTIONS', 'Count'],
      ['FREE_DISK_SPACE', 'Bytes'],
      ['HEARTBEAT_STAGE_LEN', 'Count'],
      ['LONGEST_DB_WAIT', 'Microseconds'],
      ['LONGEST_SYNC', 'Microseconds'],
      ['ML_NUM_CONNECTED_CLIENTS', 'Count'],
      ['NUM_COMMITS', 'Count'],
    ]);
  });
});

describe('the lines of a period', () => {
  test('give the last value of each name, and count errors', () => {
    const { seen } = seeing([
      periodic('DB_CONNECTIONS', 3),
      periodic('DB_CONNECTIONS', 4),
      'E. 2026-11-23 12:00:00. <1> [-10002] Consolidated database server or ODBC error: ...',
      'E. 2026-11-23 12:00:00. <1> [-10225] User exception',
      'W. 2026-11-23 12:00:00. <1> [10106] locked',
    ]);
    expect(Object.fromEntries(seen.take())).toEqual({
      DB_CONNECTIONS: 4,
      ServerErrors: 2,
      ServerWarnings: 1,
      DatabaseErrors: 1,
    });
    expect(seen.hasNews).toBe(false);
    expect(Object.fromEntries(seen.take())).toEqual({ ServerErrors: 0, ServerWarnings: 0, DatabaseErrors: 0 });
  });

  test('name what is not known once, and make no metric of it', () => {
    const { seen, unknown } = seeing([periodic('NEW_ONE', 1), periodic('NEW_ONE', 2), periodic('OTHER', 3)]);
    expect(unknown).toEqual(['NEW_ONE', 'OTHER']);
    expect(seen.hasNews).toBe(false);
  });

  test('that say no number are no values', () => {
    const { seen, unknown } = seeing([
      periodic('DB_CONNECTIONS', 'many'),
      periodic('DB_CONNECTIONS', ''),
      'DB_CONNECTIONS: 4',
    ]);
    expect(unknown).toEqual([]);
    expect(seen.hasNews).toBe(false);
  });

  test('are read by the pattern and the names that are given', () => {
    const settings = { ...SETTINGS, names: ['depth', '_aws', 'Farm'], pattern: /(?<name>\w+) is (?<value>.+)/ };
    const { seen } = seeing(['depth is 1e3', 'Farm is 7', '_aws is 8'], settings);
    expect(Object.fromEntries(seen.take())).toMatchObject({ depth: 1_000 });
    expect(Object.keys(Object.fromEntries(seeing(['Farm is 7', '_aws is 8'], settings).seen.take()))).toHaveLength(3);
  });
});

test('a document is written a second after the first value, and then at most once a period', () => {
  vi.useFakeTimers();
  try {
    const printed: { at: number; line: string }[] = [];
    const flush = metricFlush({
      metrics: SETTINGS,
      periodMillis: 60_000,
      print: (line) => printed.push({ at: performance.now(), line }),
      onUnknown: () => {},
      gauges: (now) => ({ CertificateDaysLeft: now }),
    });
    const begin = performance.now();
    for (let second = 0; second < 180; second++) {
      const line = periodic('NUM_COMMITS', second);
      flush.see(line, meaningOf(line));
      vi.advanceTimersByTime(1_000);
    }
    expect(printed.map(({ at }) => Math.round(at - begin))).toEqual([1_000, 61_000, 121_000]);
    expect(JSON.parse(printed[1]?.line ?? '').NUM_COMMITS).toBe(60);
    const [, second] = printed.map(({ line }) => JSON.parse(line));
    expect(second.CertificateDaysLeft).toBe(second._aws.Timestamp);
    flush.flush();
    expect(JSON.parse(printed[3]?.line ?? '').NUM_COMMITS).toBe(179);
  } finally {
    vi.useRealTimers();
  }
});
