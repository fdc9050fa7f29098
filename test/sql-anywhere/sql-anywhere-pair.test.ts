import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { SqlAnywherePair, type SqlAnywherePairProps, SqlAnywhereSoftware, SynchronizationMode } from '../../lib';
import { hostScripts, userDataOf } from '../../lib/sql-anywhere/host-configuration';
import { ROLES, type Role } from './pair-roles';

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly [key: string]: unknown;
}

const IMAGE = ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' });

function synthesize(props: Partial<SqlAnywherePairProps> = {}, zones = 3) {
  const stack = new Stack(new App(), 'Pair', { env: { account: '111111111111', region: 'eu-central-1' } });
  const names = ['a', 'b', 'c'].slice(0, zones).map((letter) => `eu-central-1${letter}`);
  const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: names });
  const pair = new SqlAnywherePair(stack, 'Consolidated', {
    vpc,
    machineImage: IMAGE,
    software: SqlAnywhereSoftware.inMachineImage(),
    ...props,
  });
  return { stack, pair, template: Template.fromStack(stack) };
}

const { pair, template } = synthesize();
const resources = template.toJSON().Resources as Record<string, Resource>;
const ofType = (type: string) => Object.values(resources).filter((it) => it.Type === type);

/** The user data of a host as it is on the host, with references in angle brackets. */
function userData(role: Role, from = template): string {
  const [, found] = Object.entries(from.findResources('AWS::EC2::LaunchTemplate')).find(([id]) =>
    id.startsWith(`Consolidated${role.charAt(0).toUpperCase()}${role.slice(1)}`),
  ) as [string, Resource];
  const data = found.Properties.LaunchTemplateData as {
    UserData: { 'Fn::Base64': { 'Fn::Join': [string, unknown[]] } };
  };
  return data.UserData['Fn::Base64']['Fn::Join'][1]
    .map((part) => (typeof part === 'string' ? part : `<${Object.values(part as object)[0]}>`))
    .join('');
}

describe('the hosts of a pair', () => {
  it('are three groups of size one in three zones, born in the order arbiter, first, second', () => {
    const groups = ofType('AWS::AutoScaling::AutoScalingGroup');
    expect(groups).toHaveLength(3);
    const subnets = groups.map((group) => JSON.stringify(group.Properties.VPCZoneIdentifier));
    expect(new Set(subnets).size).toBe(3);
    for (const group of groups) expect(group.Properties).toMatchObject({ MinSize: '1', MaxSize: '1' });
    const dependsOn = (prefix: string) =>
      JSON.stringify(Object.entries(resources).find(([id]) => id.startsWith(prefix))?.[1].DependsOn);
    expect(dependsOn('ConsolidatedFirstGroupASG')).toContain('ConsolidatedArbiterGroupASG');
    expect(dependsOn('ConsolidatedSecondGroupASG')).toContain('ConsolidatedFirstGroupASG');
  });

  it('have no update policy that replaces anything, and are waited for when they are created', () => {
    for (const group of ofType('AWS::AutoScaling::AutoScalingGroup')) {
      expect(group.UpdatePolicy).toEqual({ AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true } });
      expect(group.CreationPolicy).toEqual({ ResourceSignal: { Count: 1, Timeout: 'PT2H' } });
    }
  });

  it('need a token for their metadata, have no key pair, and an encrypted root', () => {
    for (const { Properties } of ofType('AWS::EC2::LaunchTemplate')) {
      const data = Properties.LaunchTemplateData as Record<string, unknown>;
      expect(data.MetadataOptions).toEqual({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
      expect(data.KeyName).toBeUndefined();
      expect(JSON.stringify(data.BlockDeviceMappings)).toContain('"Encrypted":true');
    }
  });

  it('keep data and state on encrypted volumes that outlive them and the stack', () => {
    const volumes = ofType('AWS::EC2::Volume');
    expect(volumes.map(({ Properties }) => Properties.Size).sort()).toEqual([1, 1, 1, 100, 100]);
    for (const volume of volumes) {
      expect(volume).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: { Encrypted: true },
      });
      expect(JSON.stringify(volume.Properties.Tags)).toContain('mobilink-ha:pair');
    }
  });

  it.each(ROLES)('%s is told its role, its volumes and nothing secret', (role) => {
    const text = userData(role);
    expect(text).toContain(`\nROLE=${role}\n`);
    expect(text).toContain(`\nSERVER=consolidated_${role}\n`);
    expect(text).toMatch(new RegExp(`\nSTATE_VOLUME=<Consolidated${role}State`, 'i'));
    expect(text.includes('DATA_VOLUME=')).toBe(role !== 'arbiter');
    expect(text.includes('DBA_SECRET=')).toBe(role !== 'arbiter');
    expect(text.trim().split('\n').at(-1)).toBe(
      'until /bin/bash /opt/mobilink-ha/bootstrap-host.sh; do sleep 30; done',
    );
    for (const { name } of hostScripts()) expect(text).toContain(` ${name}\n`);
    expect(text).not.toContain('resolve:secretsmanager');
    expect(Buffer.byteLength(text)).toBeLessThan(14_000);
  });
});

describe('no deployment stops or replaces a host', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-scripts-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Ids of resources whose text is not the same. */
  function changed(before: Template, after: Template): string[] {
    const [one, other] = [before, after].map((it) => it.toJSON().Resources as Record<string, Resource>);
    expect(Object.keys(other ?? {})).toEqual(Object.keys(one ?? {}));
    return Object.keys(one ?? {}).filter((id) => JSON.stringify(one?.[id]) !== JSON.stringify(other?.[id]));
  }

  it.each([
    ['image', { machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0fedcba9876543210' }) }, 3],
    ['type', { instanceType: new ec2.InstanceType('r7i.xlarge') }, 2],
    ['type of the arbiter', { arbiterInstanceType: new ec2.InstanceType('t3.medium') }, 1],
    ['options of the server', { databaseOptions: ['-c 4G'] }, 2],
    ['liveness', { livenessTimeout: Duration.seconds(20) }, 2],
  ] as [string, Partial<SqlAnywherePairProps>, number][])(
    'another %s is another launch template and nothing else',
    (_, props, count) => {
      const found = changed(template, synthesize(props).template);
      expect(found).toHaveLength(count);
      for (const id of found) expect(resources[id]?.Type).toBe('AWS::EC2::LaunchTemplate');
    },
  );

  it('another bootstrap is another asset, whose hash stands in the launch templates', () => {
    const texts = ['one', 'two'].map((content) => {
      const file = path.join(folder, 'bootstrap-host.sh');
      writeFileSync(file, content);
      return userDataOf({
        configuration: {},
        sql: '',
        region: 'eu-central-1',
        scripts: [{ name: 'bootstrap-host.sh', url: `s3://x/${content}` }],
      });
    });
    expect(texts[0]).not.toBe(texts[1]);
    // What no launch template may hold: a place whose content can change behind its name.
    expect(userData('first')).toMatch(/fetch 's3:\/\/cdk-hnb659fds-assets-[^/]+\/[0-9a-f]{64}\.sh' bootstrap-host\.sh/);
  });
});

describe('the network of a pair', () => {
  it('opens the port of the database between the three and nothing else', () => {
    const rules = ofType('AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties);
    expect(rules).toHaveLength(3);
    for (const rule of rules) {
      expect(rule).toMatchObject({ IpProtocol: 'tcp', FromPort: 2638, ToPort: 2638 });
      expect(rule.SourceSecurityGroupId).toBeDefined();
    }
    for (const { Properties } of ofType('AWS::EC2::SecurityGroup'))
      expect(Properties.SecurityGroupIngress).toBeUndefined();
  });

  it('lets them out to AWS by HTTPS alone', () => {
    for (const { Properties } of ofType('AWS::EC2::SecurityGroup')) {
      expect(Properties.SecurityGroupEgress).toEqual([
        { CidrIp: '0.0.0.0/0', Description: expect.any(String), FromPort: 443, ToPort: 443, IpProtocol: 'tcp' },
      ]);
    }
  });
});

describe('what a host may do', () => {
  const statements = (role: string) => {
    const found = Object.entries(resources).find(
      ([id, it]) => id.startsWith(`Consolidated${role}Role`) && it.Type === 'AWS::IAM::Policy',
    );
    const { Statement } = (found as [string, Resource])[1].Properties.PolicyDocument as {
      Statement: { Action: string | string[]; Resource: unknown; Condition?: unknown }[];
    };
    return Statement;
  };
  const of = (role: string, action: string) => statements(role).filter((it) => [it.Action].flat().includes(action));

  it('only the first partner writes the birth record', () => {
    expect(of('First', 'ssm:PutParameter')).toHaveLength(1);
    for (const role of ['Second', 'Arbiter']) expect(of(role, 'ssm:PutParameter')).toHaveLength(0);
    expect(JSON.stringify(of('First', 'ssm:PutParameter')[0]?.Resource)).toContain(`:parameter${pair.birthParameter}`);
  });

  it('the arbiter reads neither the administrator nor MobiLink’s login, and no backup', () => {
    const read = JSON.stringify(of('Arbiter', 'secretsmanager:GetSecretValue')[0]?.Resource);
    expect(read).toMatch(/Authentication/);
    expect(read).not.toMatch(/Administrator|MobiLinkLogin/);
    expect(JSON.stringify(statements('Arbiter'))).not.toContain('backups/*');
  });

  it('a host attaches its own volumes, to machines of its pair, and renews its own record', () => {
    const attach = of('Second', 'ec2:AttachVolume');
    expect(JSON.stringify(attach[0]?.Resource)).toMatch(/ConsolidatedSecondState.*ConsolidatedSecondData/);
    expect(JSON.stringify(attach[0]?.Resource)).not.toContain('First');
    expect(attach[1]?.Condition).toEqual({ StringEquals: { 'aws:ResourceTag/mobilink-ha:pair': pair.databaseId } });
    expect(of('Second', 'route53:ChangeResourceRecordSets')[0]?.Condition).toEqual({
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['second.mobilink-ha.internal'],
        'route53:ChangeResourceRecordSetsRecordTypes': ['A'],
        'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
      },
    });
  });

  it('nobody has an action by a wildcard', () => {
    for (const role of ['First', 'Second', 'Arbiter', 'Replacement']) {
      expect(JSON.stringify(statements(role).map(({ Action }) => Action))).not.toContain('*');
    }
  });
});

describe('what is refused', () => {
  const refused = (props: Partial<SqlAnywherePairProps>, zones = 3) => {
    try {
      synthesize(props, zones);
    } catch (error) {
      return String(error);
    }
    return '';
  };

  it('fewer than three zones, unless somebody says why', () => {
    expect(refused({}, 2)).toContain('MobiLink:Pair:AvailabilityZones');
    expect(refused({ fewerZonesReason: ' ' }, 2)).toContain('fewerZonesReason: must say why');
    expect(refused({ fewerZonesReason: 'a Region with two zones' }, 2)).toBe('');
  });

  it.each([
    ['databaseName', { databaseName: 'a"b' }],
    ['databaseName', { databaseName: 'x'.repeat(65) }],
    ['mobiLinkUser', { mobiLinkUser: "x' GRANT" }],
    ['mobiLinkUser', { mobiLinkUser: 'DBA' }],
    ['zoneName', { zoneName: 'Has.Capitals' }],
    ['port', { port: 80 }],
    ['rolePort', { port: 3000, rolePort: 3000 }],
    ['dataVolumeSize', { dataVolumeSize: 1.5 }],
    ['livenessTimeout', { livenessTimeout: Duration.seconds(1) }],
    ['backupHour', { backupHour: 24 }],
    ['backupRetention', { backupRetention: Duration.hours(30) }],
    ['offlineLogRetention', { offlineLogRetention: Duration.days(35) }],
    [
      'offlineLogRetention',
      {
        backupRetention: Duration.days(3),
        longestMirrorOutage: Duration.days(9),
        offlineLogRetention: Duration.days(9),
      },
    ],
    ['synchronizationMode', { synchronizationMode: SynchronizationMode.asynchronous('') }],
    ['databaseOptions', { databaseOptions: ['-xp off'] }],
    ['databaseOptions', { databaseOptions: ['-c 4G; id'] }],
    ['initOptions', { initOptions: ['-dba a,b'] }],
  ] as [string, Partial<SqlAnywherePairProps>][])('%s: %j', (prop, props) => {
    expect(refused(props)).toMatch(new RegExp(`\\[MobiLink:Pair:\\w+\\] ${prop}: must .*Fix: `));
  });

  it.each([
    ['the latest Amazon Linux', ec2.MachineImage.latestAmazonLinux2023()],
    ['a parameter without a version', ec2.MachineImage.fromSsmParameter('/ours/image')],
    ['a reference without a version', ec2.MachineImage.genericLinux({ 'eu-central-1': 'resolve:ssm:/ours/image' })],
  ])('an image that moves: %s', (_, machineImage) => {
    expect(() => synthesize({ machineImage })).toThrow(/MobiLink:Pair:MachineImage\] machineImage: must be pinned/);
  });

  it.each([
    ['an id', IMAGE],
    ['a parameter with a version', ec2.MachineImage.fromSsmParameter('/ours/image:3')],
    ['a reference with a version', ec2.MachineImage.genericLinux({ 'eu-central-1': 'resolve:ssm:/ours/image:3' })],
  ])('no image that stays: %s', (_, machineImage) => {
    expect(() => synthesize({ machineImage })).not.toThrow();
  });

  it('everything at once', () => {
    const text = refused({ databaseName: '1', port: 1, backupHour: -1, offlineLogRetention: Duration.days(1) }, 2);
    expect(text).toContain("SqlAnywherePair 'Pair/Consolidated' has 5 problems");
  });

  it('a port that only CloudFormation knows', () => {
    const stack = new Stack();
    const parameter = new CfnParameter(stack, 'Port', { type: 'Number' });
    expect(refused({ port: parameter.valueAsNumber })).toContain('must be known at synth');
  });
});

describe('what can be chosen', () => {
  it('the logs of a pair are kept a week longer than its backups and than its mirror may be away', () => {
    expect(userData('first')).toContain('\nLOG_DAYS=42\n');
    const { template: other } = synthesize({
      backupRetention: Duration.days(3),
      longestMirrorOutage: Duration.days(20),
    });
    expect(userData('second', other)).toContain('\nLOG_DAYS=27\n');
    other.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 3, Prefix: 'backups/' })] },
    });
  });

  it('an asynchronous mirror turns automatic failover on', () => {
    const { template: other } = synthesize({
      synchronizationMode: SynchronizationMode.asynchronous('a demonstration'),
    });
    expect(userData('first', other)).toContain(
      "SET MIRROR OPTION synchronization_mode='asynchronous'\ngo\nSET MIRROR OPTION auto_failover='on'\ngo",
    );
  });

  it('the installer comes from the user’s bucket, which the hosts may read there', () => {
    const stack = new Stack(new App(), 'Other', { env: { account: '111111111111', region: 'eu-central-1' } });
    const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'] });
    const bucket = s3.Bucket.fromBucketName(stack, 'Installers', 'installers-of-ours');
    new SqlAnywherePair(stack, 'Consolidated', {
      vpc,
      machineImage: IMAGE,
      software: SqlAnywhereSoftware.fromBucket(bucket, 'sqlany/17.0.11.tar.gz'),
    });
    const other = Template.fromStack(stack);
    expect(userData('arbiter', other)).toContain('\nINSTALLER=s3://installers-of-ours/sqlany/17.0.11.tar.gz\n');
    expect(JSON.stringify(other.toJSON())).toContain(':s3:::installers-of-ours/sqlany/17.0.11.tar.gz');
  });

  it('a zone and a key of the user are used, and the key is let be used by what needs it', () => {
    const stack = new Stack(new App(), 'Other', { env: { account: '111111111111', region: 'eu-central-1' } });
    const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'] });
    const zone = route53.PrivateHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z1',
      zoneName: 'db.example',
    }) as route53.IPrivateHostedZone;
    new SqlAnywherePair(stack, 'Consolidated', {
      vpc,
      machineImage: IMAGE,
      software: SqlAnywhereSoftware.inMachineImage(),
      zone,
      encryptionKey: new kms.Key(stack, 'Key'),
    });
    const other = Template.fromStack(stack);
    other.resourceCountIs('AWS::Route53::HostedZone', 0);
    expect(userData('first', other)).toContain('HOST=first.db.example:2638');
    other.allResourcesProperties('AWS::EC2::Volume', { KmsKeyId: Match.anyValue() });
    other.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['kms:CreateGrant', 'kms:Decrypt'],
            Condition: Match.objectLike({ Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
          }),
        ]),
      },
    });
  });
});
