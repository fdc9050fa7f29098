import { describe, expect, it } from 'vitest';
import { RemoteSequence } from './fault-sequence';

/** `REMOTE_SEQUENCES=200` for many (npm run soak), `REMOTE_SEED=n` for those from one seed on. */
const SEQUENCES = Number(process.env.REMOTE_SEQUENCES ?? 3);
const FIRST_SEED = Number(process.env.REMOTE_SEED ?? 1);
const OPERATIONS = 12;

describe.concurrent('a remote under random faults', () => {
  it.each(Array.from({ length: SEQUENCES }, (_, index) => FIRST_SEED + index))(
    'uploads each confirmed row once with seed %i',
    async (seed) => {
      const { story } = await RemoteSequence.run(seed, OPERATIONS);
      if (process.env.REMOTE_STORIES) console.info(`seed ${seed}\n  ${story.join('\n  ')}`);
      expect(story).toHaveLength(OPERATIONS + 3);
    },
    300_000,
  );
});
