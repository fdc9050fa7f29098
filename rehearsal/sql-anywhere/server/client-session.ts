import { randomUUID } from 'node:crypto';
import { rowOf, rowsThat, tableOf } from '../files/tables';
import type { Installation } from '../installation';
import type { JsonLines } from '../json-lines';
import type { Change, RowChange } from '../sql/change';
import type { Selection } from '../sql/row-statement';
import { hashOf, parseStatement, type Statement } from '../sql/statement';
import { SqlError } from '../sql/tokens';
import type { Variants } from '../variants';
import { BAD_LOGIN, type ClientHello, NOT_ACCESSIBLE, NOT_FOUND, type Reply, type Request } from './handshake';
import { questionsTo, runProcedure } from './questions';
import type { RunningDatabase } from './running-database';
import { maySynchronize, selected, type Wanted } from './synchronization';

export interface ClientSessionOptions {
  readonly server: string;
  readonly database: RunningDatabase;
  readonly variants: Variants;
  readonly installation: Installation;
  stop(): void;
}

/** Characters of a file that go over the line at once. */
const PART = 4_096;

/** Somebody who is connected to a partner's database. */
export class ClientSession {
  private user = '';
  /** What an open transaction has done. @default - none is open: each statement is one */
  private transaction: RowChange[] | undefined;

  constructor(
    private readonly lines: JsonLines,
    private readonly options: ClientSessionOptions,
  ) {}

  public async serve(hello: ClientHello): Promise<void> {
    const refused = this.refusal(hello);
    this.lines.send(refused ?? { welcome: true });
    if (refused) {
      this.lines.socket.end();
      return;
    }
    this.user = hello.user ?? '';
    for (;;) {
      const request = await this.lines.next<Request>();
      if (!request) return this.rollBack().catch(() => undefined);
      try {
        await this.answer(request);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (/Syntax error|placeholder|unknown connection|not found/.test(reason)) {
          this.options.installation.journal(`refused: ${reason}`);
        }
        this.reply({ error: reason });
      }
    }
  }

  private refusal({ server, database, user, password }: ClientHello): { error: string; code: number } | undefined {
    const { database: own, server: name } = this.options;
    const role = own.mirroring?.rules.role;
    const alias = role === 'primary' ? own.definition?.primaryAlias : own.definition?.mirrorAlias;
    if (server !== undefined && server !== name && (server !== alias || role === 'waiting')) return NOT_FOUND;
    if (database !== undefined && database !== own.name) return NOT_ACCESSIBLE;
    if (!own.isAccessible) return NOT_ACCESSIBLE;
    const known = user !== undefined && own.now.users[user] === hashOf(password ?? '');
    return known ? undefined : BAD_LOGIN;
  }

  private async answer(request: Request): Promise<void> {
    if ('execute' in request) {
      const openHandlers = this.options.variants.open_handler !== 'refused';
      return this.execute(parseStatement(request.execute, openHandlers));
    }
    if ('beginSynchronization' in request) return this.beginSynchronization(request.beginSynchronization);
    if ('endSynchronization' in request) {
      this.demandReplication();
      await this.options.database.commit({ kind: 'synchronized', ...request.endSynchronization });
      return this.reply({ done: true });
    }
    this.demandAuthority();
    if ('stop' in request) {
      this.reply({ done: true });
      return this.options.stop();
    }
    const { database: whole, renameLog } = request.backup;
    const { database } = this.options;
    const { database: contents, log } = await database.backUp();
    if (whole) await this.sendFile(`${database.name}.db`, contents);
    await this.sendFile(`${database.name}.log`, log);
    if (renameLog) await database.renameLog();
    this.reply({ done: true });
  }

  private async execute(statement: Statement): Promise<void> {
    const { database, server, variants } = this.options;
    switch (statement.kind) {
      case 'change':
        this.demandAuthority();
        await this.change(statement.change);
        this.reply({ columns: [], rows: [] });
        break;
      case 'insert':
        await this.change(rowOf(database.now.tables, statement));
        this.reply({ columns: [], rows: [] });
        break;
      case 'select': {
        const value = statement.expression(questionsTo(server, database, variants, this.user));
        this.reply({ columns: [statement.column], rows: [[value]] });
        break;
      }
      case 'select-from':
        this.select(statement);
        break;
      case 'trigger-event':
        this.demandAuthority();
        database.events.trigger(statement.event);
        this.reply({ columns: [], rows: [] });
        break;
      case 'call': {
        const result = runProcedure(statement.procedure, database, questionsTo(server, database, variants, this.user));
        if (!result) throw new SqlError(`Procedure '${statement.procedure}' not found (SQLCODE -265)`);
        this.reply({ columns: ['line'], rows: [[result.line]] });
        break;
      }
      case 'fail-over': {
        this.demandAuthority();
        if (statement.database !== database.name) throw new SqlError('not the name of this database');
        const reason = database.mirroring ? database.mirroring.rules.giveAway(Date.now()) : 'not mirrored';
        if (reason) throw new SqlError(reason);
        break;
      }
      case 'begin':
        this.transaction ??= [];
        this.reply({ columns: [], rows: [] });
        break;
      case 'commit': {
        const changes = this.transaction ?? [];
        this.transaction = undefined;
        if (changes.length > 0) await database.commit({ kind: 'transaction', changes });
        this.reply({ columns: [], rows: [] });
        break;
      }
      case 'rollback':
        await this.rollBack();
        this.reply({ columns: [], rows: [] });
    }
  }

  /** Becomes part of the open transaction, or is one by itself. */
  private async change(change: Change): Promise<void> {
    if (!this.transaction) return this.options.database.commit(change);
    if (change.kind !== 'insert' && change.kind !== 'delete') {
      throw new SqlError('data definition inside a transaction is not for the stand-in');
    }
    this.transaction.push(change);
  }

  /** What it did stands in the log all the same. */
  private async rollBack(): Promise<void> {
    const changes = this.transaction ?? [];
    this.transaction = undefined;
    if (changes.length > 0) await this.options.database.commit({ kind: 'rolled-back', changes });
  }

  private select({ table: name, expressions, aggregated, condition }: Selection): void {
    const { database, server, variants } = this.options;
    const table = tableOf(database.now.tables, name);
    const rows = rowsThat(table, condition);
    if (expressions.length === 0) {
      const all = rows.map((row) => table.columns.map((column) => row[column] ?? null));
      this.reply({ columns: table.columns, rows: all });
      return;
    }
    const questions = questionsTo(server, database, variants, this.user);
    const line = (row?: (typeof rows)[number]) =>
      expressions.map(({ expression }) => expression({ ...questions, rows, row }));
    const columns = expressions.map(({ column }) => column);
    this.reply({ columns, rows: aggregated ? [line()] : rows.map((row) => line(row)) });
  }

  /** A mirror is read-only, and a handler that did not commit holds what dbmlsync needs. */
  private async beginSynchronization(wanted: Wanted): Promise<void> {
    const { database, variants } = this.options;
    this.demandReplication();
    if (database.isReadOnly && variants.mirror_sync === 'refused') {
      throw new SqlError('The database is read-only (SQLCODE -757)');
    }
    if (database.transactions.any) {
      if (variants.open_handler === 'error') throw new SqlError('User has the row locked (SQLCODE -210)');
      await Promise.race([database.transactions.ended(), this.lines.closed]);
    }
    if (!database.now.options.ml_remote_id && !database.isReadOnly) {
      await database.commit({ kind: 'option', name: 'ml_remote_id', value: randomUUID() });
    }
    const { id, options, point } = database.now;
    this.reply({
      synchronization: {
        database: id,
        remoteId: options.ml_remote_id ?? '',
        role: database.mirroring?.rules.role ?? 'none',
        log: database.log.file,
        position: point.position,
        deleteOldLogs: options.delete_old_logs ?? 'Off',
        ...selected(database.now, wanted),
      },
    });
  }

  private demandReplication(): void {
    if (!maySynchronize(this.options.database.now, this.user)) {
      throw new SqlError(`Permission denied: ${this.user} has no SYS_RUN_REPLICATION_ROLE (SQLCODE -121)`);
    }
  }

  /** The first user of a database is its administrator. */
  private demandAuthority(): void {
    if (Object.keys(this.options.database.now.users)[0] !== this.user) {
      throw new SqlError(`Permission denied to ${this.user} (SQLCODE -121)`);
    }
  }

  private async sendFile(file: string, text: string): Promise<void> {
    for (let from = 0; from < text.length; from += PART) {
      const part = text.slice(from, from + PART);
      this.reply({ file, part, last: from + PART >= text.length });
      if (this.lines.socket.writableNeedDrain) {
        await Promise.race([new Promise((resolve) => this.lines.socket.once('drain', resolve)), this.lines.closed]);
      }
    }
  }

  private reply(reply: Reply): void {
    this.lines.send(reply);
  }
}
