import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { killProcessesOf } from './host-processes';
import { PairNetwork, type PairRole, type Place, PORT, ROLE_PORT, ROLES } from './network';
import { type HostVariants, PairHost } from './pair-host';
import type { Cut } from './proxied-link';

export interface PairSiteProps {
  /** @default consolidated */
  readonly database?: string;
  /** The private zone. @default mobilink-ha.internal */
  readonly zone?: string;
  /** Of all three hosts. */
  readonly variants?: HostVariants;
  /** What is set for everything that runs on the hosts. @default - nothing but what a service has */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Three hosts on this machine, for real processes of the stand-ins: each with a folder for its file system, addresses on loopback
 * with the ports of real hosts, and links between them that can be cut. Nothing runs yet; `PairBirth` or host scripts start it.
 */
export class PairSite {
  public static async open(props: PairSiteProps = {}): Promise<PairSite> {
    const site = new PairSite(props, await PairNetwork.open());
    sites.add(site);
    for (const host of site.hosts) {
      mkdirSync(host.root, { recursive: true });
      await host.install(site.names(host.role));
      host.vary(props.variants ?? {});
    }
    return site;
  }

  public readonly database: string;
  public readonly zone: string;
  public readonly hosts: readonly PairHost[];
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'mobilink-pair-'));

  private constructor(
    props: PairSiteProps,
    private readonly network: PairNetwork,
  ) {
    this.database = props.database ?? 'consolidated';
    this.zone = props.zone ?? 'mobilink-ha.internal';
    this.hosts = ROLES.map(
      (role) =>
        new PairHost({
          role,
          server: `${this.database}_${role}`,
          name: `${role}.${this.zone}`,
          address: network.addressOf(role),
          folder: this.folder,
          environment: props.environment ?? {},
        }),
    );
  }

  public host(role: PairRole): PairHost {
    const found = this.hosts.find((host) => host.role === role);
    if (!found) throw new Error(`there is no host ${role}`);
    return found;
  }

  /** What a place dials to reach a host, with the ports 2638 and 8090 of a real one. */
  public seenFrom(place: Place, role: PairRole): { address: string; port: number; rolePort: number } {
    return { address: this.network.seenFrom(place, role), port: PORT, rolePort: ROLE_PORT };
  }

  /** Nothing passes between the two any more, in either direction. @param how - @default reset */
  public cut(one: Place, other: Place, how: Cut = 'reset'): void {
    for (const [from, to] of directions(one, other)) this.network.cutOneWay(from, to, how);
  }

  public restore(one: Place, other: Place): void {
    for (const [from, to] of directions(one, other)) this.network.restoreOneWay(from, to);
  }

  /** Only what `from` dials to `to` is cut, with its answers: what `to` dials to `from` goes on. */
  public cutOneWay(from: Place, to: PairRole, how: Cut = 'reset'): void {
    this.network.cutOneWay(from, to, how);
  }

  /** Cuts a host off from everybody. */
  public isolate(role: PairRole, how: Cut = 'reset'): void {
    for (const place of [...ROLES, 'client'] as const) if (place !== role) this.cut(role, place, how);
  }

  /** Every link as on the first day. */
  public restoreAll(): void {
    for (const place of [...ROLES, 'client'] as const) {
      for (const role of ROLES) if (place !== role) this.network.restoreOneWay(place, role);
    }
  }

  /** As when its power fails, except that the kernel says goodbye on its connections: cut them before as holes if it must not. */
  public kill(role: PairRole): void {
    this.host(role).kill();
  }

  /** The line of the role service, as a place sees it; undefined for everything that is no answer. */
  public async askRole(role: PairRole, from: Place = 'client'): Promise<string | undefined> {
    const { address, rolePort } = this.seenFrom(from, role);
    try {
      const response = await fetch(`http://${address}:${rolePort}/mobilink_ha_role`, {
        signal: AbortSignal.timeout(2_000),
      });
      const text = await response.text();
      return response.status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends everything and leaves nothing behind. */
  public async remove(): Promise<void> {
    this.abandon();
    await this.network.close();
  }

  private abandon(): void {
    sites.delete(this);
    for (const { root } of this.hosts) killProcessesOf(root);
    // What is being killed may still write.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  private names(role: PairRole): string[] {
    const line = (name: string, address: string) => `${name} ${address} ${PORT} ${ROLE_PORT}`;
    return [
      line('127.0.0.1', this.network.addressOf(role)),
      ...this.hosts.map((host) => line(host.name, this.network.seenFrom(role, host.role))),
    ];
  }

  static {
    process.once('exit', () => {
      for (const site of sites) site.abandon();
    });
  }
}

const sites = new Set<PairSite>();

function directions(one: Place, other: Place): [Place, PairRole][] {
  const found: [Place, PairRole][] = [];
  if (other !== 'client') found.push([one, other]);
  if (one !== 'client') found.push([other, one]);
  return found;
}
