import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../mlsrv/network';
import { freePort } from './free-port';
import { literal, MariaDb } from './maria-db';

const ADDRESSES = ['127.0.0.2', '127.0.0.3'] as const;
const REPLICATION = { user: 'replica', password: 'replica' };

/** How long what was received may take to be applied, and a standby to receive all that there is. */
const PATIENCE_MILLIS = 20_000;

/**
 * A primary and its standby on one port, as a database that fails over: real servers, semi-synchronous replication, one name that leads to
 * the one of them that can be written. What was committed is on the standby, so nothing that was acknowledged is lost when it takes over.
 */
export class ReplicatedPair {
  public static async start(network: Network): Promise<ReplicatedPair> {
    const pair = new ReplicatedPair(network, await freePort());
    try {
      // One after the other: whoever is there can be stopped when the next one does not come.
      for (const index of ADDRESSES.keys()) pair.servers.push(await pair.startServer(index));
      const [first] = pair.servers;
      first?.sql(
        `CREATE USER ${REPLICATION.user}@'%' IDENTIFIED BY ${literal(REPLICATION.password)};
         GRANT REPLICATION SLAVE ON *.* TO ${REPLICATION.user}@'%';
         CREATE DATABASE consol; CREATE TABLE consol.syncs (remote VARCHAR(64), slept INT);
         CREATE USER ml@'%' IDENTIFIED BY ${literal(pair.password)}; GRANT ALL ON consol.* TO ml@'%'`,
      );
      pair.promote(0);
      await pair.follow(1);
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return pair;
  }

  private readonly servers: MariaDb[] = [];
  /** One may still be on its way when all are to stop. */
  private readonly begun: Promise<MariaDb>[] = [];
  private primary = 0;
  private started = 0;
  private isGone = false;
  private password = 'ge;he"im {x} =\' \\ ü';

  private constructor(
    private readonly network: Network,
    public readonly port: number,
  ) {}

  public get secret(): string {
    return JSON.stringify({ username: 'ml', password: this.password });
  }

  /** For the log: it must never hold this. */
  public get secretWords(): string {
    return this.password;
  }

  /** The primary goes in the given way, the standby takes over; gives the moment since when it accepts logins. */
  public async failOver(how: 'killed' | 'hung', awayMillis: number): Promise<number> {
    const old = this.primary;
    // A stop of this server is a SIGKILL.
    if (how === 'killed') await this.server(old).stop();
    else this.server(old).signal('SIGSTOP');
    this.isGone = how === 'killed';
    await sleep(awayMillis);
    await this.applyAll(1 - old);
    this.promote(1 - old);
    return Date.now();
  }

  /** A new standby for the next time, instead of the primary that is gone; it has all that was ever written when this resolves. */
  public async renewStandby(): Promise<void> {
    const index = 1 - this.primary;
    if (!this.isGone) await this.server(index).stop();
    this.servers[index] = await this.startServer(index);
    await this.follow(index);
  }

  public setReadOnly(isReadOnly: boolean): void {
    this.server(this.primary).sql(`SET GLOBAL read_only = ${isReadOnly ? 1 : 0}`);
  }

  /** Sessions that are there live on. */
  public changePassword(password: string): void {
    this.password = password;
    this.server(this.primary).sql(`ALTER USER ml@'%' IDENTIFIED BY ${literal(password)}`);
  }

  public write(remote: string): void {
    this.server(this.primary).sql(`INSERT INTO consol.syncs VALUES (${literal(remote)}, 0)`);
  }

  public accepts(user: string, password: string): boolean {
    return this.server(this.primary).accepts(user, password);
  }

  public syncs(): number {
    return Number(this.server(this.primary).sql('SELECT COUNT(*) FROM consol.syncs'));
  }

  public signalPrimary(signal: NodeJS.Signals): void {
    this.server(this.primary).signal(signal);
  }

  public async stop(): Promise<void> {
    const begun = await Promise.allSettled(this.begun);
    await Promise.all(begun.map((it) => (it.status === 'fulfilled' ? it.value.stop() : undefined)));
  }

  /** What was received is applied, as a standby does before it takes over. */
  private async applyAll(index: number): Promise<void> {
    const standby = this.server(index);
    standby.sql('STOP SLAVE IO_THREAD');
    const received = standby.status('SHOW SLAVE STATUS', 'Gtid_IO_Pos');
    if (received !== '') await this.wait(standby, received);
    standby.sql('STOP SLAVE; RESET SLAVE ALL');
  }

  private promote(index: number): void {
    this.primary = index;
    this.server(index).sql('SET GLOBAL read_only = 0');
    this.network.moveName(ADDRESSES[index] ?? '');
  }

  private async follow(index: number): Promise<void> {
    const { user, password } = REPLICATION;
    const standby = this.server(index);
    standby.sql(
      `CHANGE MASTER TO MASTER_HOST = '${ADDRESSES[this.primary]}', MASTER_PORT = ${this.port}, MASTER_USER = '${user}',
       MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1; START SLAVE`,
    );
    await this.wait(standby, this.server(this.primary).sql('SELECT @@gtid_binlog_pos').trim());
    for (const end = Date.now() + PATIENCE_MILLIS; ; await sleep(50)) {
      if (standby.status("SHOW STATUS LIKE 'Rpl_semi_sync_slave_status'", 'Value') === 'ON') return;
      if (Date.now() > end) throw new Error('the standby does not confirm what it receives');
    }
  }

  private async wait(standby: MariaDb, position: string): Promise<void> {
    for (const end = Date.now() + PATIENCE_MILLIS; ; await sleep(50)) {
      // With no time to wait: it would block this process.
      if (standby.sql(`SELECT MASTER_GTID_WAIT('${position}', 0)`).trim() === '0') return;
      if (Date.now() > end) {
        const [io, sql] = ['Last_IO_Error', 'Last_SQL_Error'].map((it) => standby.status('SHOW SLAVE STATUS', it));
        throw new Error(`the standby has not applied ${position}: ${io} ${sql}`);
      }
    }
  }

  private server(index: number): MariaDb {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`There is no server ${index}`);
    return server;
  }

  private startServer(index: number): Promise<MariaDb> {
    const server = MariaDb.start([
      `--bind-address=${ADDRESSES[index]}`,
      `--port=${this.port}`,
      // A new one each time: a standby leaves out what it takes for its own.
      `--server-id=${++this.started}`,
      '--read-only=1',
      '--log-bin=binlog',
      '--log-slave-updates',
      '--rpl-semi-sync-master-enabled=1',
      '--rpl-semi-sync-slave-enabled=1',
      // Without a standby nobody waits; with one that is away, as long as a failover may take.
      '--rpl-semi-sync-master-wait-no-slave=0',
      '--rpl-semi-sync-master-timeout=60000',
      // A standby that is gone is noticed before the test ends.
      '--slave-net-timeout=2',
    ]);
    this.begun.push(server);
    return server;
  }
}
