import { Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { known, Problems } from '../validation/problems';
import type { NetworkUse } from './network-use';

export interface WayOut {
  readonly vpc: ec2.IVpc;
  readonly subnets: readonly ec2.ISubnet[];
  /** The prop that chose the subnets. */
  readonly prop: string;
  readonly use: NetworkUse;
  /** Why nothing is to be judged: endpoints that this app does not know, say. */
  readonly reason?: string;
}

/** Refuses, when everything is there, subnets from which a part could not reach AWS. */
export function requireWayOut(part: IConstruct, way: WayOut): void {
  part.node.addValidation({ validate: () => problemsOfWay(part, way) });
}

function problemsOfWay(part: IConstruct, way: WayOut): string[] {
  const { vpc, subnets, prop, use, reason } = way;
  const problems = new Problems(part);
  const isolated = subnets.filter((subnet) => isIsolated(vpc, subnet));
  if (known(reason)?.trim() || isolated.length === 0) return [];
  const { needsInternetBecause } = use;
  if (needsInternetBecause !== undefined) {
    problems.require(false, {
      id: 'MobiLink:Network:NoWayOut',
      prop,
      rule: `must be private subnets with a NAT gateway: ${needsInternetBecause}`,
      value: `${isolated.length} isolated subnets`,
      fix: 'select subnets of the type PRIVATE_WITH_EGRESS',
    });
    return problems.messages();
  }
  const there = endpointsOf(part, vpc);
  const missing = [...use.interfaceServices, ...use.gatewayServices].filter(
    (name) => !there.some((service) => service.endsWith(`.${name}`)),
  );
  problems.require(missing.length === 0, {
    id: 'MobiLink:Network:NoWayOut',
    prop,
    rule: `must have a NAT gateway, or the endpoints that ${use.part} need`,
    value: `isolated subnets without ${missing.join(', ')}`,
    fix: 'add new PrivateEndpoints(this, ..., { vpc }), select subnets with a NAT gateway, or say in networkReason how AWS is reached',
  });
  return problems.messages();
}

/** A subnet of this app has routes or has none; of an imported VPC its own word counts; of others nobody knows. */
function isIsolated(vpc: ec2.IVpc, subnet: ec2.ISubnet): boolean {
  if (subnet instanceof ec2.Subnet) return !subnet.node.children.some((it) => it instanceof ec2.CfnRoute);
  return vpc.isolatedSubnets.some((it) => it === subnet || (isKnown(it) && it.subnetId === subnet.subnetId));
}

function isKnown({ subnetId }: ec2.ISubnet): boolean {
  return !Token.isUnresolved([subnetId]);
}

/** Names of the services that have an endpoint in the VPC, anywhere in the app; the Region in them may be a token. */
function endpointsOf(part: IConstruct, vpc: ec2.IVpc): string[] {
  return (
    part.node.root.node
      .findAll()
      .filter((it): it is ec2.CfnVPCEndpoint => it instanceof ec2.CfnVPCEndpoint)
      .filter(({ vpcId }) => vpcId === vpc.vpcId)
      // Without it the usual name of the service leads past the endpoint.
      .filter(({ vpcEndpointType, privateDnsEnabled }) => vpcEndpointType !== 'Interface' || privateDnsEnabled === true)
      .map((it) => textOf(Stack.of(it).resolve(it.serviceName)))
  );
}

/** `com.amazonaws.REGION.ecr.api` as it is, or as the parts of a join. */
function textOf(name: unknown): string {
  if (typeof name === 'string') return name;
  const parts: unknown = (name as { 'Fn::Join'?: [string, unknown[]] } | undefined)?.['Fn::Join']?.[1];
  return Array.isArray(parts) ? parts.map((it) => (typeof it === 'string' ? it : '')).join('') : '';
}
