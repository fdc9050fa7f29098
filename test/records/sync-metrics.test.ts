import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_COUNTS } from '../../lambda/collect-syncs/counts';
import { CollectMetrics } from '../../lambda/collect-syncs/metrics';
import { DispatchMetrics } from '../../lambda/dispatch-syncs/metrics';
import { SYNC_DIMENSION, SYNC_METRICS } from '../../lambda/records/sync-metrics';
import { OUTCOMES } from '../../lambda/records/sync-outcome';
import { RUN } from './round-fixture';

/* What CloudWatch reads in the log: its embedded metric format. */

interface Line extends Record<string, unknown> {
  readonly _aws: {
    readonly CloudWatchMetrics: {
      readonly Namespace: string;
      readonly Dimensions: string[][];
      readonly Metrics: { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

let written: string;

beforeEach(() => {
  written = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

function measured(): Line[] {
  return written
    .split('\n')
    .filter((line) => line.includes('CloudWatchMetrics'))
    .map((line) => JSON.parse(line) as Line);
}

/** All samples of a metric; a line that alarms would not find is an error. */
function samples(name: string, unit: string): number[] {
  return measured().flatMap((line) => {
    const [{ Namespace, Dimensions, Metrics } = { Namespace: '', Dimensions: [], Metrics: [] }] =
      line._aws.CloudWatchMetrics;
    const metric = Metrics.find(({ Name }) => Name === name);
    if (!metric) return [];
    expect({ Namespace, Dimensions, unit: metric.Unit, schedule: line[SYNC_DIMENSION] }).toEqual({
      Namespace: 'MobiLinkHA',
      Dimensions: [[SYNC_DIMENSION]],
      unit,
      schedule: 'nightly',
    });
    return line[name] as number | number[];
  });
}

describe('what collect counts', () => {
  it.each([
    ['synchronized', SYNC_METRICS.synchronized],
    ['failed', SYNC_METRICS.failed],
    ['not-primary', SYNC_METRICS.failed],
    ['unreachable', SYNC_METRICS.failed],
    ['busy', SYNC_METRICS.busy],
    ['deadline-missed', SYNC_METRICS.missed],
    ['paused', SYNC_METRICS.paused],
  ] as const)('%s is %s', (outcome, name) => {
    new CollectMetrics('MobiLinkHA').settled(RUN, [{ outcome, at: RUN.scheduledAt }], []);
    expect(samples(name, 'Count')).toEqual([1]);
    expect(measured()).toHaveLength(1);
  });

  it('is every outcome, summed by what it is counted as', () => {
    const settlements = OUTCOMES.map((outcome) => ({ outcome, at: RUN.scheduledAt }));
    new CollectMetrics('MobiLinkHA').settled(RUN, settlements, []);
    expect(samples(SYNC_METRICS.failed, 'Count')).toEqual([3]);
    expect(samples(SYNC_METRICS.synchronized, 'Count')).toEqual([1]);
  });

  it('is how long each command took to begin, however many they are', () => {
    const metrics = new CollectMetrics('MobiLinkHA');
    const latencies = Array.from({ length: 250 }, (_, index) => index / 10);
    metrics.settled(RUN, [], latencies);
    expect(samples(SYNC_METRICS.commandLatency, 'Seconds')).toEqual(latencies);
  });

  it('is told of each schedule apart', () => {
    const metrics = new CollectMetrics('MobiLinkHA');
    for (const schedule of ['prices', 'nightly'])
      metrics.settled({ ...RUN, schedule }, [{ outcome: 'busy', at: RUN.scheduledAt }], Array(100).fill(1));
    expect(measured().map((line) => line[SYNC_DIMENSION])).toEqual(['prices', 'prices', 'nightly', 'nightly']);
    expect(written).not.toContain('No application metrics');
  });

  it('is how well a run went, once it has ended: of those that were tried, not of those that were paused or busy', () => {
    const counts = { ...NO_COUNTS, remotes: 12, ordered: 10, synchronized: 6, busy: 1, paused: 1 };
    const failed = { failed: 1, 'not-primary': 1, unreachable: 1, 'deadline-missed': 1 };
    new CollectMetrics('MobiLinkHA').finished(RUN, { ...counts, ...failed });
    expect(samples(SYNC_METRICS.runSuccessPercent, 'Percent')).toEqual([60]);
    expect(samples(SYNC_METRICS.runFailures, 'Count')).toEqual([4]);
  });

  it('is no rate where nobody was tried', () => {
    new CollectMetrics('MobiLinkHA').finished(RUN, { ...NO_COUNTS, remotes: 2, paused: 2 });
    expect(samples(SYNC_METRICS.runSuccessPercent, 'Percent')).toEqual([]);
    expect(samples(SYNC_METRICS.runFailures, 'Count')).toEqual([0]);
  });

  it('is nothing when nothing has ended', () => {
    new CollectMetrics('MobiLinkHA').settled(RUN, [], []);
    expect(measured()).toEqual([]);
  });
});

describe('what dispatch counts', () => {
  it('is one metric for each thing that happens', () => {
    const metrics = new DispatchMetrics('MobiLinkHA');
    metrics.ordered(RUN, 0);
    expect(measured()).toEqual([]);
    metrics.ordered(RUN, 42);
    metrics.oldestSuccess(RUN, 86_400);
    metrics.holdBackOverrun(RUN);
    metrics.skipped(RUN, 'late');
    metrics.throttled(RUN);
    expect(samples(SYNC_METRICS.ordered, 'Count')).toEqual([42]);
    expect(samples(SYNC_METRICS.oldestSuccessAge, 'Seconds')).toEqual([86_400]);
    for (const name of ['holdBackOverruns', 'runsSkipped', 'throttles'] as const)
      expect(samples(SYNC_METRICS[name], 'Count')).toEqual([1]);
  });
});
