import { CfnParameter, Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import { FarmExposure, MobiLinkImage, type MobiLinkServerFarmProps, MobiLinkStream } from '../../lib';
import { addFarm, build, type Farmland, farmland, messageOf, repository, tls, zone } from './farm-fixture';

type Given = Partial<MobiLinkServerFarmProps> | ((land: Farmland) => Partial<MobiLinkServerFarmProps>);

function given(land: Farmland, props: Given): Partial<MobiLinkServerFarmProps> {
  return typeof props === 'function' ? props(land) : props;
}

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
        extraArguments: ['-ud', '-zf', '-c DSN=x'],
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
    ['-w 50', '-w'],
    ['-wm20', '-wm'],
    ['-wu 3', '-wu'],
    ['-cn', '-cn'],
    ['-sm100', '-sm'],
    ['-nc 500', '-nc'],
    ['-tx 10', '-tx'],
    ['-ppv 60', '-ppv'],
    ['-v', '-v'],
    ['-vmn+', '-v'],
  ];
  it.each(refused)('%s is refused with the reason', (argument, option) => {
    expect(() => addFarm(farmland(), { extraArguments: [argument] })).toThrow(
      `[MobiLink:Farm:ExtraArguments] extraArguments: must not hold ${option}: `,
    );
  });

  it.each([
    ['@options', 'must not begin with @ or #'],
    ['#-ud', 'must not begin with @ or #'],
    ['', 'must not be empty'],
    ['-zf -ud', 'must each hold one option'],
    ['-o "a b"', 'must hold no double quote'],
    ['-zf\n-ud', 'must hold no double quote and no control character'],
  ])('%j is refused, for it would escape the other checks', (argument, rule) => {
    expect(() => addFarm(farmland(), { extraArguments: [argument] })).toThrow(
      `[MobiLink:Farm:ExtraArguments] extraArguments: ${rule}`,
    );
  });

  it('that only resemble these are passed on', () => {
    const allowed = ['-cm 512m', '-cr 5', '-ct 10', '-on 10m', '-zu+', '-zp', '-cinit 1m', '-nba+', '-smx 1', '-wn 2'];
    const { template } = build({ extraArguments: allowed });
    expect(JSON.stringify(template.toJSON())).toContain(JSON.stringify(JSON.stringify(allowed)).slice(1, -1));
  });
});
