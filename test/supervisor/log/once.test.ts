import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { onceOfTwo } from '../../../image/supervisor/log/once';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 });
const sorted = (them: readonly string[]) => [...them].sort();

test('lines that come two ways are passed on once, however the two are ahead of each other', () => {
  fc.assert(
    fc.property(lines, fc.infiniteStream(fc.boolean()), (written, turns) => {
      const [pipe, file] = onceOfTwo();
      const ways = [
        { filter: pipe, left: [...written] },
        { filter: file, left: [...written] },
      ];
      const passed: string[] = [];
      for (const turn of turns) {
        if (ways.every(({ left }) => left.length === 0)) break;
        const way = ways[turn ? 0 : 1];
        const line = way?.left.shift();
        if (line !== undefined) passed.push(...(way?.filter([line]) ?? []));
      }
      expect(sorted(passed)).toEqual(sorted(written));
    }),
  );
});

test('lines that come one way are passed on as they are', () => {
  fc.assert(
    fc.property(lines, fc.boolean(), (written, isFile) => {
      expect(onceOfTwo()[isFile ? 1 : 0](written)).toEqual(written);
    }),
  );
});

test('lines of two ways that are not the same are all passed on', () => {
  const [pipe, file] = onceOfTwo();
  expect([...pipe(['a', 'b']), ...file(['c', 'b', 'b'])]).toEqual(['a', 'b', 'c', 'b']);
});

test('what it remembers is bounded', () => {
  const [pipe, file] = onceOfTwo();
  const many = Array.from({ length: 100_000 }, (_, index) => `${index}`);
  expect(pipe(many)).toHaveLength(many.length);
  // The latest are known, the oldest forgotten.
  expect(file(['99999'])).toEqual([]);
  expect(file(['0'])).toEqual(['0']);
});
