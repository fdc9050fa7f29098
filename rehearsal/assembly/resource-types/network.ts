import type { PhysicalResource, ResourceType } from '../physical-resource';

const ownId = (_: PhysicalResource, id: string) => id;
const ownArn = ownId;

/** An EC2 resource known by `prefix-0123…`; some of them give the same id by `Fn::GetAtt` too. */
function ec2(prefix: string, arnType: string, attribute?: string, more: ResourceType['attributes'] = {}): ResourceType {
  return {
    physicalId: (it) => it.hexId(prefix),
    arn: (it, id) => it.arn('ec2', `${arnType}/${id}`),
    attributes: { ...(attribute ? { [attribute]: ownId } : {}), ...more },
  };
}

/** Load balancers and target groups take names of 32 characters at most, and a hyphen at neither end. */
const shortName = (it: PhysicalResource) => it.name('Name', 32).replace(/^-+|-+$/g, '');

const KINDS: Readonly<Record<string, string>> = { network: 'net', application: 'app', gateway: 'gwy' };

const loadBalancerPart = (it: PhysicalResource) =>
  `${KINDS[it.text('Type') ?? 'application']}/${shortName(it)}/${it.letters(16, 'elb', '0123456789abcdef')}`;

const targetGroupPart = (it: PhysicalResource) =>
  `targetgroup/${shortName(it)}/${it.letters(16, 'tg', '0123456789abcdef')}`;

export const NETWORK: Readonly<Record<string, ResourceType>> = {
  'AWS::EC2::VPC': ec2('vpc', 'vpc', 'VpcId', {
    CidrBlock: (it) => it.text('CidrBlock'),
    DefaultSecurityGroup: (it) => it.hexId('sg'),
    DefaultNetworkAcl: (it) => it.hexId('acl'),
  }),
  'AWS::EC2::Subnet': ec2('subnet', 'subnet', 'SubnetId', {
    AvailabilityZone: (it) => it.text('AvailabilityZone'),
    CidrBlock: (it) => it.text('CidrBlock'),
    VpcId: (it) => it.text('VpcId'),
  }),
  'AWS::EC2::RouteTable': ec2('rtb', 'route-table', 'RouteTableId'),
  'AWS::EC2::SubnetRouteTableAssociation': ec2('rtbassoc', 'subnet-route-table-association', 'Id'),
  'AWS::EC2::InternetGateway': ec2('igw', 'internet-gateway', 'InternetGatewayId'),
  'AWS::EC2::NatGateway': ec2('nat', 'natgateway', 'NatGatewayId'),
  'AWS::EC2::VPCEndpoint': ec2('vpce', 'vpc-endpoint', 'Id'),
  'AWS::EC2::FlowLog': ec2('fl', 'vpc-flow-log', 'Id'),
  'AWS::EC2::NetworkAcl': ec2('acl', 'network-acl', 'Id'),
  'AWS::EC2::NetworkInterface': ec2('eni', 'network-interface', 'Id'),
  'AWS::EC2::Volume': ec2('vol', 'volume', 'VolumeId'),
  'AWS::EC2::PrefixList': ec2('pl', 'prefix-list', 'PrefixListId'),
  'AWS::EC2::SecurityGroup': ec2('sg', 'security-group', 'GroupId', { VpcId: (it) => it.text('VpcId') }),
  'AWS::EC2::SecurityGroupIngress': ec2('sgr', 'security-group-rule', 'Id'),
  'AWS::EC2::SecurityGroupEgress': ec2('sgr', 'security-group-rule', 'Id'),
  'AWS::EC2::EIP': {
    // 203.0.113.0/24 is set aside for documents and never routed (RFC 5737).
    physicalId: (it) => `203.0.113.${1 + (Number.parseInt(it.letters(4, 'eip', '0123456789abcdef'), 16) % 254)}`,
    attributes: { PublicIp: ownId, AllocationId: (it) => it.hexId('eipalloc') },
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    physicalId: (it) => it.arn('elasticloadbalancing', `loadbalancer/${loadBalancerPart(it)}`),
    arn: ownArn,
    attributes: {
      LoadBalancerArn: ownArn,
      LoadBalancerName: shortName,
      LoadBalancerFullName: loadBalancerPart,
      DNSName: (it) =>
        `${it.text('Scheme') === 'internal' ? 'internal-' : ''}${shortName(it)}-${it.letters(16, 'dns', '0123456789abcdef')}.elb.${it.environment.region}.amazonaws.com`,
      CanonicalHostedZoneID: (it) => `Z${it.letters(13, 'zone').toUpperCase()}`,
      SecurityGroups: (it) => it.properties.SecurityGroups,
    },
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    physicalId: (it) => it.arn('elasticloadbalancing', targetGroupPart(it)),
    arn: ownArn,
    attributes: { TargetGroupArn: ownArn, TargetGroupName: shortName, TargetGroupFullName: targetGroupPart },
  },
  'AWS::ElasticLoadBalancingV2::Listener': {
    physicalId: (it) =>
      `${it.required('LoadBalancerArn').replace(':loadbalancer/', ':listener/')}/${it.letters(16, 'listener', '0123456789abcdef')}`,
    arn: ownArn,
    attributes: { ListenerArn: ownArn },
  },
  'AWS::Route53::HostedZone': {
    physicalId: (it) => `Z${it.letters(13, 'zone').toUpperCase()}`,
    arn: (it, id) => it.arn('route53', `hostedzone/${id}`, { region: '', accountId: '' }),
    attributes: { Id: ownId },
  },
  'AWS::Route53::RecordSet': { physicalId: (it) => it.required('Name') },
};
