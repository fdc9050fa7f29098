import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { NetworkUse } from '../network/network-use';
import { requireWayOut } from '../network/way-out';

/** The first subnet of each zone, in the order of the selection; private ones with egress unless told otherwise. */
export function subnetPerZone(vpc: ec2.IVpc, selection: ec2.SubnetSelection | undefined): ec2.ISubnet[] {
  const { subnets } = vpc.selectSubnets(selection ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
  const found = new Map<string, ec2.ISubnet>();
  for (const subnet of subnets) {
    if (!found.has(subnet.availabilityZone)) found.set(subnet.availabilityZone, subnet);
  }
  return [...found.values()];
}

/** Hosts call AWS, renew their record in Route 53, and install packages. */
export function requireWayOutOfHosts(
  database: Construct,
  { vpc, networkReason }: { readonly vpc: ec2.IVpc; readonly networkReason?: string },
  subnets: readonly ec2.ISubnet[],
): void {
  requireWayOut(database, {
    vpc,
    subnets,
    prop: 'vpcSubnets',
    use: NetworkUse.SQL_ANYWHERE_HOSTS,
    reason: networkReason,
  });
}
