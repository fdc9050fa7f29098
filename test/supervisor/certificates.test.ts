import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { daysLeft, firstEnd } from '../../image/supervisor/certificates';

const DAY = 86_400_000;

function certificate(days: number): string {
  const request = 'req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout /dev/null -subj /CN=ml';
  return execFileSync('openssl', [...request.split(' '), '-days', String(days)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test('the first end counts, of every stream and of every certificate of a chain', () => {
  const [long, short] = [certificate(400), certificate(30)];
  const now = Date.now();
  for (const chains of [[long, short], [`${long}\n${short}`], [short]]) {
    const { CertificateDaysLeft: left } = daysLeft(firstEnd(chains), now);
    expect(left).toBeGreaterThan(29.9);
    expect(left).toBeLessThan(30.1);
  }
});

test('what is no certificate is left out, and without one nothing is told', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----';
  expect(firstEnd([broken, ''])).toBeUndefined();
  expect(daysLeft(undefined, 0)).toEqual({});
  expect(daysLeft(3 * DAY, DAY)).toEqual({ CertificateDaysLeft: 2 });
});
