import { createHash } from 'node:crypto';
import type { Chance } from '../cloud/chance';
import type { Clock } from '../cloud/clock';
import type { ReconnectFigures } from './reconnect-figures';

/** How often a server looks for another version of its login, and over what time restarts are spread (image/supervisor/life/timing.ts). */
const LOOKS_EVERY = 60_000;
const SPREAD_OVER = 60_000;

/** What a server that is stopped softly gives the syncs that it has (the same place). */
const LAST_SYNCS = 30_000;

/** A MobiLink server in virtual time: whether it serves, and since when. */
export interface FarmServer {
  readonly name: string;
  /** The way in which it behaves when its connections die. */
  readonly title: string;
  isServing: boolean;
  /** How long it took after the database was back, in milliseconds; undefined before the first failover. */
  reconnected?: number;
}

/**
 * The farm as its remotes meet it: while the database is away no server serves, and each is back when the supervisor of the drill was. The
 * health ports stay open meanwhile, so that nothing is replaced; the drill has watched that, and there is nothing here that could close them.
 */
export class Farm {
  public readonly servers: readonly FarmServer[];

  constructor(
    count: number,
    private readonly figures: ReconnectFigures,
    private readonly world: { readonly clock: Pick<Clock, 'now' | 'at'>; readonly chance: Chance },
  ) {
    this.servers = Array.from({ length: count }, (_, index) => ({
      name: `server ${index + 1}`,
      title: this.of(index).title,
      isServing: true,
    }));
  }

  /**
   * The login has another version: each server sees it when it looks next, lets its syncs end, and starts again with it at a moment of its
   * own. How long that start takes is what the drill has measured.
   */
  public loginIsRotated(
    onLeaving: (server: FarmServer) => void | Promise<void>,
    onServing: (server: FarmServer) => void | Promise<void>,
  ): void {
    const { clock, chance } = this.world;
    for (const [index, server] of this.servers.entries()) {
      const { reconnects } = this.of(index);
      const leavesAfter = chance.next() * LOOKS_EVERY + chance.next() * SPREAD_OVER;
      const away = LAST_SYNCS + (reconnects[Math.floor(chance.next() * reconnects.length)] ?? 0) * 1000;
      clock.at(clock.now() + leavesAfter, `${server.name} restarts`, async () => {
        server.isServing = false;
        await onLeaving(server);
      });
      clock.at(clock.now() + leavesAfter + away, `${server.name} serves again`, async () => {
        server.isServing = true;
        server.reconnected = away;
        await onServing(server);
      });
    }
  }

  /** By its address, as the load balancer keeps it (stickiness `source_ip`). */
  public serverOf(remote: string): FarmServer {
    const hash = Number.parseInt(createHash('sha256').update(remote).digest('hex').slice(0, 8), 16);
    return this.servers[hash % this.servers.length] as FarmServer;
  }

  /** The connections to the database are dead from now on. */
  public loseDatabase(): void {
    for (const server of this.servers) server.isServing = false;
  }

  /** The database accepts logins from now on: each server serves again when its supervisor has seen to it. */
  public databaseIsBack(onServing: (server: FarmServer) => void | Promise<void>): void {
    const { clock, chance } = this.world;
    for (const [index, server] of this.servers.entries()) {
      const { reconnects } = this.of(index);
      const seconds = reconnects[Math.floor(chance.next() * reconnects.length)] ?? 0;
      server.reconnected = seconds * 1000;
      clock.at(clock.now() + server.reconnected, `${server.name} serves again`, async () => {
        server.isServing = true;
        await onServing(server);
      });
    }
  }

  /** Each server behaves in another way, as far as there are ways: nobody knows which is SAP's. */
  private of(index: number): ReconnectFigures['figures'][number] {
    return this.figures.figures[index % this.figures.figures.length] as ReconnectFigures['figures'][number];
  }
}
