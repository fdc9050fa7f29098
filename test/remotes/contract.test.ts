import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shortName } from '../../lambda/records/names';
import {
  OUTCOMES_REFUSED,
  SYNC_DIMENSION as SENT_DIMENSION,
  SYNC_METRICS as SENT_METRICS,
} from '../../lambda/records/sync-metrics';
import { profileName } from '../../lambda/records/sync-run';
import { RemoteRegistry, SyncOutcomes } from '../../lib';
import { PROFILE_NAME, RUN_FINISHED, SHORT_NAME, SYNC_DIMENSION, SYNC_METRICS } from '../../lib/remotes/contract';
import { environmentOf, functionsOf, schedule, syncs, templateOf } from './syncs-fixture';

describe('the library and the functions of the syncs mean the same', () => {
  it('metrics: each that a schedule offers is sent, under the same namespace, name and dimension', () => {
    expect(SYNC_METRICS).toEqual(SENT_METRICS);
    expect(SYNC_DIMENSION).toBe(SENT_DIMENSION);
    const it = syncs();
    const hourly = schedule(it);
    const offered = [
      hourly.metricOrdered(),
      hourly.metricSynchronized(),
      hourly.metricFailed(),
      hourly.metricMissed(),
      hourly.metricBusy(),
      hourly.metricPaused(),
      hourly.metricRunSuccessPercent(),
      hourly.metricRunFailures(),
      hourly.metricOldestSuccessAge(),
      hourly.metricCommandLatency(),
      hourly.metricHoldBackOverruns(),
      hourly.metricRunsSkipped(),
      hourly.metricCommandThrottles(),
    ];
    expect(offered.map(({ metricName }) => metricName).sort()).toEqual(Object.values(SENT_METRICS).sort());
    const namespaces = Object.values(functionsOf(templateOf(it))).map(
      (each) => environmentOf(each).MOBILINK_METRIC_NAMESPACE,
    );
    for (const metric of offered) {
      expect(namespaces).toEqual([metric.namespace, metric.namespace]);
      expect(metric.dimensions).toEqual({ [SENT_DIMENSION]: hourly.scheduleName });
    }
    expect(hourly.metricOldestSuccessAge().statistic).toBe('Maximum');
  });

  it('metrics of schedules inside databases: each that is offered is sent', () => {
    const it = syncs();
    const outcomes = new SyncOutcomes(it.stack, 'Outcomes', { registry: new RemoteRegistry(it.stack, 'Others') });
    const offered = [
      outcomes.metricSynchronized('prices'),
      outcomes.metricFailed('prices'),
      outcomes.metricRefused('prices'),
    ];
    expect(offered.map(({ metricName }) => metricName)).toEqual([
      SENT_METRICS.synchronized,
      SENT_METRICS.failed,
      OUTCOMES_REFUSED,
    ]);
    for (const metric of offered) expect(metric.dimensions).toEqual({ [SENT_DIMENSION]: 'prices' });
  });

  it('the event that a rule waits for is the one that is sent', () => {
    expect(readFileSync('lambda/collect-syncs/announcer.ts', 'utf8')).toContain(`DetailType: '${RUN_FINISHED}'`);
  });

  it('names', () => {
    const pattern = (schema: { pipe: readonly unknown[] }) =>
      schema.pipe.map((it) => (it as { requirement?: unknown }).requirement).find((it) => it instanceof RegExp);
    expect(pattern(shortName)).toEqual(SHORT_NAME);
    expect(pattern(profileName)).toEqual(PROFILE_NAME);
  });
});
