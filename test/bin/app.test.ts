import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { readStageConfiguration } from '../../bin/stage-configuration';
import { buildApp, type Resource, type SynthesizedStack, synthesize } from '../gates/app';

const IMAGE = { repositoryName: 'mobilink', tag: '17.0.1' };

function read(configuration: unknown, stage?: string) {
  const app = new App({ context: { 'mobilink-ha': configuration, ...(stage ? { stage } : {}) } });
  return readStageConfiguration(app.node);
}

describe('the configuration of the app', () => {
  it('fills in every default', () => {
    expect(read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE } } } })).toMatchObject({
      name: 'MobiLink',
      stageName: 'a',
      protected: true,
      natGateways: 3,
      database: { kind: 'rds', engine: 'mysql', backupDays: 14, maximumConnections: 500 },
      farm: { minServers: 2, maxServers: 4, clientCidrs: ['10.0.0.0/8'] },
      registry: { shards: 4 },
      schedules: [],
    });
    const schedules = [{ name: 'hourly', expression: 'rate(1 hour)' }];
    expect(read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, schedules } } }).schedules).toEqual([
      { name: 'hourly', expression: 'rate(1 hour)', timeZone: 'Etc/UTC', groups: ['stores'], enabled: true },
    ]);
  });

  it.each([
    [{ engine: 'postgres' }, /database\.engine: must not be PostgreSQL: MobiLink cannot use it .*Fix: use MySQL/],
    [{ engine: 'db2' }, /database\.engine: must not be Db2: .*fromOdbc/],
    [{ engine: 'dbase' }, /database\.engine: must be one of mysql, sql-server-standard/],
    [{ kind: 'postgres' }, /database\.kind: must not be PostgreSQL/],
    [{ kind: 'rds-aurora-mysql' }, /database\.kind: must not be Aurora MySQL/],
    [{ kind: 'dbase' }, /database\.kind: must be one of rds, rds-cluster, sql-anywhere-pair, sql-anywhere-server/],
  ])('refuses the database %j with the reason', (database, message) => {
    expect(() => read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, database } } })).toThrow(message);
  });

  it.each(['sql-server-standard', 'sql-server-enterprise', 'oracle-standard-two', 'oracle-enterprise'])(
    'makes a database of %s',
    (engine) => {
      const stages = { a: { farm: { image: IMAGE }, database: { engine, maximumConnections: 400 } } };
      const [stateful] = synthesize(buildApp({ 'mobilink-ha': { defaultStage: 'a', stages }, stage: 'a' }));
      const [instance] = Object.values(stateful?.template.Resources ?? {}).filter(
        ({ Type }) => Type === 'AWS::RDS::DBInstance',
      );
      expect(instance?.Properties?.Engine).toMatch(
        { s: /^sqlserver-[se]e$/, o: /^oracle-(se2|ee)$/ }[engine.charAt(0) as 's' | 'o'],
      );
    },
  );

  it('keeps logs for as long, and encrypts with the key, that the stage names', () => {
    const keyArn = 'arn:aws:kms:eu-central-1:111111111111:key/12345678-1234-1234-1234-123456789012';
    const stages = {
      a: {
        account: '111111111111',
        region: 'eu-central-1',
        availabilityZones: ['a', 'b', 'c'].map((it) => `eu-central-1${it}`),
        farm: { image: IMAGE },
        logRetentionDays: 30,
        keyArn,
      },
    };
    const stacks = synthesize(buildApp({ 'mobilink-ha': { defaultStage: 'a', stages }, stage: 'a' }));
    const all = stacks.flatMap(({ template }) => Object.entries(template.Resources));
    const of = (type: string) => all.filter(([, { Type }]) => Type === type);
    const flow = ([id]: [string, unknown]) => id.startsWith('FlowLogs');
    const groups = of('AWS::Logs::LogGroup').filter((it) => !flow(it));
    expect(groups.length).toBeGreaterThan(4);
    for (const [id, { Properties }] of groups)
      expect(Properties, id).toMatchObject({ RetentionInDays: 30, KmsKeyId: keyArn });
    for (const [id, { Properties }] of of('AWS::DynamoDB::Table')) {
      expect(Properties?.SSESpecification, id).toMatchObject({ KMSMasterKeyId: keyArn });
    }
    for (const type of ['AWS::RDS::DBInstance', 'AWS::SecretsManager::Secret']) {
      expect(of(type).length).toBeGreaterThan(0);
      for (const [id, { Properties }] of of(type)) expect(Properties?.KmsKeyId, id).toBe(keyArn);
    }
    expect(() =>
      read({ defaultStage: 'a', stages: { a: { ...stages.a, logRetentionDays: 31, keyArn: 'x' } } }),
    ).toThrow(/logRetentionDays: must be one of 1, 3, 5[\s\S]*keyArn: must be the ARN of a key/);
  });

  it('has endpoints instead of NAT gateways where that is enough', () => {
    const stage = (database?: object) => ({ farm: { image: IMAGE }, natGateways: 0, ...(database && { database }) });
    const [stateful] = synthesize(
      buildApp({ 'mobilink-ha': { defaultStage: 'a', stages: { a: stage() } }, stage: 'a' }),
    );
    const types = Object.values(stateful?.template.Resources ?? {}).map(({ Type }) => Type);
    expect(types.filter((it) => it === 'AWS::EC2::VPCEndpoint')).toHaveLength(5);
    expect(types).not.toContain('AWS::EC2::NatGateway');
    const pair = { kind: 'sql-anywhere-pair', machineImage: 'ami-0123456789abcdef0' };
    expect(() => read({ defaultStage: 'a', stages: { a: stage(pair) } })).toThrow(/natGateways must be 1 to 3/);
  });

  it('lists what is wrong with schedules and registry, by path', () => {
    const wrong = {
      registry: { shards: 0 },
      schedules: [
        { name: 'a b', expression: 'hourly', timeZone: 'Mars/Olympus', groups: [], windowMinutes: 0.5 },
        { name: 'b', expression: 'rate(1 hour)', groups: ['a#b'], profile: '$(x)', deadlineMinutes: 0, cron: '0' },
      ],
    };
    expect(() => read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, ...wrong } } })).toThrow(
      new RegExp(
        [
          '10 problems:',
          'registry\\.shards: must be at least 1',
          'schedules\\.0\\.name',
          'schedules\\.0\\.expression: must be rate',
          'schedules\\.0\\.timeZone: must be a time zone',
          'schedules\\.0\\.groups: must name at least one group',
          'schedules\\.0\\.windowMinutes: must be a whole number',
          'schedules\\.1\\.groups\\.0',
          'schedules\\.1\\.deadlineMinutes',
          'schedules\\.1\\.profile',
          'schedules\\.1\\.cron',
        ].join('[\\s\\S]*'),
      ),
    );
  });

  it('takes a mirrored pair for the database, with the defaults of the construct', () => {
    const database = { kind: 'sql-anywhere-pair', machineImage: 'ami-0123456789abcdef0' };
    expect(read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, database } } }).database).toEqual({
      ...database,
      instanceType: 'm7i.large',
      arbiterInstanceType: 't3.small',
      dataVolumeGiB: 100,
      maximumConnections: 500,
    });
  });

  it.each(['resolve:ssm:/mobilink-ha/host-image:12', 'ami-01234567'])('takes the machine image %s', (machineImage) => {
    const database = { kind: 'sql-anywhere-pair', machineImage };
    expect(read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, database } } }).database).toMatchObject(
      database,
    );
  });

  it('lists everything that is wrong with a pair at once, by path', () => {
    const database = {
      kind: 'sql-anywhere-pair',
      // Without a version it would move by itself.
      machineImage: 'resolve:ssm:/mobilink-ha/host-image',
      installer: { bucketName: 'B', key: 'setup.exe' },
      databaseName: '1st',
      livenessSeconds: 1,
      backupHour: 24,
      allocatedStorageGiB: 100,
    };
    expect(() => read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, database } } })).toThrow(
      new RegExp(
        [
          '7 problems:',
          'database\\.machineImage: must be ami-',
          'database\\.installer\\.bucketName',
          'database\\.installer\\.key: must be a key that ends in \\.tar\\.gz',
          'database\\.databaseName',
          'database\\.backupHour: must be at most 23',
          'database\\.livenessSeconds: must be at least 5',
          'database\\.allocatedStorageGiB',
        ].join('[\\s\\S]*'),
      ),
    );
  });

  it('refuses a kind of database that it does not know', () => {
    const database = { kind: 'postgres' };
    expect(() => read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, database } } })).toThrow(
      /1 problem:[\s\S]*database\.kind/,
    );
  });

  it('comes as text from the command line too', () => {
    const configuration = JSON.stringify({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE } } } });
    expect(read(configuration).stageName).toBe('a');
    expect(() => read('{')).toThrow(/not JSON/);
  });

  it('lists everything that is wrong at once, by path', () => {
    const wrong = {
      defaultStage: 'a',
      stages: {
        a: {
          account: '12',
          vpcCidr: '10.0.0.0/99',
          protcted: true,
          farm: { image: { repositoryName: 'mobilink', tag: 'latest' }, minServers: 1 },
          database: { backupDays: 0 },
        },
      },
    };
    expect(() => read(wrong)).toThrow(
      /6 problems:[\s\S]*stages\.a\.account: must be twelve digits[\s\S]*stages\.a\.vpcCidr[\s\S]*backupDays: must be at least 1[\s\S]*tag: must be a tag other than latest[\s\S]*minServers: must be at least 2[\s\S]*protcted/,
    );
  });

  it.each([
    ['account without Region', { account: '111122223333' }, /go together/],
    [
      'two schedules of one name',
      { schedules: ['rate(1 hour)', 'rate(1 day)'].map((expression) => ({ name: 'a', expression })) },
      /different names/,
    ],
    ['zones without Region', { availabilityZones: ['a', 'b', 'c'] }, /needs account and region/],
    [
      'more servers at least than at most',
      { farm: { image: IMAGE, minServers: 9, maxServers: 3 } },
      /must not be above/,
    ],
  ])('refuses %s', (_what, part, message) => {
    expect(() => read({ defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, ...part } } })).toThrow(message);
  });

  it('builds the image from an installer where the stage or the command line names one', () => {
    const stage = (image: unknown) => ({ defaultStage: 'a', stages: { a: { farm: { image } } } });
    const own = { installer: '../sap', licenceKeyVariable: 'SAP_KEY', odbcDriver: 'MySQL ODBC Unicode Driver' };
    expect(read(stage(own)).farm.image).toEqual(own);
    const given = (image: unknown, installer: unknown) =>
      readStageConfiguration(new App({ context: { 'mobilink-ha': stage(image), installer } }).node).farm.image;
    expect(given(IMAGE, '../other')).toEqual({ installer: '../other' });
    expect(given(own, '../other')).toEqual({ ...own, installer: '../other' });
    expect(() => given(IMAGE, '')).toThrow(/'installer' must be the folder.*Fix: -c installer=FOLDER/);
    expect(() => read(stage({ installer: '', licenceKeyVariable: 'a-b', tag: '17' }))).toThrow(
      /3 problems:[\s\S]*image\.installer[\s\S]*image\.licenceKeyVariable[\s\S]*image\.tag/,
    );
  });

  it('names the stages there are when one is asked for that is not', () => {
    const configuration = { defaultStage: 'a', stages: { a: { farm: { image: IMAGE } } } };
    expect(() => read(configuration, 'prod')).toThrow(/no stage 'prod'.*choose one of a/);
    expect(() => read(configuration, 'toString')).toThrow(/no stage 'toString'/);
    expect(() => read(undefined)).toThrow(/context 'mobilink-ha' is missing/);
  });
});

describe('the app', () => {
  const stacks = synthesize(buildApp());
  const resources = (suffix: string) =>
    Object.values(stacks.find(({ name }) => name.endsWith(suffix))?.template.Resources ?? {});

  it('keeps what holds data in the protected stack', () => {
    expect(stacks.map((stack) => [stack.name, stack.terminationProtection])).toEqual([
      ['MobiLink-dev-Stateful', true],
      ['MobiLink-dev-Stateless', false],
    ]);
    const types = (suffix: string) => new Set(resources(suffix).map(({ Type }) => Type));
    expect(types('Stateful')).toContain('AWS::RDS::DBInstance');
    expect(types('Stateful')).toContain('AWS::EC2::VPC');
    expect(types('Stateful')).toContain('AWS::DynamoDB::Table');
    expect(types('Stateless')).toContain('AWS::ECS::Service');
    expect(types('Stateless')).not.toContain('AWS::RDS::DBInstance');
  });

  it('spans three zones without env and without a look-up', () => {
    const zones = resources('Stateful')
      .filter(({ Type }) => Type === 'AWS::EC2::Subnet')
      .map(({ Properties }) => JSON.stringify(Properties?.AvailabilityZone));
    expect(new Set(zones).size).toBe(3);
    expect(buildApp().synth().manifest.missing ?? []).toEqual([]);
  });

  it('synchronizes the stores each hour, on hosts that carry the tag of this stage only', () => {
    const [schedule] = resources('Stateless').filter(
      ({ Type, Properties }) => Type === 'AWS::Scheduler::Schedule' && JSON.stringify(Properties).includes('"run'),
    );
    expect(schedule?.Properties).toMatchObject({ ScheduleExpression: 'cron(0 * * * ? *)' });
    const target = schedule?.Properties?.Target as { Input: string } | undefined;
    expect(JSON.parse(target?.Input ?? '')).toMatchObject({
      schedule: 'MobiLink-dev-hourly',
      groups: ['stores'],
      windowSeconds: 600,
      deadlineSeconds: 3000,
    });
    const policies = JSON.stringify(resources('Stateless').filter(({ Type }) => Type === 'AWS::IAM::Policy'));
    expect(policies).toContain('"ssm:resourceTag/mobilink-ha:system":"MobiLink-dev"');
  });

  it('tags everything that can be tagged', () => {
    const untagged = (resource: Resource) => {
      const tags = JSON.stringify(resource.Properties?.Tags ?? resource.Properties?.HostedZoneTags ?? null);
      return !tags.includes('mobilink-ha:stage');
    };
    for (const suffix of ['Stateful', 'Stateless']) {
      const taggable = [
        'AWS::RDS::DBInstance',
        'AWS::EC2::VPC',
        'AWS::DynamoDB::Table',
        'AWS::SQS::Queue',
        'AWS::SSM::Document',
        'AWS::ECS::Service',
        'AWS::Logs::LogGroup',
        'AWS::Lambda::Function',
        'AWS::IAM::Role',
        'AWS::SecretsManager::Secret',
        'AWS::ElasticLoadBalancingV2::LoadBalancer',
      ];
      expect(resources(suffix).filter((it) => taggable.includes(it.Type) && untagged(it))).toEqual([]);
    }
  });

  it('gives every log group a retention', () => {
    for (const suffix of ['Stateful', 'Stateless']) {
      const groups = resources(suffix).filter(({ Type }) => Type === 'AWS::Logs::LogGroup');
      expect(groups.length).toBeGreaterThan(0);
      for (const group of groups) expect(group.Properties?.RetentionInDays).toBeGreaterThan(0);
    }
  });

  it('synthesizes every stage of cdk.json', () => {
    for (const stage of ['dev', 'cluster', 'pair', 'prod']) {
      expect(synthesize(buildApp({ stage })).map(({ name }) => name)).toEqual([
        `MobiLink-${stage}-Stateful`,
        `MobiLink-${stage}-Stateless`,
      ]);
    }
  });

  it('is as the snapshot says, hashes of assets and the script of the hosts left aside', () => {
    for (const { name, template } of stacks) {
      const withoutScript = (key: string, value: unknown) => (key === 'runCommand' ? ['SCRIPT'] : value);
      const text = JSON.stringify(template, withoutScript, 2).replace(/[a-f0-9]{64}/g, 'ASSET');
      expect(text).toMatchSnapshot(name);
    }
  });
});

describe('the stage whose database is a mirrored pair', () => {
  const stacks = synthesize(buildApp({ stage: 'pair' }));
  const types = (suffix: string) =>
    Object.values(stacks.find(({ name }) => name.endsWith(suffix))?.template.Resources ?? {}).map(({ Type }) => Type);

  it('has three hosts and their volumes in the protected stack, and no RDS', () => {
    expect(stacks.map((stack) => [stack.name, stack.terminationProtection])).toEqual([
      ['MobiLink-pair-Stateful', true],
      ['MobiLink-pair-Stateless', false],
    ]);
    expect(types('Stateful').filter((it) => it === 'AWS::AutoScaling::AutoScalingGroup')).toHaveLength(3);
    expect(types('Stateful').filter((it) => it === 'AWS::EC2::Volume')).toHaveLength(5);
    expect([...types('Stateful'), ...types('Stateless')]).not.toContain('AWS::RDS::DBInstance');
    expect(types('Stateless')).not.toContain('AWS::AutoScaling::AutoScalingGroup');
  });

  it('passes its settings on to the construct', () => {
    const database = {
      kind: 'sql-anywhere-pair',
      machineImage: 'ami-0123456789abcdef0',
      installer: { bucketName: 'installers', key: 'sql-anywhere/17.tar.gz' },
      databaseName: 'stores',
      instanceType: 'r7i.large',
      arbiterInstanceType: 't3.micro',
      dataVolumeGiB: 321,
      livenessSeconds: 17,
      backupDays: 9,
      backupHour: 4,
    };
    const configuration = { defaultStage: 'a', stages: { a: { farm: { image: IMAGE }, database } } };
    const text = JSON.stringify(synthesize(buildApp({ stage: 'a', 'mobilink-ha': configuration }))[0]?.template);
    const expected = [
      'stores_first',
      'ami-0123456789abcdef0',
      'r7i.large',
      't3.micro',
      '"Size":321',
      'LTO=17',
      'installers/sql-anywhere/17.tar.gz',
      'BACKUP_HOUR=4',
      '"ExpirationInDays":9',
    ];
    for (const part of expected) expect(text).toContain(part);
  });

  it('is as the snapshot says in the stack that holds the pair, assets, scripts and documents of the hosts left aside', () => {
    const [stateful] = stacks;
    const withoutScripts = (key: string, value: unknown) => (['UserData', 'Content'].includes(key) ? 'SCRIPT' : value);
    const text = JSON.stringify(stateful?.template, withoutScripts, 2).replace(/[a-f0-9]{64}/g, 'ASSET');
    expect(text).toMatchSnapshot(stateful?.name);
  });
});

describe('the stages with remotes', () => {
  const STAGES = ['bothMirrored', 'mirroredRemotes', 'singleRemotes', 'mirroredConsolidated', 'singleConsolidated'];
  const remotesOf = (stage: string) => {
    const stacks = synthesize(buildApp({ stage }));
    expect(stacks.map(({ name }) => name)).toEqual(
      ['Stateful', 'Stateless', 'Remotes'].map((suffix) => `MobiLink-${stage}-${suffix}`),
    );
    return stacks[2] as SynthesizedStack;
  };

  it.each(STAGES)('%s is as the snapshot says, assets, scripts and documents of the hosts left aside', (stage) => {
    const remotes = remotesOf(stage);
    expect(remotes.terminationProtection).toBe(true);
    const withoutScripts = (key: string, value: unknown) => (['UserData', 'Content'].includes(key) ? 'SCRIPT' : value);
    const text = JSON.stringify(remotes.template, withoutScripts, 2).replace(/[a-f0-9]{64}/g, 'ASSET');
    expect(text).toMatchSnapshot(remotes.name);
  });

  it('hold as many hosts as the combination needs', () => {
    const hosts = STAGES.map((stage) => {
      const count = ({ template }: SynthesizedStack) =>
        Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::AutoScaling::AutoScalingGroup').length;
      return synthesize(buildApp({ stage })).map(count);
    });
    expect(hosts).toEqual([
      [3, 0, 3],
      [0, 0, 3],
      [0, 0, 1],
      [3, 0, 1],
      [1, 0, 3],
    ]);
  });

  const server = { kind: 'sql-anywhere-server', machineImage: 'ami-0123456789abcdef0' };
  const bothSingle = (more: Record<string, unknown>) => {
    const remote = { name: 'a', database: server, profile: 'p', sqlFiles: ['examples/sql/store-1.sql'], ...more };
    const stage = { farm: { image: IMAGE }, database: server, remotes: [remote] };
    return () => buildApp({ stage: 'a', 'mobilink-ha': { defaultStage: 'a', stages: { a: stage } } });
  };

  it('refuse a single server at both ends, unless it is asked for by name', () => {
    expect(bothSingle({})).toThrow('[MobiLink:Remote:NoHighAvailability] noHighAvailabilityReason');
    expect(bothSingle({ noHighAvailabilityReason: 'a trial' })).not.toThrow();
  });

  it('list what is wrong with a remote, by path', () => {
    const wrong = [
      {
        name: 'a b',
        database: { ...server, maximumConnections: 7 },
        profile: '',
        sqlFiles: [],
        inside: [{ name: 'x' }],
      },
      { name: 'c', database: server, profile: 'p', sqlFiles: ['x'], inside: [{ name: 'x', at: '3', from: '01:00' }] },
    ];
    const stages = { a: { farm: { image: IMAGE }, remotes: wrong } };
    expect(() => read({ defaultStage: 'a', stages })).toThrow(
      new RegExp(
        [
          'remotes\\.0\\.name',
          'remotes\\.0\\.database\\.maximumConnections',
          'remotes\\.0\\.profile',
          'remotes\\.0\\.sqlFiles: must name at least one file',
          'remotes\\.0\\.inside\\.0: needs either everyMinutes or at',
          'remotes\\.1\\.inside\\.0\\.at: must be a time of day',
        ].join('[\\s\\S]*'),
      ),
    );
  });
});
