import { freePort, literal, MariaDb } from '../maria-db';
import type { Network } from './network';

const ADDRESSES = ['127.0.0.2', '127.0.0.3'] as const;

/**
 * Two real servers on one port, of which one can be written and has the name, as a database that fails over to its standby. What was
 * written is not replicated: nothing here asks for it.
 */
export class MovableDatabase {
  public static async start(network: Network): Promise<MovableDatabase> {
    const port = await freePort();
    const database = new MovableDatabase(network, port);
    database.servers = await Promise.all(ADDRESSES.map((address) => database.startServer(address)));
    await database.promote(0);
    return database;
  }

  private servers: MariaDb[] = [];
  private primary = 0;
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
    await new Promise((resolve) => setTimeout(resolve, awayMillis));
    await this.promote(1 - old);
    return Date.now();
  }

  /** A new standby for the next time, instead of the primary that is gone. */
  public async renewStandby(): Promise<void> {
    const index = 1 - this.primary;
    if (!this.isGone) await this.server(index).stop();
    this.servers[index] = await this.startServer(ADDRESSES[index] ?? '');
  }

  public setReadOnly(isReadOnly: boolean): void {
    this.server(this.primary).sql(`SET GLOBAL read_only = ${isReadOnly ? 1 : 0}`);
  }

  /** Sessions that are there live on. */
  public changePassword(password: string): void {
    this.password = password;
    for (const server of this.servers) server.sql(`ALTER USER ml@'%' IDENTIFIED BY ${literal(password)}`);
  }

  public syncs(): number {
    return Number(this.server(this.primary).sql('SELECT COUNT(*) FROM consol.syncs'));
  }

  public signalPrimary(signal: NodeJS.Signals): void {
    this.server(this.primary).signal(signal);
  }

  public async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private async promote(index: number): Promise<void> {
    this.primary = index;
    this.server(index).sql('SET GLOBAL read_only = 0');
    this.network.moveName(ADDRESSES[index] ?? '');
  }

  private server(index: number): MariaDb {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`There is no server ${index}`);
    return server;
  }

  private async startServer(address: string): Promise<MariaDb> {
    const server = await MariaDb.start([`--bind-address=${address}`, `--port=${this.port}`, '--read-only=1']);
    server.sql(
      `CREATE DATABASE consol; CREATE TABLE consol.syncs (remote VARCHAR(64), slept INT); CREATE USER ml@'%' IDENTIFIED BY ${literal(this.password)}; GRANT ALL ON consol.* TO ml@'%'`,
    );
    return server;
  }
}
