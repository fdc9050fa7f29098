/** A word of a statement. What stands in quotes is a name or a literal, never a keyword. */
export interface Token {
  readonly kind: 'word' | 'name' | 'literal' | 'sign';
  readonly text: string;
}

/** What the server answers instead of a result. */
export class SqlError extends Error {}

const TOKENS = /\s+|--[^\n]*|([A-Za-z_@][\w@]*)|"((?:[^"]|"")+)"|'((?:[^'\\]|''|\\\\)*)'|(\|\||<>|[(),.;=*])|(\d+)/y;

/** Names in `"`, literals in `'`; inside, the quote is doubled, in a literal the backslash too (a single one escapes). */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < sql.length) {
    const from = TOKENS.lastIndex;
    const found = TOKENS.exec(sql);
    if (!found) throw new SqlError(`Syntax error near '${sql.slice(from, from + 20)}' (SQLCODE -131)`);
    const [, word, name, literal, sign, number] = found;
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (name !== undefined) tokens.push({ kind: 'name', text: filledIn(name).replaceAll('""', '"') });
    else if (literal !== undefined) tokens.push({ kind: 'literal', text: unquoted(literal) });
    else if (number !== undefined) tokens.push({ kind: 'literal', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

function unquoted(literal: string): string {
  return filledIn(literal).replaceAll("''", "'").replaceAll('\\\\', '\\');
}

function filledIn(text: string): string {
  if (text.includes('{{')) throw new SqlError('a placeholder was not filled in');
  return text;
}
