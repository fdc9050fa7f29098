import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LogPoint } from '../mirroring/messages';
import type { Change, DatabaseEvent, MirrorServer } from '../sql/change';
import { replaceFile } from './durable';

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
  /** Rows of the tables that have any. */
  readonly tables: Record<string, Readonly<Record<string, string>>[]>;
  /** What is only remembered. */
  readonly definitions: string[];
  readonly probes: string[];
  /** Of the synchronization: what the consolidated database has acknowledged. */
  progress: number;
}

const MAGIC = 'stand-in database';

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
    tables: {},
    definitions: [],
    probes: [],
    progress: 0,
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

export function applyChange(contents: DatabaseContents, change: Change): void {
  switch (change.kind) {
    case 'user':
      contents.users[change.name] = change.hash;
      break;
    case 'role':
      contents.roles.push(`${change.role} ${change.user}`);
      break;
    case 'execute':
      contents.roles.push(`EXECUTE ${change.procedure} ${change.user}`);
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
    case 'event':
      contents.events[change.name] = change.event;
      break;
    case 'drop-event':
      delete contents.events[change.name];
      break;
    case 'table':
      contents.tables[change.name] ??= [];
      break;
    case 'row':
      contents.tables[change.table]?.push(change.values);
      break;
    case 'delete-rows': {
      const rows = contents.tables[change.table] ?? [];
      contents.tables[change.table] = rows.filter((row) => row[change.column] !== change.equal);
      break;
    }
    case 'definition':
      contents.definitions.push(change.what);
      break;
    case 'synchronized':
      contents.progress = change.progress;
      contents.probes.push(...change.downloaded);
      break;
    case 'insert':
      contents.probes.push(change.value);
      break;
    case 'rename-log':
      break;
  }
}
