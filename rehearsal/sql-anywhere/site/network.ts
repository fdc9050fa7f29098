import { createServer, type Server } from 'node:net';
import { type Cut, ProxiedLink } from './proxied-link';

export const ROLES = ['first', 'second', 'arbiter'] as const;

export type PairRole = (typeof ROLES)[number];

/** Where somebody looks from: a host, or `client` for all who are none: the tracker, the farm, a test. */
export type Place = PairRole | 'client';

const PLACES: readonly Place[] = [...ROLES, 'client'];

/** As on real hosts. */
export const PORT = 2638;
export const ROLE_PORT = 8090;

/**
 * Three hosts on loopback addresses of their own (Linux has 127.0.0.0/8), with the ports of real ones, and a link that can be cut
 * between each two places and in each direction. Addresses are taken by chance and kept by listening on one of them.
 */
export class PairNetwork {
  public static async open(): Promise<PairNetwork> {
    for (;;) {
      const prefix = `127.${1 + Math.floor(Math.random() * 254)}.${Math.floor(Math.random() * 255)}`;
      const lock = createServer();
      const isFree = await new Promise<boolean>((resolve) => {
        lock.once('error', () => resolve(false));
        lock.listen(PORT, `${prefix}.254`, () => resolve(true));
      });
      if (!isFree) continue;
      const network = new PairNetwork(prefix, lock);
      await network.lay();
      return network;
    }
  }

  private readonly links = new Map<string, ProxiedLink[]>();

  private constructor(
    private readonly prefix: string,
    private readonly lock: Server,
  ) {}

  /** Where the servers of a host listen. */
  public addressOf(role: PairRole): string {
    return `${this.prefix}.${1 + ROLES.indexOf(role)}`;
  }

  /** What a place dials to reach a host: a proxy, unless it is the same host. */
  public seenFrom(place: Place, role: PairRole): string {
    if (place === role) return this.addressOf(role);
    return `${this.prefix}.${10 * (1 + PLACES.indexOf(place)) + 1 + ROLES.indexOf(role)}`;
  }

  /** What one place dials to the other does not get there any more; answers neither. */
  public cutOneWay(from: Place, to: PairRole, how: Cut): void {
    for (const link of this.linksOf(from, to)) link.cut(how);
  }

  public restoreOneWay(from: Place, to: PairRole): void {
    for (const link of this.linksOf(from, to)) link.restore();
  }

  public async close(): Promise<void> {
    await Promise.all([...this.links.values()].flat().map((link) => link.close()));
    await new Promise((resolve) => this.lock.close(resolve));
  }

  private async lay(): Promise<void> {
    for (const place of PLACES) {
      for (const role of ROLES) {
        if (place === role) continue;
        const [from, to] = [this.seenFrom(place, role), this.addressOf(role)];
        const ports = role === 'arbiter' ? [PORT] : [PORT, ROLE_PORT];
        const opened = ports.map((port) => ProxiedLink.open({ host: from, port }, { host: to, port }));
        this.links.set(`${place} ${role}`, await Promise.all(opened));
      }
    }
  }

  private linksOf(from: Place, to: PairRole): readonly ProxiedLink[] {
    const links = this.links.get(`${from} ${to}`);
    if (!links) throw new Error(`there is no link from ${from} to ${to}`);
    return links;
  }
}
