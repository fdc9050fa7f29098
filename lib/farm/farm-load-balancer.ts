import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';
import type { FarmDefaults } from './farm-defaults';
import { secondsText } from './farm-environment';
import type { FarmSubnets } from './farm-subnets';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import type { MobiLinkStream } from './mobilink-stream';

export interface FarmLoadBalancer {
  readonly loadBalancer: elbv2.NetworkLoadBalancer;
  readonly listeners: elbv2.NetworkListener[];
  readonly targetGroups: elbv2.NetworkTargetGroup[];
  readonly addresses: ec2.CfnEIP[];
}

/** The load balancer before the MobiLink servers: it passes TCP through, TLS ends in mlsrv17. */
export function createLoadBalancer(
  farm: Construct,
  props: MobiLinkServerFarmProps,
  defaults: FarmDefaults,
  subnets: FarmSubnets,
): FarmLoadBalancer {
  const { exposure, streams } = defaults;
  const securityGroup = new ec2.SecurityGroup(farm, 'LoadBalancerSecurityGroup', {
    vpc: props.vpc,
    description: 'Load balancer of MobiLink servers',
    allowAllOutbound: false,
  });
  if (exposure._anyClient && exposure.anyClientReason) {
    acknowledge(securityGroup, 'AwsSolutions-EC23', exposure.anyClientReason);
  } else if (exposure.clientCidrs.some((cidr) => Token.isUnresolved(cidr))) {
    acknowledge(
      securityGroup,
      'AwsSolutions-EC23',
      'A range that only CloudFormation knows, which the rule cannot read.',
    );
  }
  const addresses = exposure.staticAddresses ? createAddresses(farm, props, subnets.loadBalancer.length) : [];
  const allocationIds = exposure.allocationIds ?? addresses.map((address) => address.attrAllocationId);
  const loadBalancer = new elbv2.NetworkLoadBalancer(farm, 'LoadBalancer', {
    vpc: props.vpc,
    internetFacing: exposure.internetFacing,
    crossZoneEnabled: props.crossZone ?? true,
    securityGroups: [securityGroup],
    ...(allocationIds.length === 0
      ? { vpcSubnets: { subnets: subnets.loadBalancer } }
      : {
          subnetMappings: subnets.loadBalancer.map((subnet, index) => ({
            subnet,
            allocationId: allocationIds[index],
          })),
        }),
  });
  if (exposure.internetFacing) {
    // CDK leaves it out where addresses are given: AWS refuses such a load balancer while the VPC has no internet gateway.
    loadBalancer.node.addDependency(...subnets.loadBalancer.map((subnet) => subnet.internetConnectivityEstablished));
  }
  acknowledge(
    loadBalancer,
    'AwsSolutions-ELB2',
    'A network load balancer writes access logs for TLS listeners only; these pass TCP through, so mlsrv17 logs instead.',
  );

  const names = streamNames(streams);
  const targetGroups: elbv2.NetworkTargetGroup[] = [];
  const listeners: elbv2.NetworkListener[] = [];
  for (const [index, stream] of streams.entries()) {
    const name = names[index] ?? stream.protocol;
    const targetGroup = createTargetGroup(farm, name, stream, props, defaults);
    const listener = loadBalancer.addListener(name, {
      port: stream.port,
      protocol: elbv2.Protocol.TCP,
      defaultTargetGroups: [targetGroup],
    });
    // The L2 prop cannot take a token.
    listener.setAttribute('tcp.idle_timeout.seconds', secondsText(defaults.tcpIdleTimeout));
    targetGroups.push(targetGroup);
    listeners.push(listener);
    for (const cidr of exposure.clientCidrs) {
      loadBalancer.connections.allowFrom(ec2.Peer.ipv4(cidr), portOf(stream.port, name), 'Remotes');
    }
    for (const client of exposure.clients) {
      loadBalancer.connections.allowFrom(client, portOf(stream.port, name), 'Remotes');
    }
  }
  return { loadBalancer, listeners, targetGroups, addresses };
}

/** The port of a security group's rule. CDK names a rule by its port, and calls all ports that are tokens the same. */
export function portOf(port: number, name: string): ec2.Port {
  if (!Token.isUnresolved(port)) return ec2.Port.tcp(port);
  return new ec2.Port({ protocol: ec2.Protocol.TCP, fromPort: port, toPort: port, stringRepresentation: name });
}

/** Ids of streams: by protocol rather than place or port, so that adding one or moving a port replaces no other. */
export function streamNames(streams: MobiLinkStream[]): string[] {
  return streams.map((stream, index) => {
    const earlier = streams.slice(0, index).filter((other) => other.protocol === stream.protocol).length;
    const name = `${stream.protocol.charAt(0).toUpperCase()}${stream.protocol.slice(1)}`;
    return earlier === 0 ? name : `${name}${earlier + 1}`;
  });
}

function createTargetGroup(
  farm: Construct,
  name: string,
  stream: MobiLinkStream,
  props: MobiLinkServerFarmProps,
  defaults: FarmDefaults,
): elbv2.NetworkTargetGroup {
  const targetGroup = new elbv2.NetworkTargetGroup(farm, `${name}Targets`, {
    vpc: props.vpc,
    port: stream.port,
    protocol: elbv2.Protocol.TCP,
    targetType: elbv2.TargetType.IP,
    preserveClientIp: props.preserveClientIp ?? false,
    connectionTermination: false,
    healthCheck: {
      protocol: elbv2.Protocol.TCP,
      port: portText(defaults.healthPort),
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 2,
    },
  });
  const attributes: { [key: string]: string } = {
    ...defaults.stickiness._attributes(),
    // The L2 prop makes a nonsense text of a token.
    'deregistration_delay.timeout_seconds': secondsText(defaults.longestSync),
    // One missed probe must not reset hour-long syncs: by default the load balancer cuts the flows of an unhealthy target.
    'target_health_state.unhealthy.connection_termination.enabled': 'false',
    'target_health_state.unhealthy.draining_interval_seconds': secondsText(defaults.longestSync),
  };
  for (const [key, value] of Object.entries(attributes)) targetGroup.setAttribute(key, value);
  return targetGroup;
}

function portText(port: number): string {
  return Token.isUnresolved(port) ? Token.asString(port) : `${port}`;
}

function createAddresses(farm: Construct, props: MobiLinkServerFarmProps, count: number): ec2.CfnEIP[] {
  return Array.from({ length: count }, (_, index) => {
    const address = new ec2.CfnEIP(farm, `Address${index + 1}`, { domain: 'vpc' });
    address.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.RETAIN);
    return address;
  });
}
