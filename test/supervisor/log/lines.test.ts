import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_LINE, lineSplitter } from '../../../image/supervisor/log/lines';

const split = (chunks: readonly Buffer[], longest?: number) => {
  const splitter = lineSplitter(longest);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
};

/** Cuts bytes at random places, empty pieces among them. */
const chunked = (bytes: fc.Arbitrary<Buffer>) =>
  fc.tuple(bytes, fc.array(fc.nat(1_000_000))).map(([whole, cuts]) => {
    const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
    return { whole, chunks: places.slice(1).map((place, index) => whole.subarray(places[index], place)) };
  });

/** Many line ends, and what is not UTF-8. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        Buffer.from('\n'),
        Buffer.from('\r\n'),
        Buffer.from('\r'),
        Buffer.from([0xff, 0xc3]),
        Buffer.from([0]),
      ),
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));

describe('lines', () => {
  test('are those of the whole text, wherever it is cut', () => {
    fc.assert(
      fc.property(chunked(bytes), ({ whole, chunks }) => {
        const expected = whole.toString('utf8').split('\n');
        // A text that ends with a line end has no line after it.
        if (expected.at(-1) === '') expected.pop();
        expect(split(chunks)).toEqual(expected.map((line) => line.replace(/\r$/, '')));
      }),
      { numRuns: 1_000 },
    );
  });

  test('are cut at the greatest length and never within a character', () => {
    fc.assert(
      fc.property(chunked(bytes), fc.integer({ min: 4, max: 24 }), ({ whole, chunks }, longest) => {
        const lines = split(chunks, longest);
        const complete = split([whole], 1_000_000);
        expect(lines).toHaveLength(complete.length);
        for (const [index, line] of lines.entries()) {
          const original = complete[index] ?? '';
          // What is not UTF-8 becomes three bytes for one.
          if (original.includes('\ufffd')) continue;
          expect(original.startsWith(line)).toBe(true);
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(longest);
          if (line !== original) expect(Buffer.byteLength(line)).toBeGreaterThan(longest - 4);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('are cut to 16 KiB', () => {
    const long = Buffer.alloc(LONGEST_LINE + 5_000, 'x');
    expect(split([long, long, Buffer.from('\nnext\n')])).toEqual(['x'.repeat(LONGEST_LINE), 'next']);
  });

  test('of a gigabyte without a line end take no memory', () => {
    const splitter = lineSplitter();
    const chunk = Buffer.alloc(1_048_576, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 1_024; count++) expect(splitter.push(chunk)).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    expect(splitter.end()).toEqual(['x'.repeat(LONGEST_LINE)]);
  });
});
