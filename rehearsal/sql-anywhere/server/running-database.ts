import * as path from 'node:path';
import {
  applyChange,
  checkDefinition,
  type DatabaseContents,
  databaseText,
  readDatabase,
  writeDatabase,
} from '../files/database-file';
import { TransactionLog } from '../files/transaction-log';
import type { HostNames } from '../host-names';
import type { Installation } from '../installation';
import type { LogEntry } from '../mirroring/messages';
import type { Change } from '../sql/change';
import { SqlError } from '../sql/tokens';
import type { Variants } from '../variants';
import { Events } from './events';
import { MirroredPartner } from './mirrored-partner';
import { definitionFor, type MirroringDefinition } from './mirroring-definition';
import { OpenTransactions } from './open-transactions';
import type { ServerLog } from './server-log';

export interface RunningDatabaseOptions {
  readonly server: string;
  readonly file: string;
  /** `-xp on` */
  readonly mirrored: boolean;
  readonly installation: Installation;
  readonly names: HostNames;
  readonly variants: Variants;
  readonly log: ServerLog;
  /** Whether it can be reached has changed, or who is connected has to go. */
  onAccess(): void;
  onRestart(): void;
  onIncompatible(): void;
}

interface Waiter {
  readonly position: number;
  done(): void;
}

/** The one database of a partner: its file, its log, and the mirroring that its own statements define. */
export class RunningDatabase {
  public readonly name: string;
  public readonly log: TransactionLog;
  public mirroring: MirroredPartner | undefined;
  public definition: MirroringDefinition | undefined;
  public readonly transactions = new OpenTransactions();
  public readonly events: Events;
  private contents: DatabaseContents;
  private waiters: Waiter[] = [];

  constructor(private readonly options: RunningDatabaseOptions) {
    const { file } = options;
    this.name = path.basename(file, '.db');
    this.contents = readDatabase(file);
    this.log = new TransactionLog(file.replace(/\.db$/, '.log'), this.contents.id, this.contents.point);
    this.applyUpTo(Number.POSITIVE_INFINITY, false);
    this.define(false);
    if (this.definition && !options.mirrored)
      throw new Error('mirroring is defined on the database, but -xp on is not given');
    const { installation, log, variants } = options;
    this.events = new Events({
      second: variants.second,
      installation,
      log,
      transactions: this.transactions,
      defined: () => this.contents.events,
      fires: () => this.isAccessible && !this.isReadOnly,
    });
  }

  public get now(): Readonly<DatabaseContents> {
    return this.contents;
  }

  /** False while it waits for quorum. */
  public get isAccessible(): boolean {
    return this.mirroring?.rules.role !== 'waiting';
  }

  public get isReadOnly(): boolean {
    return this.mirroring?.rules.role === 'mirror';
  }

  /** Resolves when the change is as safe as the mode promises. A restart of the database leaves it open for ever. */
  public async commit(change: Change): Promise<void> {
    if (this.isReadOnly) throw new SqlError('The database is read-only (SQLCODE -757)');
    checkDefinition(this.contents, change);
    const position = this.mirroring ? this.mirroring.rules.write(change) : this.writeAlone(change);
    if (position === undefined) throw new SqlError('The database is not accessible (SQLCODE -83)');
    if (this.contents.point.position < position) {
      await new Promise<void>((done) => this.waiters.push({ position, done }));
    }
  }

  /** The files of a backup. What is not safe yet does not go into one. */
  public async backUp(): Promise<{ database: string; log: string }> {
    while (this.mirroring && this.mirroring.rules.safe < this.contents.point.position) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (!this.isAccessible) throw new SqlError('The database is not accessible (SQLCODE -83)');
    }
    return { database: databaseText(this.contents), log: this.log.activeText() };
  }

  /** A name that is free: the date and two letters, as SAP's own renamed logs have it. */
  public async renameLog(): Promise<void> {
    const taken = this.log.offlineNames();
    const date = new Date().toISOString().slice(2, 10).replaceAll('-', '');
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const names = letters.flatMap((one) => letters.map((other) => `${date}${one}${other}.LOG`));
    const file = names.find((name) => name > (taken.at(-1) ?? '') && !taken.includes(name));
    if (!file) throw new SqlError('no name is left for the log');
    await this.commit({ kind: 'rename-log', file, oldest: taken[0] ?? file });
  }

  /** Everything up to here is in the file; the log need not be read again. */
  public checkpoint(): void {
    if (this.mirroring && this.mirroring.rules.safe < this.contents.point.position) return;
    writeDatabase(this.options.file, this.contents);
  }

  public close(): void {
    this.events.close();
    this.mirroring?.close();
    this.checkpoint();
  }

  private writeAlone(change: Change): number {
    const { position, sequence } = this.log.last();
    this.log.append([{ position: position + 1, sequence, change }]);
    this.applyUpTo(position + 1, true);
    this.define(true);
    return position + 1;
  }

  /** @param running - the definitions were completed on a running database, which then is the first primary */
  private define(running: boolean): void {
    const { server, mirrored, installation, names, variants, log } = this.options;
    this.definition = definitionFor(server, this.contents);
    if (this.mirroring || !this.definition || !mirrored) return;
    this.mirroring = new MirroredPartner({
      server,
      database: this.name,
      id: this.contents.id,
      definition: this.definition,
      log: this.log,
      names,
      variants,
      events: {
        committed: (position, afresh) => this.committed(position, afresh),
        becamePrimary: () => this.becamePrimary(),
        becameMirror: () => {
          log.info(`Database "${this.name}" is now the mirror`);
          this.options.onAccess();
        },
        restarted: () => this.restarted(),
        incompatible: (reason) => {
          log.error(`Database "${this.name}" is incompatible: ${reason}`);
          this.options.onIncompatible();
        },
      },
      onRefused: (reason) => installation.journal(`refused: mirroring: ${reason}`),
    });
    if (running) this.mirroring.rules.begin(Date.now());
    else log.info(`Database "${this.name}" waits for quorum`);
  }

  private becamePrimary(): void {
    const { log, variants } = this.options;
    log.info(`Database "${this.name}" is now the primary`);
    // `mirroring` is not there yet when the definitions were completed on the running database.
    const first = this.mirroring?.rules.sequence === 1 || !this.mirroring;
    this.options.onAccess();
    if (!first || variants.first_event === 'yes') this.events.fire('MirrorFailover');
  }

  private restarted(): void {
    this.options.log.info(`Database "${this.name}" restarts and waits for quorum`);
    this.waiters = [];
    this.transactions.rollBack();
    this.reload(Number.POSITIVE_INFINITY);
    this.options.onRestart();
    this.options.onAccess();
  }

  private committed(position: number, afresh: boolean): void {
    if (afresh) this.reload(position);
    else this.applyUpTo(position, true);
    const ready = this.waiters.filter((waiter) => waiter.position <= position);
    this.waiters = this.waiters.filter((waiter) => waiter.position > position);
    for (const { done } of ready) done();
  }

  private reload(position: number): void {
    this.contents = readDatabase(this.options.file);
    this.applyUpTo(position, false);
    this.events.settle();
  }

  private applyUpTo(position: number, renames: boolean): void {
    for (const entry of [...this.log.since(this.contents.point.position)]) {
      if (entry.position > position) break;
      const change = entry.change as Change;
      applyChange(this.contents, change, entry.position);
      this.contents.point = { position: entry.position, sequence: entry.sequence };
      if (renames) this.rename(entry);
      // A database that is only being opened has no events yet.
      if (renames && ['event', 'drop-event'].includes(change.kind)) this.events.settle();
    }
  }

  private rename({ change, position }: LogEntry): void {
    const it = change as Change;
    if (it.kind !== 'rename-log' || position <= this.log.start) return;
    this.log.rename(it.file, position);
    if (this.isReadOnly) this.log.deleteOlderThan(it.oldest);
    this.checkpoint();
  }
}
