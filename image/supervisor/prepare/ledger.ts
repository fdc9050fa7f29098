import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastWords } from './last-words';
import { PreparationError } from './preparation-error';
import type { SqlClient } from './sql-client';

/** The table that says what was applied: the one that `host/define-remote.sh` keeps in a remote. */
const TABLE = 'mobilink_ha_applied';
const PATIENCE = 60_000;

export interface Inventory {
  /** All that begins with `ml_`. */
  readonly objects: readonly string[];
  /** Rows of the table: name and checksum. */
  readonly applied: ReadonlyMap<string, string>;
}

/** What the database knows of its own preparation. */
export interface Ledger {
  /** Makes the table, if it is not there. */
  create(): Promise<void>;
  /** Makes the database fit for MobiLink, as far as its product needs that. */
  fit(): Promise<void>;
  read(): Promise<Inventory>;
  /** Fails if there is a row of that name. */
  add(name: string, value: string): Promise<void>;
  put(name: string, value: string): Promise<void>;
  /** Does nothing if the row holds another value. */
  replace(name: string, from: string, to: string): Promise<void>;
  remove(name: string, value: string): Promise<void>;
}

export interface LedgerSettings {
  readonly client: SqlClient;
  /** For the files with the statements. */
  readonly folder: string;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/** Keeps it by the client, each time in a session of its own: nothing is lost with a connection. */
export function ledger({ client, folder, redact, signal }: LedgerSettings): Ledger {
  const ask = async (statements: readonly string[]): Promise<string> => {
    const file = join(folder, `ask-${randomUUID()}.sql`);
    await writeFile(file, client.file(statements), { mode: 0o600, flag: 'wx' });
    const tooLong = AbortSignal.timeout(PATIENCE);
    try {
      const outcome = await client.run(file, AbortSignal.any([signal, tooLong]));
      if (outcome.exitCode === 0) return outcome.stdout;
      throw new PreparationError(`the database refuses: ${lastWords(client.complaint(outcome), redact)}`);
    } catch (error) {
      if (signal.aborted || !tooLong.aborted) throw error;
      throw new PreparationError(`the database does not answer within ${PATIENCE / 1_000} s`);
    } finally {
      await rm(file, { force: true });
    }
  };
  const insertion = (name: string, value: string) =>
    `INSERT INTO ${TABLE} (name, sha256) VALUES (${literal(name)}, ${literal(value)})`;
  const thisRow = (name: string, value: string) => `name = ${literal(name)} AND sha256 = ${literal(value)}`;
  const { dialect } = client;
  const change = async (...statements: string[]) => void (await ask(dialect.change(statements)));
  return {
    create: () =>
      change(dialect.createTable(TABLE, 'name VARCHAR(128) NOT NULL PRIMARY KEY, sha256 VARCHAR(80) NOT NULL')),
    async fit() {
      if (dialect.fit) await ask(dialect.fit);
    },
    async read() {
      const wrap = (kind: string, ...columns: string[]) =>
        dialect.join(`'${kind}='`, ...columns.flatMap((it) => [it, "';'"]));
      const answer = await ask([
        dialect.select(`'${BEGIN}'`),
        dialect.objects((column) => wrap('mobilink-ha-object', column)),
        `SELECT ${wrap('mobilink-ha-applied', 'name', 'sha256')} FROM ${TABLE}`,
        dialect.select(`'${END}'`),
      ]);
      return inventoryOf(answer);
    },
    add: (name, value) => change(insertion(name, value)),
    put: (name, value) => change(`DELETE FROM ${TABLE} WHERE name = ${literal(name)}`, insertion(name, value)),
    replace: (name, from, to) => change(`UPDATE ${TABLE} SET sha256 = ${literal(to)} WHERE ${thisRow(name, from)}`),
    remove: (name, value) => change(`DELETE FROM ${TABLE} WHERE ${thisRow(name, value)}`),
  };
}

const BEGIN = 'mobilink-ha-begin;';
const END = 'mobilink-ha-end;';

/** Reads what a client has printed, in whatever table; throws unless it is whole: a lost line would look like a free database. */
export function inventoryOf(answer: string): Inventory {
  const from = answer.indexOf(BEGIN);
  const to = answer.lastIndexOf(END);
  if (from === -1 || to < from) throw new PreparationError('the database’s answer is not whole');
  const text = answer.slice(from, to);
  const objects = [...text.matchAll(/mobilink-ha-object=([^;\n]+);/g)].map(([, name = '']) => name.trim());
  const applied = [...text.matchAll(/mobilink-ha-applied=([^;\n]+);([^;\n]+);/g)];
  return {
    objects,
    applied: new Map(applied.map(([, name = '', value = '']) => [name.trim(), value.trim()])),
  };
}

/** Only what needs no quoting comes here: names and checksums of our own. */
function literal(text: string): string {
  if (!/^[a-z0-9 ._:-]{1,128}$/.test(text)) throw new Error(`${text} cannot stand in the table ${TABLE}`);
  return `'${text}'`;
}
