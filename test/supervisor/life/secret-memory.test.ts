import { expect, test } from 'vitest';
import { rememberingSecrets } from '../../../image/supervisor/life/secret-memory';
import { TIMING } from '../../../image/supervisor/life/timing';
import { timingOf } from '../../../image/supervisor/life/timing-override';

function source() {
  let answer: () => Promise<{ text: string; versionId: string }> = () => Promise.reject(new Error('not yet'));
  const reasons: string[] = [];
  const secrets = rememberingSecrets({ fetch: () => answer() }, 50, (arn, reason) => reasons.push(`${arn}: ${reason}`));
  return {
    fetch: () => secrets.fetch('arn:a'),
    reasons,
    give: (versionId: string) => {
      answer = async () => ({ text: 'x', versionId });
    },
    fail: () => {
      answer = () => Promise.reject(new Error('throttled'));
    },
    giveLate: (versionId: string) => {
      answer = () => new Promise((resolve) => setTimeout(() => resolve({ text: 'x', versionId }), 120));
    },
  };
}

test('a secret that was never known has no fallback', async () => {
  const { fetch, reasons } = source();
  await expect(fetch()).rejects.toThrow('not yet');
  expect(reasons).toEqual([]);
});

test('a secret that cannot be fetched now is the one of before, and nobody waits long for it', async () => {
  const { fetch, give, fail, giveLate, reasons } = source();
  give('1');
  expect(await fetch()).toMatchObject({ versionId: '1' });
  fail();
  expect(await fetch()).toMatchObject({ versionId: '1' });
  giveLate('2');
  expect(await fetch()).toMatchObject({ versionId: '1' });
  expect(reasons).toEqual(['arn:a: throttled', 'arn:a: no answer within 50 ms']);
  // What came late is known all the same.
  await new Promise((resolve) => setTimeout(resolve, 150));
  fail();
  expect(await fetch()).toMatchObject({ versionId: '2' });
});

test('durations can be shortened for a rehearsal, by names that there are', () => {
  const timing = (text: string) => timingOf({ MOBILINK_REHEARSAL_TIMING: text });
  expect(timingOf({})).toBe(TIMING);
  expect(timing('{"probeEvery": 5, "finalStop": {"kill": 7}}')).toEqual({
    ...TIMING,
    probeEvery: 5,
    finalStop: { ...TIMING.finalStop, kill: 7 },
  });
  expect(() => timing('{')).toThrow('MOBILINK_REHEARSAL_TIMING: must be JSON');
  expect(() => timing('{"probEvery": 5}')).toThrow('MOBILINK_REHEARSAL_TIMING.probEvery: must be a name that there is');
  expect(() => timing('{"finalStop": {"kill": "7"}}')).toThrow(
    'MOBILINK_REHEARSAL_TIMING.finalStop.kill: must be a number',
  );
});
