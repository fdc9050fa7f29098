import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LogPoint } from '../mirroring/messages';
import type { Change, DatabaseEvent, MirrorServer, Publication, Subscription } from '../sql/change';
import { SqlError } from '../sql/tokens';
import { replaceFile } from './durable';
import { changeRows, downloadRow, type Table } from './tables';

/** Everything that a database of the stand-in holds. */
export interface DatabaseContents {
  /** Two copies of one database have the same. */
  readonly id: string;
  /** Up to here the log is part of it. */
  point: LogPoint;
  readonly users: Record<string, string>;
  readonly roles: string[];
  readonly options: Record<string, string>;
  readonly mirrorServers: Record<string, MirrorServer>;
  readonly mirrorOptions: Record<string, string>;
  readonly procedures: Record<string, string>;
  readonly services: Record<string, { readonly procedure: string; readonly user: string }>;
  readonly events: Record<string, DatabaseEvent>;
  readonly tables: Record<string, Table>;
  readonly publications: Record<string, Publication>;
  /** Definitions of the MobiLink users, as they were written. */
  readonly synchronizationUsers: Record<string, string>;
  readonly subscriptions: Record<string, DefinedSubscription>;
  /** Options of each synchronization profile, as they were written. */
  readonly profiles: Record<string, string>;
}

export interface DefinedSubscription extends Subscription {
  /** What was in the log before the subscription is not uploaded. */
  readonly since: number;
  /** Up to here the consolidated database has acknowledged it (facts §5.5). @default - never synchronized */
  readonly progress?: number;
}

const MAGIC = 'stand-in database';

/** With the table `probe` of one column, `value`. */
export function newDatabase(id: string, users: Record<string, string>): DatabaseContents {
  return {
    id,
    point: { position: 0, sequence: 0 },
    users,
    roles: [],
    options: {},
    mirrorServers: {},
    mirrorOptions: {},
    procedures: {},
    services: {},
    events: {},
    tables: { probe: { columns: ['value'], key: [], rows: [] } },
    publications: {},
    synchronizationUsers: {},
    subscriptions: {},
    profiles: {},
  };
}

export function writeDatabase(file: string, contents: DatabaseContents): void {
  replaceFile(file, databaseText(contents));
}

/** The text carries a sum of itself: half a copy is seen as such. */
export function databaseText(contents: DatabaseContents): string {
  const body = JSON.stringify(contents);
  return `${MAGIC} ${createHash('sha256').update(body).digest('hex')}\n${body}\n`;
}

export function readDatabase(file: string): DatabaseContents {
  const text = readFileSync(file, 'utf8');
  const [, magic, sum, body = ''] = /^(stand-in database) ([0-9a-f]{64})\n(.*)\n$/s.exec(text) ?? [];
  if (magic !== MAGIC || createHash('sha256').update(body).digest('hex') !== sum) {
    throw new Error(`${file} is not a database, or is damaged`);
  }
  return JSON.parse(body) as DatabaseContents;
}

/** Throws what a database says to a definition that does not fit what is defined already. */
export function checkDefinition(contents: Readonly<DatabaseContents>, change: Change): void {
  const exists = (kind: string, name: string, known: Readonly<Record<string, unknown>>) => {
    if (name in known) throw new SqlError(`${kind} '${name}' already exists (SQLCODE -110)`);
  };
  const demand = (kind: string, name: string, known: Readonly<Record<string, unknown>>) => {
    if (!(name in known)) throw new SqlError(`${kind} '${name}' not found`);
  };
  switch (change.kind) {
    case 'table':
      if (!change.ifNotExists) exists('Table', change.name, contents.tables);
      break;
    case 'publication':
      exists('Publication', change.name, contents.publications);
      for (const table of change.publication.tables) demand('Table', table, contents.tables);
      break;
    case 'synchronization-user':
      exists('Synchronization user', change.name, contents.synchronizationUsers);
      break;
    case 'subscription':
      exists('Subscription', change.name, contents.subscriptions);
      demand('Publication', change.publication, contents.publications);
      demand('Synchronization user', change.user, contents.synchronizationUsers);
      break;
    case 'profile':
      exists('Synchronization profile', change.name, contents.profiles);
      break;
    case 'drop-event':
      if (!change.ifExists) demand('Event', change.name, contents.events);
      break;
    case 'delete':
      demand('Table', change.table, contents.tables);
      break;
    default:
  }
}

/** @param position - of the change in the log */
export function applyChange(contents: DatabaseContents, change: Change, position: number): void {
  switch (change.kind) {
    case 'user':
      contents.users[change.name] = change.hash;
      break;
    case 'role':
      contents.roles.push(`${change.role} ${change.user}`);
      break;
    case 'privilege':
      contents.roles.push(`${change.privilege} ${change.user}`);
      break;
    case 'option':
      contents.options[change.name] = change.value;
      break;
    case 'mirror-server': {
      const { kind: _, name, ...server } = change;
      contents.mirrorServers[name] = server;
      break;
    }
    case 'mirror-option':
      if (change.value === null) delete contents.mirrorOptions[change.name];
      else contents.mirrorOptions[change.name] = change.value;
      break;
    case 'procedure':
      contents.procedures[change.name] = change.body;
      break;
    case 'service':
      contents.services[change.name] = { procedure: change.procedure, user: change.user };
      break;
    case 'event': {
      const { kind: _, name, ...event } = change;
      contents.events[name] = event;
      break;
    }
    case 'drop-event':
      delete contents.events[change.name];
      break;
    case 'table':
      contents.tables[change.name] ??= { ...change.table, rows: [] };
      break;
    case 'publication':
      contents.publications[change.name] = change.publication;
      break;
    case 'synchronization-user':
      contents.synchronizationUsers[change.name] = change.definition;
      break;
    case 'subscription': {
      const { kind: _, name, ...subscription } = change;
      contents.subscriptions[name] = { ...subscription, since: position };
      break;
    }
    case 'profile':
      contents.profiles[change.name] = change.options;
      break;
    case 'insert':
    case 'delete':
      changeRows(contents.tables, change);
      break;
    case 'transaction':
      for (const each of change.changes) changeRows(contents.tables, each);
      break;
    case 'synchronized': {
      const subscription = contents.subscriptions[change.subscription];
      if (!subscription) break;
      contents.subscriptions[change.subscription] = { ...subscription, progress: change.progress };
      for (const row of change.rows) downloadRow(contents.tables, row);
      break;
    }
    case 'rolled-back':
    case 'rename-log':
      break;
  }
}
