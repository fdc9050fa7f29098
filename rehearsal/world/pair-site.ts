import type { Deployment } from '../assembly/deployment';
import type { Clock } from '../cloud/clock';
import type { EventBus } from '../cloud/event-bus';
import type { Latencies } from '../cloud/latencies';
import { MEMBERS, MirroredPair, type PairServer, type PairVariants } from '../cloud/mirrored-pair';
import { Route53, type ZoneDescription } from '../cloud/route53';
import type { Permission, RawAnswer, RawRequest, RawServiceStandIn } from '../cloud/service';
import { SingleServer } from '../cloud/single-server';
import type { FunctionDescription } from '../functions/function-runtime';
import type { Connection } from '../functions/protocol';
import type { Authority } from './authority';
import { describeZones } from './descriptions';
import { type DeployedPair, type DeployedServer, findPair, findServer, hostAddress } from './mirrored-pairs';
import { type Endpoint, SecurityGroups } from './security-groups';
import type { Tracker } from './tracked-database';

export interface PairSiteWorld {
  readonly deployment: Deployment;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly latencies: Latencies;
  readonly bus: () => EventBus;
  readonly variants: PairVariants;
  onTrouble(what: string): void;
}

/** Hosts get addresses well above those of the pair; which ones is of no interest to anybody. */
const FUNCTION_ADDRESS = 200;

/** A mirrored pair, or a single server, in its network: names, ways, role services, and what its hosts tell AWS. */
export class PairSite {
  public readonly route53: Route53;
  /** Undefined when the tracker of the assembly tracks no pair. */
  public readonly pair: MirroredPair | undefined;
  public readonly description: DeployedPair | undefined;
  /** Undefined unless the tracker of the assembly tracks a server without a mirror. */
  public readonly single: SingleServer | undefined;
  private readonly singleDescription: DeployedServer | undefined;
  /** The web servers inside the database servers. */
  public readonly roleServices: RawServiceStandIn;
  private readonly groups: SecurityGroups;
  private readonly zones: readonly ZoneDescription[];

  constructor(
    private readonly world: PairSiteWorld,
    tracker: Tracker | undefined,
  ) {
    const { deployment, clock } = world;
    this.groups = new SecurityGroups(deployment);
    this.zones = describeZones(deployment);
    this.route53 = new Route53(this.zones, clock);
    this.description = tracker?.tracksPair ? findPair(deployment, tracker.databaseId) : undefined;
    const { description } = this;
    this.pair =
      description &&
      new MirroredPair(description, world.variants, {
        clock,
        mayConnect: (one, other) =>
          this.groups.mayConnect(description.hosts[one.member], description.hosts[other.member], description.port),
        tookOver: (server) => this.tellOfFailover(server),
      });
    this.singleDescription = tracker?.tracksServer ? findServer(deployment, tracker.databaseId) : undefined;
    const { singleDescription: alone } = this;
    this.single = alone && new SingleServer(alone.server, alone.name, alone.host.address, clock);
    this.roleServices = {
      kind: 'raw',
      signingName: 'http',
      permissions: () => [],
      handle: async (request) => this.answer(request),
    };
    if (description) {
      for (const member of MEMBERS) {
        const { host, address } = description.servers[member];
        this.register(description.zoneId, description.hosts[member].roleArn, host, address);
      }
    }
    if (alone) this.register(alone.zoneId, alone.host.roleArn, alone.name, alone.host.address);
  }

  /** What Lambda itself does with the role of a function when it connects it to its VPC. */
  public connectFunction({ arn, roleArn, network }: FunctionDescription): void {
    if (!network) return;
    const of = (kind: string) =>
      `${arn.split(':').slice(0, 2).join(':')}:ec2:${arn.split(':').slice(3, 5).join(':')}:${kind}`;
    const anInterface = of('network-interface/*');
    const [subnet = '', group = ''] = [network.subnetIds[0], network.securityGroupIds[0]];
    // Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC", execution role permissions.
    const needed: Permission[] = [
      { action: 'ec2:DescribeSubnets', resource: '*' },
      { action: 'ec2:DescribeNetworkInterfaces', resource: '*' },
      ...[anInterface, of(`subnet/${subnet}`), of(`security-group/${group}`)].map((resource) => ({
        action: 'ec2:CreateNetworkInterface',
        resource,
      })),
      { action: 'ec2:AssignPrivateIpAddresses', resource: anInterface },
      { action: 'ec2:UnassignPrivateIpAddresses', resource: anInterface },
      { action: 'ec2:DeleteNetworkInterface', resource: anInterface },
    ];
    for (const permission of needed) this.require(roleArn, permission);
  }

  /** The addresses of a name in the private zones of the function's VPC. */
  public resolve(from: FunctionDescription, name: string): string[] | undefined {
    const addresses = this.route53.resolve(name, this.vpcOf(from));
    return addresses?.length === 0 ? undefined : addresses;
  }

  public connect(from: FunctionDescription, host: string, port: number): Connection {
    if (!this.route53.holds(host)) return { kind: 'foreign' };
    const [address] = this.resolve(from, host) ?? [];
    if (address === undefined) return { kind: 'unknown-name' };
    const server = this.serverAt(address);
    if (!server) return { kind: 'silent' };
    if (!this.groups.mayConnect(this.endpointOf(from), server.host, port)) {
      this.world.onTrouble(`${from.name} is let to ${host}:${port} by no security group`);
      return { kind: 'silent' };
    }
    if (server.reach === 'silent') return { kind: 'silent' };
    return server.reach === 'open' && port === server.rolePort
      ? { kind: 'open', address }
      : { kind: 'refused', address };
  }

  /** The database server at an address, and what becomes of a connection to it. */
  private serverAt(address: string) {
    const { single, singleDescription: alone, pair, description } = this;
    if (alone?.host.address === address && single) {
      return { host: alone.host, rolePort: alone.rolePort, reach: single.reach };
    }
    const member = MEMBERS.find((it) => pair?.serverOf(it).address === address);
    if (!member || !pair || !description) return undefined;
    return { host: description.hosts[member], rolePort: description.rolePort, reach: pair.reach(member) };
  }

  private answer({ method, url, headers }: RawRequest): RawAnswer | undefined {
    const [host = ''] = (headers.host ?? '').split(':');
    const { single, pair } = this;
    const isSingle = single?.host === host.toLowerCase();
    const member = pair?.memberAt(host)?.member;
    // The host may have gone since the connection was made; nobody is there to say so.
    const line = isSingle
      ? single.roleLine
      : member && pair?.reach(member) === 'open'
        ? pair.roleLine(member)
        : undefined;
    if (line === undefined) return undefined;
    const known = url === (isSingle ? this.singleDescription : this.description)?.rolePath;
    const body = known && method === 'GET' ? line : '';
    return { status: known ? (method === 'GET' ? 200 : 405) : 404, headers: { 'content-type': 'text/plain' }, body };
  }

  /** At boot a host renews its own name, as its bootstrap does. */
  private register(zoneId: string, roleArn: string, name: string, address: string): void {
    const change = {
      Action: 'UPSERT',
      ResourceRecordSet: { Name: name, Type: 'A', TTL: 30, ResourceRecords: [{ Value: address }] },
    };
    const permission = this.route53.permission(zoneId, [change]);
    if (this.require(roleArn, permission)) this.route53.changeBy(zoneId, [change]);
  }

  /** The database's own event starts a script, which puts the project's event onto the bus by the host's role. */
  private tellOfFailover({ member, server }: PairServer): void {
    const { clock, latencies, bus } = this.world;
    const { databaseId, hosts } = this.description as DeployedPair;
    clock.after(latencies.sample('host-script'), `${server} tells of its failover`, () => {
      if (this.pair?.reach(member) === 'silent') return;
      const entry = {
        Source: 'mobilink-ha',
        DetailType: 'MobiLink Mirror Failover',
        Detail: JSON.stringify({ databaseId, server }),
      };
      const allowed = bus()
        .permissions([entry])
        .map((permission) => this.require(hosts[member].roleArn, permission));
      if (allowed.every(Boolean)) bus().putEvents([entry]);
    });
  }

  private require(roleArn: string, permission: Permission): boolean {
    const { allowed, message } = this.world.authority.ofRole(roleArn, permission);
    if (!allowed) this.world.onTrouble(message);
    return allowed;
  }

  private endpointOf({ network }: FunctionDescription): Endpoint {
    const subnet = this.world.deployment.find(network?.subnetIds[0] ?? '');
    return {
      securityGroupIds: network?.securityGroupIds ?? [],
      address: hostAddress(String(subnet?.attributes.CidrBlock ?? '0.0.0.0/0'), FUNCTION_ADDRESS),
    };
  }

  private vpcOf({ network }: FunctionDescription): string | undefined {
    const vpc = this.world.deployment.find(network?.subnetIds[0] ?? '')?.attributes.VpcId;
    return typeof vpc === 'string' ? vpc : undefined;
  }
}
