import { createHash } from 'node:crypto';
import { parseConnectionString } from '../connection-string';
import { type Change, MIRROR_OPTIONS, type MirrorServer } from './change';
import { readEvent } from './event-statement';
import type { Expression } from './expression';
import { readProcedure } from './program';
import { type Insertion, readDeletion, readInsertion, readSelection, readTable, type Selection } from './row-statement';
import { readProfile, readPublication, readSubscription, readSynchronizationUser } from './synchronization-statement';
import { TokenReader } from './token-reader';

/** The statements that the stand-in knows: those of the contract, and what tests use as data. Anything else is refused. */
export type Statement =
  | { readonly kind: 'change'; readonly change: Change }
  | ({ readonly kind: 'insert' } & Insertion)
  | { readonly kind: 'select'; readonly column: string; readonly expression: Expression }
  | ({ readonly kind: 'select-from' } & Selection)
  | { readonly kind: 'call'; readonly procedure: string }
  | { readonly kind: 'trigger-event'; readonly event: string }
  | { readonly kind: 'fail-over'; readonly database: string }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' };

/**
 * Throws a `SqlError` for what it does not know.
 *
 * @param openHandlers - a handler may call a command inside its transaction. @default false
 */
export function parseStatement(sql: string, openHandlers = false): Statement {
  const tokens = new TokenReader(sql);
  const statement = read(tokens, sql, openHandlers);
  tokens.end();
  return statement;
}

export function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

function read(tokens: TokenReader, sql: string, openHandlers: boolean): Statement {
  if (tokens.accept('CREATE OR REPLACE MIRROR SERVER')) return change(readMirrorServer(tokens));
  if (tokens.accept('CREATE OR REPLACE PROCEDURE')) return change(readProcedure(tokens, sql));
  if (tokens.accept('CREATE OR REPLACE SERVICE')) return change(readService(tokens));
  if (tokens.accept('CREATE OR REPLACE EVENT')) {
    return change({ kind: 'event', name: tokens.name(), ...readEvent(tokens, openHandlers) });
  }
  if (tokens.accept('DROP EVENT')) return change(readDropEvent(tokens));
  if (tokens.accept('CREATE TABLE')) return change(readCreateTable(tokens));
  if (tokens.accept('CREATE PUBLICATION')) return change(readPublication(tokens));
  if (tokens.accept('CREATE SYNCHRONIZATION USER')) return change(readSynchronizationUser(tokens));
  if (tokens.accept('CREATE SYNCHRONIZATION SUBSCRIPTION')) return change(readSubscription(tokens));
  if (tokens.accept('CREATE SYNCHRONIZATION PROFILE')) return change(readProfile(tokens));
  if (tokens.accept('SET MIRROR OPTION')) return change(readMirrorOption(tokens));
  if (tokens.accept('SET OPTION PUBLIC .')) return change(readOption(tokens));
  if (tokens.accept('GRANT CONNECT TO')) return change(readUser(tokens));
  if (tokens.accept('GRANT ROLE')) return change(readRole(tokens));
  if (tokens.accept('GRANT')) return change(readPrivilege(tokens));
  if (tokens.accept('INSERT INTO')) return { kind: 'insert', ...readInsertion(tokens) };
  if (tokens.accept('DELETE FROM')) return change(readDeletion(tokens));
  if (tokens.accept('ALTER DATABASE')) return readFailOver(tokens);
  if (tokens.accept('SELECT')) return readSelect(tokens);
  if (tokens.accept('CALL')) return { kind: 'call', procedure: readProcedureCall(tokens) };
  if (tokens.accept('TRIGGER EVENT')) return { kind: 'trigger-event', event: tokens.identifier() };
  if (tokens.accept('BEGIN TRANSACTION')) return { kind: 'begin' };
  if (tokens.accept('COMMIT')) return { kind: 'commit' };
  if (tokens.accept('ROLLBACK')) return { kind: 'rollback' };
  return tokens.fail('a statement that the stand-in knows was expected');
}

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

function readDropEvent(tokens: TokenReader): Change {
  const ifExists = tokens.accept('IF EXISTS');
  return { kind: 'drop-event', name: tokens.name(), ifExists };
}

function readCreateTable(tokens: TokenReader): Change {
  const ifNotExists = tokens.accept('IF NOT EXISTS');
  return { kind: 'table', ifNotExists, ...readTable(tokens) };
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

function readPrivilege(tokens: TokenReader): Change {
  const words = [tokens.word()];
  while (tokens.accept(',')) words.push(tokens.word());
  if (!words.every((word) => PRIVILEGES.includes(word.toUpperCase()))) tokens.fail('a privilege');
  tokens.expect('ON');
  let object = tokens.identifier();
  while (tokens.accept('.')) object += `.${tokens.identifier()}`;
  tokens.expect('TO');
  return { kind: 'privilege', privilege: `${words.join(', ')} ${object}`, user: tokens.name() };
}

const PRIVILEGES = ['EXECUTE', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'];

function readFailOver(tokens: TokenReader): Statement {
  const database = tokens.identifier();
  tokens.expect('SET PARTNER FAILOVER');
  return { kind: 'fail-over', database };
}

function readSelect(tokens: TokenReader): Statement {
  const read = readSelection(tokens);
  return 'table' in read ? { kind: 'select-from', ...read } : { kind: 'select', ...read };
}

function readProcedureCall(tokens: TokenReader): string {
  let name = tokens.name();
  while (tokens.accept('.')) name += `.${tokens.name()}`;
  tokens.expect('( )');
  return name;
}
