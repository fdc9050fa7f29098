import { describe, expect, it } from 'vitest';
import { FaultSequence } from './fault-sequence';

/** `PAIR_SEQUENCES=200` for many (npm run soak), `PAIR_SEED=n` for those from one seed on. */
const SEQUENCES = Number(process.env.PAIR_SEQUENCES ?? 20);
const FIRST_SEED = Number(process.env.PAIR_SEED ?? 1);
const FAULTS = 6;

describe.concurrent('a pair under random faults', () => {
  it.each(Array.from({ length: SEQUENCES }, (_, index) => FIRST_SEED + index))(
    'keeps its promises with seed %i',
    async (seed) => {
      const { story } = await FaultSequence.run(seed, FAULTS);
      if (process.env.PAIR_STORIES) console.info(`seed ${seed}\n  ${story.join('\n  ')}`);
      expect(story).toHaveLength(FAULTS + 3);
    },
    120_000,
  );
});
