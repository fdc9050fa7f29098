import { describe, expect, it } from 'vitest';
import { backOff } from '../../lambda/track-primary/pace';
import { POLL_EVERY, watch } from '../../lambda/track-primary/watch';

/** When a watch looked, in seconds after it began, if each look takes a while. */
async function looks(options: {
  timeout: number;
  lookTakes: (count: number) => number;
  until?: number;
  throttled?: (count: number) => boolean;
  every?: number;
}): Promise<number[]> {
  const { every = POLL_EVERY } = options;
  let now = 0;
  const moments: number[] = [];
  await watch(
    {
      now: () => now,
      remaining: () => options.timeout - now,
      sleep: async (millis) => {
        now += millis;
      },
    },
    { every, backOff: (refusals) => backOff(refusals, every, 1) },
    async () => {
      moments.push(now / 1000);
      now += options.lookTakes(moments.length);
      return {
        handedOver: options.until !== undefined && now >= options.until,
        throttled: options.throttled?.(moments.length) ?? false,
      };
    },
  );
  return moments;
}

describe('a watch', () => {
  it('looks at once and every ten seconds, whatever a look takes', async () => {
    const moments = await looks({ timeout: 150_000, lookTakes: (count) => count * 300 });
    expect(moments).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
  });

  it('ends when a younger one took over', async () => {
    expect(await looks({ timeout: 150_000, lookTakes: () => 100, until: 60_000 })).toEqual([0, 10, 20, 30, 40, 50, 60]);
  });

  it('begins no look that Lambda could cut off', async () => {
    const moments = await looks({ timeout: 60_000, lookTakes: () => 9_000 });
    expect(Math.max(...moments) * 1000 + POLL_EVERY).toBeLessThanOrEqual(60_000);
  });

  it('does not make up for looks that it missed', async () => {
    const moments = await looks({
      timeout: 150_000,
      lookTakes: (count) => (count === 2 ? 35_000 : 100),
      until: 75_000,
    });
    expect(moments).toEqual([0, 10, 50, 60, 70, 80]);
  });

  it('looks half as often after each look that is throttled, every 30 s at least, and every ten again as soon as none is', async () => {
    const moments = await looks({
      timeout: 150_000,
      lookTakes: () => 100,
      throttled: (count) => count >= 2 && count <= 4,
    });
    expect(moments).toEqual([0, 10, 30, 60, 90, 100, 110, 120]);
  });

  it('begins anew with the next refusal after an answer', async () => {
    const moments = await looks({ timeout: 150_000, lookTakes: () => 100, throttled: (count) => count % 2 === 0 });
    expect(moments).toEqual([0, 10, 30, 40, 60, 70, 90, 100, 120]);
  });

  it('keeps the pace that it is given', async () => {
    expect(await looks({ timeout: 150_000, lookTakes: () => 100, every: 40_000 })).toEqual([0, 40, 80, 120]);
  });
});
