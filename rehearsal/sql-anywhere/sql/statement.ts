import { createHash } from 'node:crypto';
import { parseConnectionString } from '../connection-string';
import { type Change, MIRROR_OPTIONS, type MirrorServer } from './change';
import { type Expression, readExpression } from './expression';
import { readHandler, readProcedure } from './program';
import { TokenReader } from './token-reader';

/** The statements that the stand-in knows: those of the contract, and what tests use as data. Anything else is refused. */
export type Statement =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'select'; readonly column: string; readonly expression: Expression }
  | { readonly kind: 'probes'; readonly count: boolean; readonly equal?: string }
  | {
      readonly kind: 'rows';
      readonly table: string;
      readonly expression: Expression;
      /** One row comes back, also of none. */
      readonly aggregate: boolean;
      readonly where?: { readonly column: string; readonly matches: (value: string) => boolean };
    }
  | { readonly kind: 'trigger-event'; readonly name: string }
  | { readonly kind: 'call'; readonly procedure: string }
  | { readonly kind: 'fail-over'; readonly database: string }
  | { readonly kind: 'nothing' };

/** Throws a `SqlError` for what it does not know. */
export function parseStatement(sql: string): Statement {
  const tokens = new TokenReader(sql);
  const statement = read(tokens, sql);
  tokens.end();
  return statement;
}

export function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

function read(tokens: TokenReader, sql: string): Statement {
  if (tokens.accept('CREATE OR REPLACE MIRROR SERVER')) return change(readMirrorServer(tokens));
  if (tokens.accept('CREATE OR REPLACE PROCEDURE')) return change(readProcedure(tokens, sql));
  if (tokens.accept('CREATE OR REPLACE SERVICE')) return change(readService(tokens));
  if (tokens.accept('CREATE OR REPLACE EVENT')) return change(readEvent(tokens));
  if (tokens.accept('DROP EVENT IF EXISTS')) return change({ kind: 'drop-event', name: tokens.name() });
  if (tokens.accept('TRIGGER EVENT')) return { kind: 'trigger-event', name: tokens.name() };
  if (tokens.accept('CREATE TABLE IF NOT EXISTS')) return change(readTable(tokens));
  if (tokens.accept('DELETE FROM')) return change(readDelete(tokens));
  for (const what of DEFINITIONS) if (tokens.accept(what)) return change(readDefinition(tokens, what));
  if (tokens.accept('SET MIRROR OPTION')) return change(readMirrorOption(tokens));
  if (tokens.accept('SET OPTION PUBLIC .')) return change(readOption(tokens));
  if (tokens.accept('GRANT CONNECT TO')) return change(readUser(tokens));
  if (tokens.accept('GRANT ROLE')) return change(readRole(tokens));
  if (tokens.accept('GRANT EXECUTE ON')) return change(readExecute(tokens));
  if (tokens.accept('INSERT INTO')) return change(readInsert(tokens));
  if (tokens.accept('ALTER DATABASE')) return readFailOver(tokens);
  if (tokens.accept('SELECT')) return readSelect(tokens, sql);
  if (tokens.accept('CALL')) return { kind: 'call', procedure: readProcedureCall(tokens) };
  if (tokens.accept('COMMIT')) return { kind: 'nothing' };
  return tokens.fail('a statement that the stand-in knows was expected');
}

const DEFINITIONS = [
  'CREATE TABLE',
  'CREATE PUBLICATION',
  'CREATE SYNCHRONIZATION USER',
  'CREATE SYNCHRONIZATION SUBSCRIPTION',
  'CREATE SYNCHRONIZATION PROFILE',
  'GRANT SELECT',
];

function change(it: Change): Statement {
  return { kind: 'change', change: it };
}

function readMirrorServer(tokens: TokenReader): Change {
  const name = tokens.name();
  tokens.expect('AS');
  const type = tokens.word() as MirrorServer['type'];
  if (!['PRIMARY', 'MIRROR', 'PARTNER', 'ARBITER'].includes(type)) tokens.fail('PRIMARY, MIRROR, PARTNER or ARBITER');
  tokens.expect('connection_string =');
  const connectionString = tokens.literal();
  const { SERVER, HOST } = parseConnectionString(connectionString);
  if (!HOST) tokens.fail('a connection string without HOST');
  if (SERVER !== name) tokens.fail(`a connection string with SERVER=${SERVER} for ${name}`);
  if (type !== 'PARTNER') return { kind: 'mirror-server', name, type, connectionString };
  tokens.expect('state_file =');
  const stateFile = tokens.literal();
  if (!stateFile.startsWith('/')) tokens.fail('a state file without its folder');
  return { kind: 'mirror-server', name, type, connectionString, stateFile };
}

function readService(tokens: TokenReader): Change {
  const name = tokens.name();
  tokens.expect('TYPE');
  if (tokens.literal() !== 'RAW') tokens.fail("TYPE 'RAW'");
  tokens.expect('AUTHORIZATION OFF USER');
  const user = tokens.name();
  tokens.expect('AS CALL');
  return { kind: 'service', name, user, procedure: readProcedureCall(tokens) };
}

function readEvent(tokens: TokenReader): Change {
  const name = tokens.name();
  if (tokens.accept('SCHEDULE')) {
    const every = readSchedule(tokens);
    tokens.expect('HANDLER');
    return { kind: 'event', name, event: { every, command: readHandler(tokens) } };
  }
  tokens.expect('TYPE');
  const type = tokens.word();
  if (!['MirrorFailover', 'MirrorServerDisconnect'].includes(type)) tokens.fail('an event of mirroring');
  tokens.expect('HANDLER');
  return { kind: 'event', name, event: { type, command: readHandler(tokens) } };
}

const UNITS: Readonly<Record<string, number>> = { SECONDS: 1, MINUTES: 60, HOURS: 3600 };

/** The seconds from one firing to the next. */
function readSchedule(tokens: TokenReader): number {
  tokens.name();
  tokens.expect('START TIME');
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(tokens.literal())) tokens.fail('a time of day');
  tokens.expect('EVERY');
  const count = Number(tokens.literal());
  const unit = UNITS[tokens.word().toUpperCase()];
  if (!unit || !(count >= 1)) tokens.fail('SECONDS, MINUTES or HOURS');
  return count * (unit ?? 0);
}

function readTable(tokens: TokenReader): Change {
  const name = tokens.name();
  tokens.skip();
  return { kind: 'table', name };
}

function readDelete(tokens: TokenReader): Change {
  const table = tokens.name();
  tokens.expect('WHERE');
  const column = tokens.name();
  tokens.expect('=');
  return { kind: 'delete-rows', table, column, equal: tokens.literal() };
}

function readDefinition(tokens: TokenReader, what: string): Change {
  const name = tokens.accept(',') ? '' : tokens.identifier();
  const rest = tokens.skip();
  return { kind: 'definition', what: what.startsWith('GRANT') ? `${what} ${name} ${rest}` : `${what} ${name}` };
}

function readMirrorOption(tokens: TokenReader): Change {
  const name = tokens.word();
  if (!MIRROR_OPTIONS.includes(name)) tokens.fail('an option of mirroring');
  tokens.expect('=');
  const value = tokens.accept('NULL') ? null : tokens.literal();
  const modes = ['synchronous', 'asynchronous', 'asyncfullpage'];
  if (name === 'synchronization_mode' && !modes.includes(value ?? '')) tokens.fail('a mode');
  if (name === 'authentication_string' && !value) tokens.fail('an authentication string');
  return { kind: 'mirror-option', name, value };
}

function readOption(tokens: TokenReader): Change {
  const name = tokens.identifier();
  tokens.expect('=');
  return { kind: 'option', name, value: tokens.literal() };
}

function readUser(tokens: TokenReader): Change {
  const name = tokens.name();
  tokens.expect('IDENTIFIED BY');
  const password = tokens.literal();
  if (password === '') tokens.fail('a password');
  return { kind: 'user', name, hash: hashOf(password) };
}

function readRole(tokens: TokenReader): Change {
  const role = tokens.identifier();
  tokens.expect('TO');
  return { kind: 'role', role, user: tokens.name() };
}

function readExecute(tokens: TokenReader): Change {
  let procedure = tokens.identifier();
  while (tokens.accept('.')) procedure += `.${tokens.identifier()}`;
  tokens.expect('TO');
  return { kind: 'execute', procedure, user: tokens.name() };
}

function readInsert(tokens: TokenReader): Change {
  const table = tokens.name();
  if (table !== 'probe') return readRow(tokens, table);
  tokens.expect('VALUES (');
  const value = tokens.literal();
  tokens.expect(')');
  return { kind: 'insert', value };
}

function readRow(tokens: TokenReader, table: string): Change {
  const list = (item: () => string) => {
    tokens.expect('(');
    const items = [item()];
    while (tokens.accept(',')) items.push(item());
    tokens.expect(')');
    return items;
  };
  const columns = list(() => tokens.name());
  tokens.expect('VALUES');
  const values = list(() => tokens.literal());
  if (columns.length !== values.length) tokens.fail('as many values as columns');
  return {
    kind: 'row',
    table,
    values: Object.fromEntries(columns.map((column, index) => [column, values[index] ?? ''])),
  };
}

function readFailOver(tokens: TokenReader): Statement {
  const database = tokens.identifier();
  tokens.expect('SET PARTNER FAILOVER');
  return { kind: 'fail-over', database };
}

function readSelect(tokens: TokenReader, sql: string): Statement {
  const count = tokens.accept('COUNT ( * )');
  if (count || tokens.accept('*') || tokens.peek()?.kind === 'name') {
    if (tokens.peek()?.kind === 'name') tokens.name();
    tokens.expect('FROM');
    if (tokens.name() !== 'probe') tokens.fail('the table "probe"');
    if (!tokens.accept('WHERE')) return { kind: 'probes', count };
    tokens.name();
    tokens.expect('=');
    return { kind: 'probes', count, equal: tokens.literal() };
  }
  const expression = readExpression(tokens);
  if (tokens.accept('FROM')) return readRows(tokens, expression, /\bMAX\s*\(/i.test(sql));
  const column = tokens.accept('AS') ? tokens.name() : 'expression';
  return { kind: 'select', column, expression };
}

function readRows(tokens: TokenReader, expression: Expression, aggregate: boolean): Statement {
  const table = tokens.name();
  if (!tokens.accept('WHERE')) return { kind: 'rows', table, expression, aggregate };
  const column = tokens.name();
  if (tokens.accept('=')) {
    const equal = tokens.literal();
    return { kind: 'rows', table, expression, aggregate, where: { column, matches: (value) => value === equal } };
  }
  tokens.expect('LIKE');
  const pattern = tokens.literal();
  if (!/^[^%_]+%$/.test(pattern)) tokens.fail('a pattern that ends in %');
  const matches = (value: string) => value.startsWith(pattern.slice(0, -1));
  return { kind: 'rows', table, expression, aggregate, where: { column, matches } };
}

function readProcedureCall(tokens: TokenReader): string {
  let name = tokens.name();
  while (tokens.accept('.')) name += `.${tokens.name()}`;
  tokens.expect('( )');
  return name;
}
