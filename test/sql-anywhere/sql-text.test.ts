import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifier, literal } from '../../lib/sql-anywhere/sql-text';

/** Reads as SQL Anywhere does: up to the quote that is not doubled. Returns the value and what stands behind it. */
function readLiteral(sql: string): { value: string; rest: string } {
  let value = '';
  for (let at = 1; at < sql.length; at++) {
    const character = sql[at] as string;
    if (character === "'") {
      if (sql[at + 1] !== "'") return { value, rest: sql.slice(at + 1) };
      at++;
    } else if (character === '\\') {
      const escaped = sql[at + 1] as string;
      if (escaped !== '\\') throw new Error(`an escape sequence \\${escaped}`);
      at++;
    }
    value += character;
  }
  throw new Error('not ended');
}

function readIdentifier(sql: string): { value: string; rest: string } {
  const end = /^"((?:[^"]|"")*)"(?!")/.exec(sql);
  if (!end) throw new Error('not ended');
  return { value: (end[1] as string).replaceAll('""', '"'), rest: sql.slice(end[0].length) };
}

const printable = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => ![...text].some((it) => it < ' ' || it === '\u007f'));
const hostile = fc.oneof(
  printable,
  fc
    .array(fc.constantFrom("'", '"', '\\', ';', '--', '/*', "\\'", '{{', '$(id)', '`', 'go', 'n', 'x41'), {
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);

describe('text of SQL', () => {
  it('a literal is read back as it was given, whatever stands behind it', () => {
    fc.assert(
      fc.property(hostile, hostile, (text, behind) => {
        const sql = `${literal(text)} ${behind}`;
        expect(readLiteral(sql)).toEqual({ value: text, rest: ` ${behind}` });
      }),
    );
  });

  it('so is an identifier', () => {
    fc.assert(
      fc.property(
        hostile.filter((name) => name !== '' && Buffer.byteLength(name) <= 128),
        hostile,
        (name, behind) => {
          expect(readIdentifier(`${identifier(name)} ${behind}`)).toEqual({ value: name, rest: ` ${behind}` });
        },
      ),
    );
  });

  it.each(['', 'a\nb', 'a\u0000', 'ä'.repeat(65)])('%j is no identifier', (name) => {
    expect(() => identifier(name)).toThrow('cannot be an identifier');
  });

  it.each(['a\nb', '\r', '\u007f'])('%j is no literal', (text) => {
    expect(() => literal(text)).toThrow('control characters');
  });
});
