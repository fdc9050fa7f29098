import { expect, it } from 'vitest';
import { detectionLags, quantile } from './detection-lag';

it('a change of primary is recorded at the next look after the API tells, whether its events arrive or not', () => {
  const lags = detectionLags(200, 7);
  expect(lags).toHaveLength(8);
  for (const { kind, events, recorded, callsPerHour } of lags) {
    expect(recorded, `${kind}, ${events}`).toHaveLength(200);
    // Looks are ten seconds apart, and of an API that answers none is in vain.
    expect(Math.max(...recorded)).toBeLessThanOrEqual(10);
    expect(Math.min(...recorded)).toBeGreaterThanOrEqual(0);
    // A tenth of 12 a second, the sustained rate of the RDS API, is 4,320 an hour.
    expect(callsPerHour).toBeLessThan(432);
  }
});

it('events bring that a failover is noticed while it goes on', () => {
  const [withEvents, without] = detectionLags(200, 7);
  expect(withEvents?.noticed.length).toBeGreaterThan(without?.noticed.length ?? 0);
  expect(quantile(withEvents?.noticed ?? [], 0.5)).toBeLessThan(quantile(without?.noticed ?? [], 0.5));
});
