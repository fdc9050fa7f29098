import { afterEach, describe, expect, it } from 'vitest';
import { PairHosts } from './pair-hosts';

const opened: PairHosts[] = [];
afterEach(async () => {
  for (const pair of opened.splice(0)) await pair.remove();
});

async function open(): Promise<PairHosts> {
  const pair = await PairHosts.open();
  opened.push(pair);
  return pair;
}

describe('birth', () => {
  it('in order: arbiter, first with the definition, second from its copy', async () => {
    const pair = await open();
    await pair.birth();
    expect(await pair.complete()).toBe('first');
    expect(pair.birthRecord).toBe('generation=1;backup=none');
    expect(await pair.insert('one', 'first')).toBe(true);
    expect(await pair.rows('second')).toEqual(['one']);
    expect(pair.complaints).toEqual([]);
  }, 60_000);
});
