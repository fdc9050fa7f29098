import { existsSync, readFileSync } from 'node:fs';
import type { LogEntry, LogPoint } from '../mirroring/messages';

/** One file of the transaction log: what came before it, and its entries. */
export interface LogFile {
  readonly file: string;
  /** The database that it belongs to. */
  readonly database: string;
  readonly previous: LogPoint;
  readonly entries: LogEntry[];
}

export function logText({ database, previous, entries }: Omit<LogFile, 'file'>): string {
  return [{ database, previous }, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** A last line that was cut off when its writer was killed is no entry; anything else that is wrong throws. */
export function readLogFile(file: string): LogFile & { readonly torn: boolean } {
  const lines = readFileSync(file, 'utf8').split('\n');
  const cut = lines.pop() ?? '';
  const [head, ...rest] = lines;
  if (head === undefined) throw new Error(`${file} is not a transaction log`);
  const { database, previous } = JSON.parse(head) as { database: string; previous: LogPoint };
  if (typeof database !== 'string' || typeof previous?.position !== 'number') {
    throw new Error(`${file} is not a transaction log`);
  }
  const entries = rest.map((line) => JSON.parse(line) as LogEntry);
  entries.forEach((entry, index) => {
    if (entry.position !== previous.position + index + 1) throw new Error(`${file} has a gap`);
  });
  return { file, database, previous, entries, torn: cut !== '' };
}

export function isLogFile(file: string): boolean {
  if (!existsSync(file)) return false;
  return readFileSync(file, 'utf8').startsWith('{"database":');
}
