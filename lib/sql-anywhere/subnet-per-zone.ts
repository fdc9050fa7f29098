import * as ec2 from 'aws-cdk-lib/aws-ec2';

/** The first subnet of each zone, in the order of the selection; private ones with egress unless told otherwise. */
export function subnetPerZone(vpc: ec2.IVpc, selection: ec2.SubnetSelection | undefined): ec2.ISubnet[] {
  const { subnets } = vpc.selectSubnets(selection ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
  const found = new Map<string, ec2.ISubnet>();
  for (const subnet of subnets) {
    if (!found.has(subnet.availabilityZone)) found.set(subnet.availabilityZone, subnet);
  }
  return [...found.values()];
}
