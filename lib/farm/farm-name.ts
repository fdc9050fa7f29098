import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as targets from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';

/** The name that remotes store: `domainName`, which leads to the load balancer, else its own. */
export function nameFarm(
  farm: Construct,
  loadBalancer: elbv2.NetworkLoadBalancer,
  { domainName, domainZone }: MobiLinkServerFarmProps,
): string {
  if (domainName === undefined || domainZone === undefined) return loadBalancer.loadBalancerDnsName;
  const name = domainName.replace(/\.$/, '');
  new route53.ARecord(farm, 'Alias', {
    zone: domainZone,
    // With the dot it is taken as it stands; else a zone whose name is a token would be appended to it.
    recordName: `${name}.`,
    target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(loadBalancer)),
    comment: 'MobiLink server farm',
  });
  return name;
}
