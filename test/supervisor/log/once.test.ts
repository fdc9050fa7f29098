import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { onceOfTwo } from '../../../image/supervisor/log/once';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 });
const sorted = (them: readonly string[]) => [...them].sort();

test('lines that come two ways are passed on once, however the two are ahead of each other', () => {
  fc.assert(
    fc.property(lines, fc.array(fc.boolean(), { maxLength: 80 }), (written, turns) => {
      const [pipe, file] = onceOfTwo();
      const [ofPipe, ofFile] = [[...written], [...written]];
      const passed: string[] = [];
      for (const isPipe of turns) passed.push(...(isPipe ? pipe(ofPipe.splice(0, 1)) : file(ofFile.splice(0, 1))));
      passed.push(...pipe(ofPipe), ...file(ofFile));
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
