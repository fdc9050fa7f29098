import { createHash } from 'node:crypto';
import { HostSite } from '../hosts/host-site';
import type { Role } from '../hosts/host-tools';
import { type HostDescription, RehearsedHost } from '../hosts/rehearsed-host';
import { sqlAnywhereTools } from '../hosts/sql-anywhere-tools';
import type { SyncSystem } from './sync-system';
import type { World } from './world';

export interface RemotePlan {
  readonly name: string;
  readonly mirrored: boolean;
  /** Which of its hosts the registry takes for the primary. @default - the one that is */
  readonly known?: 'primary' | 'mirror' | 'none';
  readonly paused?: boolean;
}

/** A remote and its hosts. */
export interface FleetRemote {
  readonly name: string;
  readonly hosts: readonly RehearsedHost[];
  readonly paused: boolean;
}

/** The remotes of a rehearsal: registered in the table, their hosts known to Systems Manager, with real scripts on them. */
export class Fleet {
  public static async open(world: World, syncs: SyncSystem): Promise<Fleet> {
    const fleet = new Fleet(world, syncs, await HostSite.open());
    world.onDispose.push(() => fleet.site.close());
    fleet.addDeployed();
    return fleet;
  }

  public readonly remotes: FleetRemote[] = [];
  private made = 0;

  private constructor(
    private readonly world: World,
    private readonly syncs: SyncSystem,
    public readonly site: HostSite,
  ) {}

  public async add(plan: RemotePlan): Promise<FleetRemote> {
    const { name, mirrored, known = 'primary', paused = false } = plan;
    const primary = this.host(name, 'primary', mirrored);
    const mirror = mirrored ? this.host(name, 'mirror', mirrored) : undefined;
    const hosts = mirror ? [primary, mirror] : [primary];
    this.world.ssm.add(...hosts);
    const knownHost = { primary, mirror, none: undefined }[known];
    await this.world.dynamoDb.put(this.syncs.registryTable, {
      groupShard: { S: `${this.syncs.schedule.group}#${this.shardOf(name)}` },
      remoteName: { S: name },
      hosts: { L: hosts.map(({ id }) => ({ S: id })) },
      paused: { BOOL: paused },
      ...(knownHost ? { primaryHost: { S: knownHost.id } } : {}),
    });
    const remote = { name, hosts, paused };
    this.remotes.push(remote);
    return remote;
  }

  /** The remotes that the assembly itself holds: their function has registered them, with the instances of their groups. */
  private addDeployed(): void {
    const { autoScaling, deployedRemotes, ssm } = this.world;
    for (const { group, remoteName, autoScalingGroups } of deployedRemotes) {
      const groups = autoScalingGroups.flatMap((name) => autoScaling.groups.find((it) => it.name === name) ?? []);
      const mirrored = groups.length > 1;
      const hosts = groups.map(({ instances: [instance], tags }, index) =>
        this.rehearsed({
          id: instance?.instanceId ?? '',
          remote: `${group}/${remoteName}`,
          tags,
          role: index === 0 ? 'primary' : 'mirror',
          mirrored,
        }),
      );
      ssm.add(...hosts);
      this.remotes.push({ name: remoteName, hosts, paused: false });
    }
  }

  private rehearsed(description: HostDescription): RehearsedHost {
    return new RehearsedHost(description, { ...this.world.hostWorld, site: this.site, tools: sqlAnywhereTools });
  }

  public get hosts(): RehearsedHost[] {
    return this.remotes.flatMap(({ hosts }) => hosts);
  }

  /** The partner becomes the primary. */
  public async failOver({ hosts }: FleetRemote): Promise<void> {
    const roles = hosts.map(({ role }) => role);
    for (const [index, host] of hosts.entries()) {
      if (roles[index] === 'primary') await host.become('mirror');
    }
    for (const [index, host] of hosts.entries()) {
      if (roles[index] === 'mirror') await host.become('primary');
    }
  }

  /** What must never happen and did. */
  public complaints(): string[] {
    return this.hosts.flatMap((host) => host.complaints());
  }

  /** As every part of the system computes it. */
  public shardOf(name: string): number {
    return Number.parseInt(createHash('sha256').update(name).digest('hex').slice(0, 8), 16) % this.syncs.shards;
  }

  private host(remote: string, role: Role, mirrored: boolean): RehearsedHost {
    const { hostTag, schedule } = this.syncs;
    // Every fourth host stands outside EC2.
    const kind = this.made % 4 === 3 ? 'mi' : 'i';
    const id = `${kind}-${(0x0a00000000000000n + BigInt(this.made++)).toString(16).padStart(17, '0')}`;
    return this.rehearsed({
      id,
      remote: `${schedule.group}/${remote}`,
      tags: { [hostTag.key]: hostTag.value },
      role,
      mirrored,
    });
  }
}
