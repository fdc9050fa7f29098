import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { describe, expect, it } from 'vitest';
import { FarmExposure, MobiLinkStream } from '../../lib';
import { addFarm, build, farmland, identity, PlainDatabase, tls } from './farm-fixture';

interface Rule {
  readonly of: string;
  readonly peer: string;
  readonly port: number;
}

/** Every rule of every group in a template, inline or apart, with the ids of groups cut to what tells them. */
function rules(template: Template, direction: 'Ingress' | 'Egress'): Rule[] {
  const short = (value: unknown) =>
    ['LoadBalancerSecurityGroup', 'ServerSecurityGroup', 'DatabaseGroup', 'Clients', 'Own'].find((name) =>
      `${JSON.stringify(value)}`.includes(name),
    ) ?? String(value);
  const inline = Object.entries(template.findResources('AWS::EC2::SecurityGroup')).flatMap(([id, group]) =>
    (group.Properties[`SecurityGroup${direction}`] ?? [])
      .filter((rule: { IpProtocol: string }) => rule.IpProtocol === 'tcp')
      .map((rule: { CidrIp: string; FromPort: number }) => ({
        of: short(id),
        peer: short(rule.CidrIp),
        port: rule.FromPort,
      })),
  );
  const apart = Object.values(template.findResources(`AWS::EC2::SecurityGroup${direction}`)).map(({ Properties }) => ({
    of: short(Properties.GroupId),
    peer: short(
      Properties.SourceSecurityGroupId ?? Properties.DestinationSecurityGroupId ?? Properties.SourcePrefixListId,
    ),
    port: Properties.FromPort,
  }));
  return [...inline, ...apart].sort((a, b) => `${a.of}${a.peer}${a.port}`.localeCompare(`${b.of}${b.peer}${b.port}`));
}

const LB = 'LoadBalancerSecurityGroup';
const SERVER = 'ServerSecurityGroup';
const DATABASE = 'DatabaseGroup';

describe('the path from remote to database', () => {
  const land = farmland();
  const { template } = build(
    {
      streams: [MobiLinkStream.tcpip(), MobiLinkStream.https({ identity: identity(land.stack) })],
      exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
    },
    land,
  );

  it('is open for each stream and for the health port, and for nothing else', () => {
    expect(rules(template, 'Ingress')).toEqual([
      { of: DATABASE, peer: SERVER, port: 3307 },
      { of: LB, peer: '10.0.0.0/8', port: 2439 },
      { of: LB, peer: '10.0.0.0/8', port: 8443 },
      { of: SERVER, peer: LB, port: 2439 },
      { of: SERVER, peer: LB, port: 8439 },
      { of: SERVER, peer: LB, port: 8443 },
    ]);
    expect(rules(template, 'Egress')).toEqual([
      { of: LB, peer: SERVER, port: 2439 },
      { of: LB, peer: SERVER, port: 8439 },
      { of: LB, peer: SERVER, port: 8443 },
      { of: SERVER, peer: '0.0.0.0/0', port: 443 },
      { of: SERVER, peer: DATABASE, port: 3307 },
    ]);
  });

  it('lets nobody in by default, until somebody is allowed', () => {
    const other = farmland();
    const farm = addFarm(other);
    const clients = new ec2.SecurityGroup(other.stack, 'Clients', { vpc: other.vpc, allowAllOutbound: false });
    farm.connections.allowDefaultPortFrom(new ec2.Connections({ securityGroups: [clients] }));
    const open = rules(Template.fromStack(other.stack), 'Ingress').filter((rule) => rule.of === LB);
    expect(open).toEqual([{ of: LB, peer: 'Clients', port: 2439 }]);
  });

  it('lets in the peers that are named', () => {
    const other = farmland();
    const clients = new ec2.SecurityGroup(other.stack, 'Clients', { vpc: other.vpc, allowAllOutbound: false });
    const { template: named } = build(
      { exposure: FarmExposure.internal({ clients: [clients, ec2.Peer.prefixList('pl-12345678')] }) },
      other,
    );
    expect(rules(named, 'Ingress')).toContainEqual({ of: LB, peer: 'Clients', port: 2439 });
    expect(rules(named, 'Egress')).toContainEqual({ of: 'Clients', peer: LB, port: 2439 });
    expect(rules(named, 'Ingress')).toContainEqual({ of: LB, peer: 'pl-12345678', port: 2439 });
  });
});

describe('subnets', () => {
  it('of one zone may hold many servers but only one end of the load balancer', () => {
    const land = farmland();
    const subnetType = ec2.SubnetType.PRIVATE_ISOLATED;
    const vpc = new ec2.Vpc(land.stack, 'Wide', {
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'One', subnetType },
        { name: 'Two', subnetType },
      ],
    });
    const { farm, template } = build(
      { vpc, serverSubnets: { subnetType }, networkReason: 'endpoints of a shared network' },
      land,
    );
    const [service] = Object.values(template.findResources('AWS::ECS::Service'));
    expect(service?.Properties.NetworkConfiguration.AwsvpcConfiguration.Subnets).toHaveLength(4);
    const [balancer] = Object.values(template.findResources('AWS::ElasticLoadBalancingV2::LoadBalancer'));
    expect(balancer?.Properties.Subnets).toHaveLength(2);
    expect(farm.loadBalancer.vpc).toBe(vpc);
  });

  it('whose zone nobody knows are taken as they are', () => {
    const land = farmland();
    const subnets = ['subnet-1', 'subnet-2'].map((id) => ec2.Subnet.fromSubnetId(land.stack, id, id));
    const { template } = build({ serverSubnets: { subnets } }, land);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Subnets: ['subnet-1', 'subnet-2'] });
  });
});

describe('security groups of the user', () => {
  it('get the rules that they miss', () => {
    const land = farmland();
    const own = new ec2.SecurityGroup(land.stack, 'Own', { vpc: land.vpc, allowAllOutbound: false });
    const { template } = build({ securityGroups: [own] }, land);
    expect(rules(template, 'Egress').filter((rule) => rule.of === 'Own')).toEqual([
      { of: 'Own', peer: '0.0.0.0/0', port: 443 },
      { of: 'Own', peer: DATABASE, port: 3307 },
    ]);
    expect(rules(template, 'Ingress')).toContainEqual({ of: DATABASE, peer: 'Own', port: 3307 });
  });

  it('raise no warning when they let everything out', () => {
    const land = farmland();
    const own = new ec2.SecurityGroup(land.stack, 'Own', { vpc: land.vpc, allowAllOutbound: true });
    build({ securityGroups: [own] }, land);
    Annotations.fromStack(land.stack).hasNoWarning('*', Match.anyValue());
  });

  it('can be imported, and stay as they are if immutable', () => {
    const land = farmland();
    const own = ec2.SecurityGroup.fromSecurityGroupId(land.stack, 'Imported', 'sg-0123456789abcdef0', {
      mutable: false,
    });
    const { template } = build({ securityGroups: [own] }, land);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourceSecurityGroupId: 'sg-0123456789abcdef0',
      FromPort: 3307,
    });
    const changed = Object.values(template.findResources('AWS::EC2::SecurityGroupEgress')).filter(
      ({ Properties }) => Properties.GroupId === 'sg-0123456789abcdef0',
    );
    expect(changed).toEqual([]);
  });

  it('can come from another stack', () => {
    const land = farmland();
    const own = new ec2.SecurityGroup(land.stack, 'Own', { vpc: land.vpc, allowAllOutbound: false });
    const servers = new Stack(land.app, 'Servers');
    addFarm(land, { securityGroups: [own] }, 'Farm', servers);
    land.app.synth();
    expect(servers.dependencies).toEqual([land.stack]);
    expect(land.stack.dependencies).toEqual([]);
  });
});

describe('on the internet', () => {
  const internet = (more: object = {}) => FarmExposure.internet({ clientCidrs: ['203.0.113.0/24'], ...more });

  it('the load balancer stands in public subnets and the servers do not', () => {
    const { template } = build(({ stack }) => ({
      streams: [MobiLinkStream.tls({ identity: identity(stack) })],
      exposure: internet(),
    }));
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Scheme: 'internet-facing',
      Subnets: [
        { Ref: Match.stringLikeRegexp('VpcPublicSubnet1') },
        { Ref: Match.stringLikeRegexp('VpcPublicSubnet2') },
      ],
    });
    template.hasResourceProperties('AWS::ECS::Service', {
      NetworkConfiguration: {
        AwsvpcConfiguration: Match.objectLike({
          AssignPublicIp: 'DISABLED',
          Subnets: Match.arrayWith([{ Ref: Match.stringLikeRegexp('VpcPrivateSubnet1') }]),
        }),
      },
    });
    expect(rules(template, 'Ingress')).toContainEqual({ of: LB, peer: '203.0.113.0/24', port: 2440 });
  });

  it('it has addresses of its own that survive the farm', () => {
    const { template, farm } = build(({ stack }) => ({
      streams: [MobiLinkStream.tls({ identity: identity(stack) })],
      exposure: internet({ staticAddresses: true }),
    }));
    expect(farm.addresses).toHaveLength(2);
    const kept = Object.entries(template.findResources('AWS::EC2::EIP')).filter(([id]) => id.startsWith('FarmAddress'));
    expect(kept.map(([, address]) => address.DeletionPolicy)).toEqual(['Retain', 'Retain']);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Subnets: Match.absent(),
      SubnetMappings: [
        {
          SubnetId: { Ref: Match.stringLikeRegexp('VpcPublicSubnet1') },
          AllocationId: { 'Fn::GetAtt': [Match.stringLikeRegexp('FarmAddress1'), 'AllocationId'] },
        },
        {
          SubnetId: { Ref: Match.stringLikeRegexp('VpcPublicSubnet2') },
          AllocationId: { 'Fn::GetAtt': [Match.stringLikeRegexp('FarmAddress2'), 'AllocationId'] },
        },
      ],
    });
  });

  it.each([
    ['plain', {}],
    ['with addresses of its own', { staticAddresses: true }],
    ['with addresses that exist', { allocationIds: ['eipalloc-1', 'eipalloc-2'] }],
  ])('it is not made before the VPC has its way to the internet, which AWS would refuse: %s', (_what, more) => {
    const { template } = build((land) => ({ streams: tls(land), exposure: internet(more) }));
    const [balancer] = Object.values(template.findResources('AWS::ElasticLoadBalancingV2::LoadBalancer'));
    expect(balancer?.DependsOn).toEqual(
      expect.arrayContaining([1, 2].map((n) => expect.stringMatching(`VpcPublicSubnet${n}DefaultRoute`))),
    );
  });

  it('it takes addresses that exist', () => {
    const { template } = build(({ stack }) => ({
      streams: [MobiLinkStream.tls({ identity: identity(stack) })],
      exposure: internet({ allocationIds: ['eipalloc-1', 'eipalloc-2'] }),
    }));
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      SubnetMappings: [
        Match.objectLike({ AllocationId: 'eipalloc-1' }),
        Match.objectLike({ AllocationId: 'eipalloc-2' }),
      ],
    });
  });
});

describe('a name of the user’s own', () => {
  it('is an alias of the load balancer and the address that remotes store', () => {
    const { template, farm } = build(({ stack }) => ({
      domainName: 'sync.shops.example.com',
      domainZone: new route53.HostedZone(stack, 'Zone', { zoneName: 'example.com' }),
    }));
    expect(farm.address).toBe('sync.shops.example.com');
    template.hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'sync.shops.example.com.',
      Type: 'A',
      AliasTarget: {
        DNSName: {
          'Fn::Join': ['', ['dualstack.', { 'Fn::GetAtt': [Match.stringLikeRegexp('FarmLoadBalancer'), 'DNSName'] }]],
        },
      },
    });
  });
});

describe('a database in another stack', () => {
  it.each([
    ['with the key of AWS', false],
    ["with a customer's key", true],
  ])('%s: both stacks synthesize and only the farm needs the other', (_, withKey) => {
    const app = new App();
    const keys = new Stack(app, 'Keys');
    const land = farmland({ loginKey: withKey ? new kms.Key(keys, 'Key') : undefined }, undefined, app);
    const servers = new Stack(app, 'Servers');
    addFarm(land, {}, 'Farm', servers);
    app.synth();
    expect(land.stack.dependencies).toEqual(withKey ? [keys] : []);
    expect(servers.dependencies).toContain(land.stack);

    const template = Template.fromStack(servers);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::ImportValue': Match.stringLikeRegexp('DatabaseGroup') },
      FromPort: 3307,
    });
    const actions = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(actions.includes('kms:Decrypt')).toBe(withKey);
  });

  it("with the customer's key in the database's own stack", () => {
    const app = new App();
    const stateful = new Stack(app, 'Test');
    const key = new kms.Key(stateful, 'Key');
    const vpc = new ec2.Vpc(stateful, 'Vpc', { restrictDefaultSecurityGroup: false });
    const database = new PlainDatabase(stateful, 'Database', { vpc, loginKey: key, maximumConnections: 500 });
    const land = { app, stack: stateful, vpc, database };
    const servers = new Stack(app, 'Servers');
    addFarm(land, {}, 'Farm', servers);
    app.synth();
    expect(stateful.dependencies).toEqual([]);
    const policy = JSON.stringify(Template.fromStack(stateful).findResources('AWS::KMS::Key'));
    expect(policy).not.toContain('Servers');
  });
});
