import { CfnParameter, Duration, Fn } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { describe, expect, it } from 'vitest';
import { FarmExposure, MobiLinkImage, type MobiLinkServerFarmProps, MobiLinkStream } from '../../lib';
import { build, type Farmland, farmland, repository, tls, zone, zoneOf } from './farm-fixture';

describe('a token, which no rule may judge', () => {
  const number = ({ stack }: Farmland, id = 'Number') => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
  const text = ({ stack }: Farmland, id = 'Text') => new CfnParameter(stack, id).valueAsString;
  const passes: [what: string, props: (land: Farmland) => Partial<MobiLinkServerFarmProps>][] = [
    ['tag', (land) => ({ image: MobiLinkImage.fromEcrRepository(repository(land.stack), { tag: text(land) }) })],
    ['port', (land) => ({ streams: [MobiLinkStream.tcpip({ port: number(land) })] })],
    ['health port', (land) => ({ healthPort: number(land) })],
    ['range', (land) => ({ exposure: FarmExposure.internal({ clientCidrs: [text(land), land.vpc.vpcCidrBlock] }) })],
    ['domain name', (land) => ({ domainName: text(land), domainZone: zone(land.stack) })],
    ['minServers', (land) => ({ minServers: number(land) })],
    ['maxServers', (land) => ({ maxServers: number(land) })],
    ['cpu', (land) => ({ cpu: number(land) })],
    ['memory', (land) => ({ memoryLimitMiB: number(land) })],
    ['workers', (land) => ({ workers: number(land) })],
    ['maxWorkers', (land) => ({ maxWorkers: number(land) })],
    ['scriptVersions', (land) => ({ scriptVersions: number(land) })],
    ['maximumPercent', (land) => ({ maximumPercent: number(land) })],
    ['minimumHealthyPercent', (land) => ({ minimumHealthyPercent: number(land) })],
    ['longestSync', (land) => ({ longestSync: Duration.seconds(number(land)) })],
    ['tcpIdleTimeout', (land) => ({ tcpIdleTimeout: Duration.seconds(number(land)) })],
    ['startupGracePeriod', (land) => ({ startupGracePeriod: Duration.seconds(number(land)) })],
    ['ephemeralStorageGiB', (land) => ({ ephemeralStorageGiB: number(land) })],
    ['targetCpuUtilizationPercent', (land) => ({ targetCpuUtilizationPercent: number(land) })],
    ['argument', (land) => ({ extraArguments: [text(land)] })],
    [
      'allocation id',
      (land) => ({
        streams: tls(land),
        exposure: FarmExposure.internet({
          clientCidrs: ['203.0.113.0/24'],
          allocationIds: [text(land, 'A'), text(land, 'B')],
        }),
      }),
    ],
  ];

  /** What only rules read: CloudFormation never hears of it. */
  const unjudged: typeof passes = [
    [
      'zone',
      (land) => ({
        domainName: 'sync.example.com',
        domainZone: route53.HostedZone.fromHostedZoneAttributes(land.stack, 'Z', zoneOf(text(land))),
      }),
    ],
    ['drainingServers', (land) => ({ drainingServers: number(land) })],
    ['licensedServers', (land) => ({ licensedServers: number(land) })],
    ['reason', (land) => ({ minServers: 1, singleServerReason: text(land) })],
  ];

  it.each(unjudged)('as %s is accepted', (_, props) => {
    expect(() => build(props, farmland())).not.toThrow();
  });

  it.each(passes)('as %s is passed on to CloudFormation', (_, props) => {
    const { template } = build(props, farmland());
    const rendered = JSON.stringify(template.toJSON());
    expect(rendered).toMatch(/\{"Ref":"(Number|Text|A)"\}/);
    // A number that is a token must never be computed with or written out: it is a negative number of 300 digits.
    expect(rendered).not.toMatch(/-?1\.8+\d*e\+?\d+|\$\{Token/);
  });

  it('as digest is a digest and no tag', () => {
    const { template } = build((land) => ({
      image: MobiLinkImage.fromEcrRepository(repository(land.stack), { digest: text(land) }),
    }));
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    expect(JSON.stringify(task?.Properties.ContainerDefinitions[0].Image)).toContain('/given@"');
  });

  it('as a port gives each of two streams its own rule', () => {
    const { template } = build((land) => ({
      streams: [
        MobiLinkStream.tcpip({ port: number(land, 'One') }),
        MobiLinkStream.http({ port: number(land, 'Two') }),
      ],
      exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
    }));
    for (const id of ['One', 'Two']) {
      template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        CidrIp: '10.0.0.0/8',
        FromPort: { Ref: id },
      });
      template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        CidrIp: Match.absent(),
        FromPort: { Ref: id },
      });
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { Port: { Ref: id } });
    }
  });

  it('as workers leaves the product to the supervisor', () => {
    const { template } = build((land) => ({ maxWorkers: number(land) }));
    expect(JSON.stringify(template.toJSON())).not.toContain('MOBILINK_MAX_CONNECTIONS');
  });

  it('as three zones of a stack without env is three zones', () => {
    const land = farmland();
    const vpc = new ec2.Vpc(land.stack, 'Zones', {
      availabilityZones: [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs())),
    });
    const { template } = build({ vpc }, land);
    const [service] = Object.values(template.findResources('AWS::ECS::Service'));
    expect(service?.Properties.NetworkConfiguration.AwsvpcConfiguration.Subnets).toHaveLength(3);
  });
});
