import { CfnParameter, Duration, Fn, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { describe, expect, it } from 'vitest';
import { FarmExposure, MobiLinkImage, type MobiLinkServerFarmProps, MobiLinkStream } from '../../lib';
import { addFarm, build, type Farmland, farmland, identity } from './farm-fixture';

type Given = Partial<MobiLinkServerFarmProps> | ((land: Farmland) => Partial<MobiLinkServerFarmProps>);

function given(land: Farmland, props: Given): Partial<MobiLinkServerFarmProps> {
  return typeof props === 'function' ? props(land) : props;
}

function repository(stack: Stack): ecr.IRepository {
  return ecr.Repository.fromRepositoryName(stack, 'Given', 'given');
}

const tls = ({ stack }: Farmland) => [MobiLinkStream.tls({ identity: identity(stack) })];
const zone = (stack: Stack) => route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', zoneOf('example.com'));
const zoneOf = (zoneName: string) => ({ hostedZoneId: 'Z0', zoneName });

const broken: [id: string, prop: string, props: Given][] = [
  ['ImageName', 'image', ({ stack }) => ({ image: MobiLinkImage.fromEcrRepository(repository(stack), {}) })],
  [
    'ImageName',
    'image',
    ({ stack }) => ({
      image: MobiLinkImage.fromEcrRepository(repository(stack), { tag: '1', digest: `sha256:${'0'.repeat(64)}` }),
    }),
  ],
  [
    'ImageLatest',
    'image.tag',
    ({ stack }) => ({ image: MobiLinkImage.fromEcrRepository(repository(stack), { tag: 'latest' }) }),
  ],
  [
    'ImageTag',
    'image.tag',
    ({ stack }) => ({ image: MobiLinkImage.fromEcrRepository(repository(stack), { tag: 'a b' }) }),
  ],
  [
    'ImageDigest',
    'image.digest',
    ({ stack }) => ({ image: MobiLinkImage.fromEcrRepository(repository(stack), { digest: 'sha256:0' }) }),
  ],
  ['Streams', 'streams', { streams: [] }],
  ['Streams', 'streams', { streams: [1, 2, 3, 4, 5, 6].map((n) => MobiLinkStream.tcpip({ port: 3000 + n })) }],
  ['StreamPort', 'streams[0].port', { streams: [MobiLinkStream.http({ port: 80 })] }],
  ['StreamPort', 'streams[1].port', { streams: [MobiLinkStream.tcpip(), MobiLinkStream.http({ port: 65536 })] }],
  ['StreamPort', 'streams[0].port', { streams: [MobiLinkStream.tcpip({ port: 2439.5 })] }],
  ['StreamPortTwice', 'streams', { streams: [MobiLinkStream.tcpip(), MobiLinkStream.http({ port: 2439 })] }],
  ['HealthPort', 'healthPort', { healthPort: 2439 }],
  ['HealthPort', 'healthPort', { healthPort: 1023 }],
  [
    'AvailabilityZones',
    'serverSubnets',
    ({ vpc }) => ({ serverSubnets: { availabilityZones: [zones(vpc)[0] ?? ''] } }),
  ],
  [
    'AvailabilityZones',
    'serverSubnets',
    ({ stack }) => ({
      vpc: new ec2.Vpc(stack, 'Public', {
        subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
      }),
    }),
  ],
  [
    'AvailabilityZones',
    'loadBalancerSubnets',
    (land) => ({
      vpc: new ec2.Vpc(land.stack, 'Private', {
        subnetConfiguration: [{ name: 'Private', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
      }),
      streams: tls(land),
      exposure: FarmExposure.internet({ clientCidrs: ['203.0.113.0/24'] }),
    }),
  ],
  ['InternetNeedsTls', 'streams', { exposure: FarmExposure.internet({ clientCidrs: ['203.0.113.0/24'] }) }],
  [
    'ClientCidrs',
    'exposure.clientCidrs',
    (land) => ({ streams: tls(land), exposure: FarmExposure.internet({ clientCidrs: [] }) }),
  ],
  [
    'ClientCidrs',
    'exposure.clientCidrs',
    ({ stack }) => ({
      exposure: FarmExposure.internal({
        clientCidrs: new CfnParameter(stack, 'Ranges', { type: 'CommaDelimitedList' }).valueAsList,
      }),
    }),
  ],
  ['ClientCidr', 'exposure.clientCidrs', { exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0'] }) }],
  ['ClientCidr', 'exposure.clientCidrs', { exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.256/8'] }) }],
  ['ClientCidr', 'exposure.clientCidrs', { exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/33'] }) }],
  ['ClientCidr', 'exposure.clientCidrs', { exposure: FarmExposure.internal({ clientCidrs: ['2001:db8::/32'] }) }],
  ['AnyClient', 'exposure.clientCidrs', { exposure: FarmExposure.internal({ clientCidrs: ['0.0.0.0/0'] }) }],
  [
    'Reason',
    'exposure.anyClientReason',
    { exposure: FarmExposure.internal({ clientCidrs: ['0.0.0.0/0'], anyClientReason: ' ' }) },
  ],
  [
    'StaticAddresses',
    'exposure.allocationIds',
    (land) => ({
      streams: tls(land),
      exposure: FarmExposure.internet({
        clientCidrs: ['203.0.113.0/24'],
        staticAddresses: true,
        allocationIds: ['eipalloc-1', 'eipalloc-2'],
      }),
    }),
  ],
  [
    'AllocationIds',
    'exposure.allocationIds',
    (land) => ({
      streams: tls(land),
      exposure: FarmExposure.internet({ clientCidrs: ['203.0.113.0/24'], allocationIds: ['eipalloc-1'] }),
    }),
  ],
  [
    'AllocationIds',
    'exposure.allocationIds',
    (land) => ({
      streams: tls(land),
      exposure: FarmExposure.internet({
        clientCidrs: ['203.0.113.0/24'],
        allocationIds: new CfnParameter(land.stack, 'Ids', { type: 'CommaDelimitedList' }).valueAsList,
      }),
    }),
  ],
  ['DomainZone', 'domainZone', { domainName: 'sync.example.com' }],
  ['DomainZone', 'domainName', ({ stack }) => ({ domainZone: zone(stack) })],
  ['DomainName', 'domainName', ({ stack }) => ({ domainName: 'sync_1.example.com', domainZone: zone(stack) })],
  ['DomainOutsideZone', 'domainName', ({ stack }) => ({ domainName: 'sync.example.org', domainZone: zone(stack) })],
  ['DomainOutsideZone', 'domainName', ({ stack }) => ({ domainName: 'badexample.com', domainZone: zone(stack) })],
  ['MinServers', 'minServers', { minServers: 1 }],
  ['MinServers', 'minServers', { minServers: 2.5 }],
  ['MinServers', 'minServers', { minServers: 0, singleServerReason: 'development' }],
  ['Reason', 'singleServerReason', { singleServerReason: '' }],
  ['MaxServers', 'maxServers', { minServers: 3, maxServers: 2 }],
  ['DrainingServers', 'drainingServers', { drainingServers: -1 }],
  ['LicensedServers', 'licensedServers', { licensedServers: 0 }],
  ['Licences', 'licensedServers', { maxServers: 4, licensedServers: 11 }],
  ['MaximumPercent', 'maximumPercent', { maximumPercent: 99 }],
  ['MinimumHealthyPercent', 'minimumHealthyPercent', { minimumHealthyPercent: 101 }],
  ['DeploymentRoom', 'maximumPercent', { maximumPercent: 100 }],
  ['DeploymentRoom', 'maximumPercent', { maximumPercent: 125, minServers: 2, maxServers: 8 }],
  ['Workers', 'workers', { workers: 0 }],
  ['MaxWorkers', 'maxWorkers', { workers: 5, maxWorkers: 4 }],
  ['ScriptVersions', 'scriptVersions', { scriptVersions: 0 }],
  ['Cpu', 'cpu', { cpu: 1000 }],
  ['Memory', 'memoryLimitMiB', { cpu: 1024, memoryLimitMiB: 9216 }],
  ['Memory', 'memoryLimitMiB', { cpu: 8192, memoryLimitMiB: 17_408 }],
  ['Memory', 'memoryLimitMiB', { cpu: 256, memoryLimitMiB: 1536 }],
  ['EphemeralStorage', 'ephemeralStorageGiB', { ephemeralStorageGiB: 20 }],
  ['TargetCpu', 'targetCpuUtilizationPercent', { targetCpuUtilizationPercent: 101 }],
  ['LongestSync', 'longestSync', { longestSync: Duration.seconds(119) }],
  ['LongestSync', 'longestSync', { longestSync: Duration.seconds(3601) }],
  ['LongestSync', 'longestSync', { longestSync: Duration.millis(120_500) }],
  [
    'LongestSyncUnit',
    'longestSync',
    ({ stack }) => ({ longestSync: Duration.minutes(new CfnParameter(stack, 'N', { type: 'Number' }).valueAsNumber) }),
  ],
  ['TcpIdleTimeout', 'tcpIdleTimeout', { tcpIdleTimeout: Duration.seconds(59) }],
  ['TcpIdleTimeout', 'tcpIdleTimeout', { tcpIdleTimeout: Duration.seconds(6001) }],
  [
    'ExtraArguments',
    'extraArguments',
    ({ stack }) => ({ extraArguments: new CfnParameter(stack, 'A', { type: 'CommaDelimitedList' }).valueAsList }),
  ],
];

function zones(vpc: ec2.IVpc): string[] {
  return vpc.availabilityZones;
}

describe('a broken rule', () => {
  it.each(broken)('%s of %s is refused by name before anything is created', (id, prop, props) => {
    const land = farmland();
    const wrong = given(land, props);
    expect(() => addFarm(land, wrong)).toThrow(`[MobiLink:Farm:${id}] ${prop}: `);
    expect(land.stack.node.findChild('Farm').node.children).toEqual([]);
  });

  it('says prop, rule, value and fix', () => {
    expect(() => addFarm(farmland(), { longestSync: Duration.hours(2) })).toThrow(
      /longestSync: must be 120 to 3600 whole seconds; a load balancer waits .* at most 3600 s.*, got 7200\. Fix: split /,
    );
  });

  it('does not hide the others', () => {
    const land = farmland();
    const message = messageOf(() =>
      addFarm(land, {
        minServers: 1,
        cpu: 1000,
        healthPort: 80,
        longestSync: Duration.seconds(10),
        domainName: 'sync.example.com',
        extraArguments: ['-ud', '-vmn', '-c DSN=x'],
        streams: [MobiLinkStream.http({ port: 80 })],
        exposure: FarmExposure.internet({ clientCidrs: [] }),
      }),
    );
    const ids = [...message.matchAll(/\[MobiLink:Farm:(\w+)\]/g)].map(([, id]) => id);
    expect(ids.sort()).toEqual(
      [
        'ClientCidrs',
        'Cpu',
        'DomainZone',
        'ExtraArguments',
        'ExtraArguments',
        'HealthPort',
        'InternetNeedsTls',
        'LongestSync',
        'MinServers',
        'StreamPort',
      ].sort(),
    );
    expect(message).toContain("'Test/Farm' has 10 problems");
  });
});

describe('arguments of mlsrv17', () => {
  const refused = [
    ['-ud', '-ud'],
    ['-os 10m', '-os'],
    ['-notifier', '-notifier'],
    ['-ca host', '-ca'],
    ['-lsc tcpip(host=a)', '-lsc'],
    ['-c DSN=x;PWD=y', '-c'],
    ['-c', '-c'],
    ['-cDSN=x', '-c'],
    ['-x tcpip(port=1)', '-x'],
    ['-xhttp', '-x'],
    ['-zs name', '-zs'],
    [' -zs', '-zs'],
    ['-w 50', '-w, -wm'],
    ['-wm20', '-w, -wm'],
    ['-cn', '-cn'],
    ['@options', '@'],
  ];
  it.each(refused)('%s is refused with the reason', (argument, option) => {
    expect(() => addFarm(farmland(), { extraArguments: [argument] })).toThrow(
      `[MobiLink:Farm:ExtraArguments] extraArguments: must not hold ${option}: `,
    );
  });

  it('that only resemble these are passed on', () => {
    const allowed = ['-vmn', '-wu 3', '-cm 512m', '-cr 5', '-ct 10', '-on 10m', '-zu+', '-zp', '-nc 500', '-cinit 1m'];
    const { template } = build({ extraArguments: allowed });
    expect(JSON.stringify(template.toJSON())).toContain(JSON.stringify(JSON.stringify(allowed)).slice(1, -1));
  });
});

describe('the connection budget', () => {
  // (4 x 200 % + 4) servers x (1 x 5 + 1 + 1) connections.
  const needed = 84;

  it('may be used up to the last connection', () => {
    const land = farmland({ maximumConnections: needed + 20, reservedConnections: 20 });
    expect(() => build({}, land)).not.toThrow();
  });

  it('is refused with its numbers and three ways out', () => {
    const land = farmland({ maximumConnections: needed + 19, reservedConnections: 20 });
    addFarm(land);
    const message = messageOf(() => Template.fromStack(land.stack));
    expect(message).toContain('[MobiLink:Farm:ConnectionBudget]');
    expect(message).toContain('103 less 20 reserved is 83');
    expect(message).toContain('12 servers (4 x 200 % and 4 draining) with 7 connections each');
    expect(message).toContain(`got ${needed}`);
    for (const way of ['maxServers, maximumPercent', 'maxWorkers, scriptVersions', "the engine's maximumConnections"]) {
      expect(message).toContain(way);
    }
  });

  it.each([
    ['more servers', { maxServers: 5 }],
    ['a higher ceiling', { minServers: 3, maximumPercent: 200, drainingServers: 5 }],
    ['more workers', { maxWorkers: 6 }],
    ['more script versions', { scriptVersions: 2 }],
  ])('is broken by %s', (_, props) => {
    const land = farmland({ maximumConnections: needed });
    addFarm(land, props);
    expect(() => Template.fromStack(land.stack)).toThrow('[MobiLink:Farm:ConnectionBudget]');
  });

  it('rounds the ceiling of a deployment down, as ECS does', () => {
    // 5 x 150 % = 7.5: 7 servers and 5 draining, 7 connections each.
    const props = { minServers: 2, maxServers: 5, maximumPercent: 150 };
    expect(() => build(props, farmland({ maximumConnections: 84 }))).not.toThrow();
    expect(() => build(props, farmland({ maximumConnections: 83 }))).toThrow('got 84');
  });

  it('is reported for every farm at once', () => {
    const land = farmland({ maximumConnections: 10 });
    addFarm(land, {}, 'North');
    addFarm(land, {}, 'South');
    const message = messageOf(() => Template.fromStack(land.stack));
    expect(message).toContain('[Test/North]');
    expect(message).toContain('[Test/South]');
  });

  it('that nobody knows is said to be unknown', () => {
    const land = farmland({ maximumConnections: undefined });
    addFarm(land);
    Annotations.fromStack(land.stack).hasWarning(
      '/Test/Farm',
      Match.stringLikeRegexp('nobody said how many connections'),
    );
  });

  it('counts licences by the same peak', () => {
    expect(() => build({ licensedServers: 12 })).not.toThrow();
  });
});

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

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was refused');
}
