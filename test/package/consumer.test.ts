import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const APP = `
const stack = new cdk.Stack(new cdk.App(), 'Shop');
const vpc = new ec2.Vpc(stack, 'Vpc');
const system = new mobilink.MobiLinkSystem(stack, 'MobiLink', {
  vpc,
  registry: new mobilink.RemoteRegistry(stack, 'Registry'),
  database: new mobilink.ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
  image: mobilink.MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), { tag: '17' }),
  streams: [mobilink.MobiLinkStream.tcpip()],
  exposure: mobilink.FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
system.addSyncSchedule('Hourly', { schedule: ScheduleExpression.rate(cdk.Duration.hours(1)), groups: ['stores'] });
const template = stack.node.root.synth().getStackByName('Shop').template;
console.log(Object.values(template.Resources).filter((it) => ['AWS::ECS::Service', 'AWS::SSM::Document'].includes(it.Type)).length);
`;

const APPS: [string, string][] = [
  [
    'require.cjs',
    `const cdk = require('aws-cdk-lib'); const ec2 = require('aws-cdk-lib/aws-ec2');
     const { ScheduleExpression } = require('aws-cdk-lib/aws-scheduler');
     const ecr = require('aws-cdk-lib/aws-ecr'); const mobilink = require('cdk-mobilink-ha');${APP}`,
  ],
  [
    'import.mjs',
    `import * as cdk from 'aws-cdk-lib'; import * as ec2 from 'aws-cdk-lib/aws-ec2';
     import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
     import * as ecr from 'aws-cdk-lib/aws-ecr'; import { MobiLinkSystem } from 'cdk-mobilink-ha';
     import * as mobilink from 'cdk-mobilink-ha'; if (MobiLinkSystem !== mobilink.MobiLinkSystem) throw new Error();${APP}`,
  ],
];

describe('the package, packed and unpacked into an empty app', () => {
  let app: string;

  beforeAll(() => {
    app = mkdtempSync(path.join(tmpdir(), 'mobilink-consumer-'));
    execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', app], { stdio: 'pipe' });
    const [tarball] = readdirSync(app).filter((name) => name.endsWith('.tgz'));
    const target = path.join(app, 'node_modules', 'cdk-mobilink-ha');
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', path.join(app, tarball ?? ''), '-C', target, '--strip-components=1']);
    // The peers with what they depend on, and nothing else of this repository: whatever the package needs besides is missed.
    for (const peer of ['aws-cdk-lib', 'constructs', '@aws-cdk']) {
      symlinkSync(path.resolve('node_modules', peer), path.join(app, 'node_modules', peer));
    }
  });
  afterAll(() => rmSync(app, { recursive: true, force: true }));

  it('holds the library, its types, the bundles, the scripts of the hosts, what an image is built from, and nothing else', () => {
    const root = path.join(app, 'node_modules', 'cdk-mobilink-ha');
    expect(readdirSync(root).sort()).toEqual(
      [
        '.jsii',
        '.jsii.gz',
        'API.md',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'assets',
        'dist',
        'host',
        'image',
        'package.json',
      ].sort(),
    );
    for (const bundle of [
      'track-primary',
      'dispatch-syncs',
      'collect-syncs',
      'record-outcomes',
      'register-remote',
      'prepare-database',
    ]) {
      expect(existsSync(path.join(root, 'assets', bundle, 'index.js'))).toBe(true);
    }
    for (const script of ['sync-remote.sh', 'install-remote.sh', 'bootstrap-single.sh']) {
      expect(existsSync(path.join(root, 'host', script))).toBe(true);
    }
    expect(readdirSync(path.join(root, 'image'))).toEqual(['hooks']);
    expect(readdirSync(path.join(root, 'assets', 'image')).sort()).toEqual(['Dockerfile', 'steps', 'supervisor.js']);
    expect(existsSync(path.join(root, 'dist', 'index.d.ts'))).toBe(true);
  });

  it.each(APPS)('%s synthesizes', (file, source) => {
    writeFileSync(path.join(app, file), source);
    const printed = execFileSync(process.execPath, [file], {
      cwd: app,
      // Without --preserve-symlinks the peers would find what else lies in this repository's node_modules.
      env: { PATH: process.env.PATH, HOME: app, CDK_VALIDATION: 'false', NODE_OPTIONS: '--preserve-symlinks' },
      encoding: 'utf8',
    });
    expect(printed.trim().split('\n').at(-1)).toBe('2');
  });
});
