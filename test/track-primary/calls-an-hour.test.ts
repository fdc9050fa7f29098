import { expect, it } from 'vitest';
import { hourOf } from './calls-an-hour';

it.each([1, 10, 100, 560, 1_000, 3_000])(
  '%i databases take less than a tenth of the rate, looks at events included',
  async (databases) => {
    const { share, questions } = await hourOf(databases, `seed ${databases}`);
    expect(questions).toBe(Math.ceil(databases / 100));
    expect(share).toBeLessThan(0.1);
  },
);

it.each([1, 100, 560, 900])('%i databases are looked at every ten seconds', async (databases) => {
  expect((await hourOf(databases)).furthest).toBeLessThanOrEqual(10);
});

it('a thousand databases cost less than a tenth of what ten do, each', async () => {
  const [ten, thousand] = await Promise.all([hourOf(10), hourOf(1_000)]);
  expect(thousand.calls / 1_000).toBeLessThan(ten.calls / 10 / 10);
});
