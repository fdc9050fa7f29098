import type { Installation } from '../installation';
import type { JsonLines } from '../json-lines';
import { hashOf, parseStatement, type Statement } from '../sql/statement';
import { SqlError } from '../sql/tokens';
import type { Variants } from '../variants';
import { BAD_LOGIN, type ClientHello, NOT_ACCESSIBLE, NOT_FOUND, type Reply, type Request } from './handshake';
import { questionsTo, runProcedure } from './questions';
import type { RunningDatabase } from './running-database';

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
      if (!request) return;
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
    if ('execute' in request) return this.execute(parseStatement(request.execute));
    if ('synchronization' in request) return this.synchronization();
    if ('synchronized' in request) {
      this.demandSynchronization();
      await this.options.database.commit({ kind: 'synchronized', ...request.synchronized });
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
        if (statement.change.kind !== 'insert') this.demandAuthority();
        await database.commit(statement.change);
        this.reply({ columns: [], rows: [] });
        break;
      case 'select': {
        const value = statement.expression(questionsTo(server, database, variants, this.user));
        this.reply({ columns: [statement.column], rows: [[value]] });
        break;
      }
      case 'probes': {
        const found = database.now.probes.filter((value) => statement.equal === undefined || statement.equal === value);
        if (statement.count) this.reply({ columns: ['count()'], rows: [[String(found.length)]] });
        else this.reply({ columns: ['value'], rows: found.map((value) => [value]) });
        break;
      }
      case 'rows': {
        const { table, where, expression, aggregate } = statement;
        const all = database.now.tables[table];
        if (!all) throw new SqlError(`Table '${table}' not found (SQLCODE -141)`);
        const found = all.filter((row) => !where || where.matches(row[where.column] ?? ''));
        const questions = questionsTo(server, database, variants, this.user);
        const rows = aggregate ? [found.at(-1) ?? {}] : found;
        this.reply({
          columns: ['expression'],
          rows: rows.map((row) => [expression({ ...questions, column: (name) => row[name] ?? null })]),
        });
        break;
      }
      case 'trigger-event':
        this.demandAuthority();
        database.trigger(statement.name);
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
      case 'nothing':
        this.reply({ columns: [], rows: [] });
    }
  }

  /** What dbmlsync asks before it reads the logs. */
  private synchronization(): void {
    this.demandSynchronization();
    const { database } = this.options;
    if (database.isReadOnly) throw new SqlError('The database is read-only (SQLCODE -757)');
    this.reply({
      remote: database.now.id,
      log: database.log.file,
      last: database.log.last().position,
      progress: database.now.progress,
      deleteOldLogs: database.now.options.delete_old_logs ?? 'Off',
    });
  }

  private demandSynchronization(): void {
    const { roles, users } = this.options.database.now;
    if (Object.keys(users)[0] === this.user || roles.includes(`SYS_RUN_REPLICATION_ROLE ${this.user}`)) return;
    throw new SqlError(`Permission denied: ${this.user} has no SYS_RUN_REPLICATION_ROLE (SQLCODE -121)`);
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
