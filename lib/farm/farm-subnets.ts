import { Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Problems } from '../validation/problems';
import type { FarmExposure } from './farm-exposure';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';

/** Where the servers and their load balancer stand. */
export class FarmSubnets {
  public readonly servers: ec2.ISubnet[];
  public readonly loadBalancer: ec2.ISubnet[];

  constructor(
    private readonly props: MobiLinkServerFarmProps,
    private readonly exposure: FarmExposure,
  ) {
    this.servers = this.selectServers();
    this.loadBalancer = this.selectLoadBalancer();
  }

  /** Notes what is wrong with the selections. */
  public validate(problems: Problems, singleServer: boolean): void {
    const lowest = singleServer ? 1 : 2;
    const rules = [
      { prop: 'serverSubnets', subnets: this.servers, kind: 'private subnets' },
      {
        prop: 'loadBalancerSubnets',
        subnets: this.loadBalancer,
        kind: this.exposure.internetFacing ? 'public subnets' : 'private subnets',
      },
    ];
    for (const { prop, subnets, kind } of rules) {
      const zones = zonesOf(subnets);
      problems.require(zones >= lowest, {
        id: 'MobiLink:Farm:AvailabilityZones',
        prop,
        rule: `must be ${kind} in at least ${lowest === 1 ? 'one Availability Zone' : `${lowest} Availability Zones`}`,
        value: zones,
        fix: `give the VPC ${kind} in three zones, or select subnets of it`,
      });
    }
  }

  private selectServers(): ec2.ISubnet[] {
    const { vpc, serverSubnets } = this.props;
    if (serverSubnets) return vpc.selectSubnets(serverSubnets).subnets;
    return vpc.privateSubnets.length > 0 ? vpc.privateSubnets : vpc.isolatedSubnets;
  }

  /** A load balancer takes one subnet of each zone. */
  private selectLoadBalancer(): ec2.ISubnet[] {
    const { vpc, loadBalancerSubnets } = this.props;
    if (loadBalancerSubnets) return onePerZone(vpc.selectSubnets(loadBalancerSubnets).subnets);
    if (!this.exposure.internetFacing) return onePerZone(this.servers);
    return onePerZone(vpc.publicSubnets);
  }
}

function onePerZone(subnets: ec2.ISubnet[]): ec2.ISubnet[] {
  const seen = new Set<string>();
  return subnets.filter((subnet) => {
    const zone = zoneOf(subnet);
    if (zone === undefined) return true;
    if (seen.has(zone)) return false;
    seen.add(zone);
    return true;
  });
}

/** Subnets whose zone nobody knows count as one zone each: what cannot be judged is not refused. */
function zonesOf(subnets: ec2.ISubnet[]): number {
  if (subnets.some(isList)) return Number.POSITIVE_INFINITY;
  const zones = subnets.map(zoneOf);
  return new Set(zones.filter((zone) => zone !== undefined)).size + zones.filter((zone) => zone === undefined).length;
}

/** `Subnet.fromSubnetId` throws when it is asked for its zone; of a list that only CloudFormation knows, all have the same text. */
function zoneOf(subnet: ec2.ISubnet): string | undefined {
  try {
    const zone = subnet.availabilityZone;
    return Token.isUnresolved([zone]) ? undefined : zone;
  } catch {
    return undefined;
  }
}

/** `Vpc.fromVpcAttributes` makes one subnet of a list that only CloudFormation knows. */
function isList(subnet: ec2.ISubnet): boolean {
  return Token.isUnresolved([subnet.subnetId]);
}
