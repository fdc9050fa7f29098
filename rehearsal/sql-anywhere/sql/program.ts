import type { Change } from './change';
import { type Expression, readExpression } from './expression';
import { TokenReader } from './token-reader';

/** Of a procedure that returns one line: headers that it sets, and the line. */
export interface Program {
  readonly headers: readonly (readonly [name: string, value: Expression])[];
  readonly line: Expression;
}

/** The procedure is kept as it was written, and read again by each server that runs it. */
export function readProcedure(tokens: TokenReader, sql: string): Change {
  let name = tokens.name();
  while (tokens.accept('.')) name += `.${tokens.name()}`;
  tokens.expect('( )');
  tokens.expect('RESULT (');
  tokens.name();
  tokens.expect('LONG VARCHAR )');
  readBody(tokens);
  return { kind: 'procedure', name, body: sql.slice(sql.search(/\bBEGIN\b/i)) };
}

export function parseBody(body: string): Program {
  const tokens = new TokenReader(body);
  const program = readBody(tokens);
  tokens.end();
  return program;
}

function readBody(tokens: TokenReader): Program {
  tokens.expect('BEGIN');
  const headers: [string, Expression][] = [];
  while (tokens.accept('CALL sa_set_http_header (')) {
    const name = tokens.literal();
    tokens.expect(',');
    headers.push([name, readExpression(tokens)]);
    tokens.expect(')');
    tokens.expect(';');
  }
  tokens.expect('SELECT');
  const line = readExpression(tokens);
  if (tokens.accept('AS')) tokens.name();
  tokens.accept(';');
  tokens.expect('END');
  return { headers, line };
}
