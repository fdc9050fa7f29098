/**
 * Text of SQL from data. In SQL Anywhere a quote inside a quoted identifier or literal is doubled; inside a literal a backslash
 * begins an escape (`\n`, `\x41`), so it is doubled, too (SQL Anywhere 17, SQL Reference, "Strings" and "Identifiers").
 */

/** `"name"`. Identifiers have at most 128 bytes and hold no control characters. */
export function identifier(name: string): string {
  if (name === '' || Buffer.byteLength(name) > 128 || hasControl(name)) {
    throw new Error(`${JSON.stringify(name)} cannot be an identifier: 1 to 128 bytes without control characters`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`. */
export function literal(text: string): string {
  if (hasControl(text)) throw new Error('a literal of the SQL of a pair holds no control characters');
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A literal whose value the host fills in from a secret, quoted there in the same way. */
export function secretLiteral(name: string): string {
  return `'{{${name}}}'`;
}

function hasControl(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\u007f');
}
