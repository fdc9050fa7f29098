import { readFileSync } from 'node:fs';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { FarmExposure, LoginRotation, type MobiLinkServerFarmProps, MobiLinkStream } from '../../lib';
import { addFarm, type Farmland, farmland, identity } from './farm-fixture';

const RECOMMENDED_FLAGS: Record<string, unknown> = JSON.parse(
  readFileSync(require.resolve('aws-cdk-lib/recommended-feature-flags.json'), 'utf8'),
);

/** Rules of cdk-nag that a farm breaks, after a synth; what network, database and certificates break is theirs to say. */
function findings(stack: Stack): string[] {
  const report = new AwsSolutionsChecks().validateScope(stack);
  return report.violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources
      .filter(({ constructPath }) => `${constructPath}`.includes('/Farm/'))
      .map(({ constructPath }) => `${ruleName} ${constructPath}`),
  );
}

const farms: [what: string, props: (land: Farmland) => Partial<MobiLinkServerFarmProps>][] = [
  ['internal', () => ({ exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }) })],
  [
    'with ranges that only CloudFormation knows',
    ({ stack, vpc }) => ({
      exposure: FarmExposure.internal({
        clientCidrs: [vpc.vpcCidrBlock, new CfnParameter(stack, 'Range').valueAsString],
      }),
    }),
  ],
  [
    'on the internet for everybody, with every option',
    ({ stack }) => ({
      streams: [
        MobiLinkStream.tls({ identity: identity(stack, 'Tls', new kms.Key(stack, 'IdentityKey')) }),
        MobiLinkStream.https({ identity: identity(stack, 'Https') }),
      ],
      exposure: FarmExposure.internet({
        clientCidrs: ['0.0.0.0/0'],
        anyClientReason: 'ships have no ranges',
        staticAddresses: true,
      }),
      logKey: new kms.Key(stack, 'LogKey'),
      loginRotation: LoginRotation.every(Duration.days(30)),
    }),
  ],
];

describe.each([
  ['no feature flags', {}],
  ['all recommended feature flags', RECOMMENDED_FLAGS],
])('with %s', (_, context) => {
  it.each(farms)('a farm %s leaves nothing open in cdk-nag, in one stack', (_what, props) => {
    const land = farmland({}, undefined, new App({ context }));
    addFarm(land, props(land));
    land.app.synth();
    expect(findings(land.stack)).toEqual([]);
  });

  it('a farm over a database of another stack leaves nothing open either', () => {
    const land = farmland({}, undefined, new App({ context }));
    const servers = new Stack(land.app, 'Servers');
    addFarm(land, { exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }) }, 'Farm', servers);
    land.app.synth();
    expect(findings(servers)).toEqual([]);
  });

  it('a farm raises neither warnings nor errors', () => {
    const land = farmland({}, undefined, new App({ context }));
    addFarm(land);
    const annotations = Annotations.fromStack(land.stack);
    annotations.hasNoWarning('*', Match.anyValue());
    annotations.hasNoError('*', Match.anyValue());
  });
});

it('feature flags of the user change no logical id and no part of the load balancer', () => {
  const [plain, flagged] = [{}, RECOMMENDED_FLAGS].map((context) => {
    const land = farmland({}, undefined, new App({ context }));
    addFarm(land, { exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }) });
    return Template.fromStack(land.stack);
  });
  expect(Object.keys(flagged?.toJSON().Resources).sort()).toEqual(Object.keys(plain?.toJSON().Resources).sort());
  for (const type of ['LoadBalancer', 'Listener', 'TargetGroup']) {
    const name = `AWS::ElasticLoadBalancingV2::${type}`;
    expect(flagged?.findResources(name)).toEqual(plain?.findResources(name));
  }
});

it('an open group is acknowledged with the reason that was given, and only then', () => {
  const land = farmland();
  const farm = addFarm(land);
  farm.connections.allowDefaultPortFrom(ec2.Peer.anyIpv4());
  land.app.synth();
  expect(findings(land.stack)).toEqual(['AwsSolutions-EC23 Test/Farm/LoadBalancerSecurityGroup/Resource']);
});
