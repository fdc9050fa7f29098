import { spawn } from 'node:child_process';
import type { Installation } from '../installation';
import type { DatabaseEvent } from '../sql/change';
import { nextFiring } from '../sql/event-statement';
import { SqlError } from '../sql/tokens';
import type { OpenTransactions } from './open-transactions';
import type { ServerLog } from './server-log';

export interface EventsOptions {
  /** Real milliseconds of a second of the server's clock. */
  readonly second: number;
  readonly installation: Installation;
  readonly log: ServerLog;
  readonly transactions: OpenTransactions;
  defined(): Readonly<Record<string, DatabaseEvent>>;
  /** Only a server whose database can be written fires them (facts §4.7 [M18]). */
  fires(): boolean;
}

/** No timer can be longer. */
const LONGEST_MILLIS = 2 ** 31 - 1;

/**
 * The events of a database. A handler runs on a connection of its own; xp_cmdshell waits for its command, which outlives the server.
 * A handler that is still at work does not keep its event from being fired again. UNSOURCED.
 */
export class Events {
  private readonly began = Date.now();
  private timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: EventsOptions) {
    this.settle();
  }

  /** What the documents call TRIGGER EVENT: at once, whatever fires it otherwise. */
  public trigger(name: string): void {
    const event = this.options.defined()[name];
    if (!event) throw new SqlError(`Event '${name}' not found (SQLCODE -771)`);
    if (!this.options.fires()) throw new SqlError('The database is read-only (SQLCODE -757)');
    this.run(name, event, 'triggered');
  }

  /** Something of this type has happened. */
  public fire(type: string): void {
    for (const [name, event] of Object.entries(this.options.defined())) {
      if (event.on === type) this.run(name, event, type);
    }
  }

  /** Reads again what is scheduled. */
  public settle(): void {
    this.close();
    for (const name of Object.keys(this.options.defined())) this.schedule(name);
  }

  public close(): void {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
  }

  private schedule(name: string): void {
    const event = this.options.defined()[name];
    if (!event || typeof event.on === 'string') return;
    const wait = ((nextFiring(event.on, this.clock()) - this.clock()) * this.options.second) / 1_000;
    const timer = setTimeout(
      () => {
        this.timers = this.timers.filter((it) => it !== timer);
        const current = this.options.defined()[name];
        if (current && wait <= LONGEST_MILLIS && this.options.fires()) this.run(name, current, 'scheduled');
        this.schedule(name);
      },
      Math.min(Math.max(1, Math.ceil(wait)), LONGEST_MILLIS),
    );
    this.timers.push(timer);
  }

  /** Milliseconds since 1970 by the server's clock: it is midnight when it starts, and goes as fast as the variants say. */
  private clock(): number {
    const midnight = new Date(this.began).setHours(0, 0, 0, 0);
    return midnight + ((Date.now() - this.began) * 1_000) / this.options.second;
  }

  private run(name: string, { command, commits }: DatabaseEvent, why: string): void {
    const { installation, log, transactions } = this.options;
    const root = process.env.MOBILINK_HA_ROOT ?? '';
    const end = commits ? () => {} : transactions.begin();
    installation.journal(`event ${name} ${why}`);
    if (!commits) installation.journal(`violation: event ${name} calls a command inside its transaction`);
    const child = spawn('/bin/sh', ['-c', command.replaceAll(' /opt/mobilink-ha/', ` ${root}/opt/mobilink-ha/`)], {
      stdio: 'ignore',
      env: { MOBILINK_HA_CONFIG: `${root}/etc/mobilink-ha/remote.conf`, ...process.env },
    });
    child.once('error', (error) => {
      end();
      log.error(`event "${name}": ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      end();
      log.info(`event "${name}" ended with ${code ?? signal}`);
    });
  }
}
