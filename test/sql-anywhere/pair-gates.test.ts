import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { SqlAnywherePair, SqlAnywhereServer, SqlAnywhereSoftware } from '../../lib';

const RECOMMENDED_FLAGS: Record<string, unknown> = JSON.parse(
  readFileSync(require.resolve('aws-cdk-lib/recommended-feature-flags.json'), 'utf8'),
);

/** Rules of cdk-nag that a pair breaks, after a synth; what its network breaks is the network's to say. */
function findings(stack: Stack): string[] {
  return new AwsSolutionsChecks()
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources
        .filter(({ constructPath }) => `${constructPath}`.includes('/Consolidated/'))
        .map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}

describe.each([
  ['no feature flags', {}],
  ['all recommended feature flags', RECOMMENDED_FLAGS],
])('with %s nothing is left open in cdk-nag', (_, context) => {
  it.each([
    ['a pair as it is', SqlAnywherePair, false],
    ['a pair with a key and an installer of the user', SqlAnywherePair, true],
    ['a single server as it is', SqlAnywhereServer, false],
    ['a single server with a key and an installer of the user', SqlAnywhereServer, true],
  ])('%s', (_what, Database, withAll) => {
    const app = new App({ context });
    const stack = new Stack(app, 'Pair', { env: { account: '111111111111', region: 'eu-central-1' } });
    const key = withAll ? new kms.Key(stack, 'Key', { enableKeyRotation: true }) : undefined;
    new Database(stack, 'Consolidated', {
      vpc: new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'] }),
      machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
      software: withAll
        ? SqlAnywhereSoftware.fromBucket(s3.Bucket.fromBucketName(stack, 'Installers', 'installers'), 'sqlany.tar.gz')
        : SqlAnywhereSoftware.inMachineImage(),
      encryptionKey: key,
    });
    app.synth();
    expect(findings(stack)).toEqual([]);
  });
});
