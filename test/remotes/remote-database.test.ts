import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { App, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import * as recording from '../../lambda/record-outcomes/environment';
import * as names from '../../lambda/records/names';
import * as registering from '../../lambda/register-remote/environment';
import {
  ConsolidatedRdsInstance,
  ConsolidatedSqlAnywhere,
  type IConsolidatedDatabase,
  InsideSchedule,
  MobiLinkProtocol,
  MobiLinkServerAddress,
  RemoteDatabase,
  type RemoteDatabaseProps,
  RemoteRegistry,
  SqlAnywhereServer,
  SqlAnywhereSoftware,
  SynchronizationMode,
  SyncOutcomes,
  SyncTrigger,
} from '../../lib';
import { linesOf, plain, remote, SQL, type Store, store, templateOf } from './remote-fixture';
import { environmentOf, schedule, statementsOf, syncs } from './syncs-fixture';

const inside = SyncTrigger.database(
  InsideSchedule.every({
    name: 'store-sales',
    interval: Duration.minutes(15),
    timeZone: TimeZone.EUROPE_BERLIN,
  }),
);

function withInside(of: Store, props: Partial<RemoteDatabaseProps> = {}) {
  const outcomes = new SyncOutcomes(of.stack, 'Outcomes', { registry: of.registry });
  return { outcomes, it: remote(of, { triggers: [inside], outcomes, ...props }) };
}

describe('a remote database on a mirrored pair', () => {
  const of = store();
  const { outcomes } = withInside(of, {
    mobiLinkServers: MobiLinkServerAddress.of(MobiLinkProtocol.TLS, 'ml.example.com', 2440, {
      trustedCertificate: '/etc/mobilink-ha/roots.pem',
    }),
    firstTimeLimit: Duration.hours(48),
  });
  const template = templateOf(of);
  const [association] = Object.values(template.findResources('AWS::SSM::Association'));

  it('sets up both partners and not the arbiter, now and each half hour, and deployments wait for it', () => {
    expect(association?.Properties).toMatchObject({
      Targets: [
        { Key: 'tag:mobilink-ha:pair', Values: [of.database.databaseId] },
        { Key: 'tag:mobilink-ha:member', Values: ['first', 'second'] },
      ],
      ScheduleExpression: 'rate(30 minutes)',
      ApplyOnlyAtCronInterval: false,
      WaitForSuccessTimeoutSeconds: 3600,
      MaxErrors: '0',
    });
  });

  it('configures what a sync needs, the same on both', () => {
    expect(linesOf(template, 'Configuration')).toEqual([
      'REMOTE=stores/store-0815',
      'PROFILE=sales',
      'MOBILINK_PROTOCOL=tls',
      'MOBILINK_ADDRESS=host=ml.example.com;port=2440;trusted_certificate=/etc/mobilink-ha/roots.pem',
      'TIME_LIMIT=14400',
      'FIRST_TIME_LIMIT=172800',
    ]);
  });

  it('applies the SQL of the user by version and checksum, with the login of its MobiLink user', () => {
    const sha = createHash('sha256').update(readFileSync(SQL)).digest('hex');
    const [secret, days, sql, ...events] = linesOf(template, 'Definition');
    expect(secret).toMatch(/^REMOTE_SECRET=<MobiLinkUser\w+>$/);
    expect(days).toBe(`DELETE_OLD_LOGS_DAYS=${of.database.logDays}`);
    expect(sql).toMatch(
      new RegExp(`^SQL=1 ${sha} s3://cdk-hnb659fds-assets-111111111111-eu-central-1/[0-9a-f]{64}\\.sql$`),
    );
    expect(events).toHaveLength(2);
    expect(events[0]).toMatch(
      /^EVENT=CREATE OR REPLACE EVENT "mobilink_ha_sync_store_sales" SCHEDULE .* COMMIT; CALL /,
    );
  });

  it('tells hosts when to synchronize and whom to tell', () => {
    expect(linesOf(template, 'Schedules')).toEqual([
      'name=store-sales;zone=Europe/Berlin;every=15;from=00:00;to=24:00;catchUp=900',
    ]);
    expect(linesOf(template, 'Registry')).toEqual([
      'REGION=eu-central-1',
      `TABLE=${plain(of.stack.resolve(of.registry.table.tableName))}`,
      'SHARDS=4',
      `OUTCOME_QUEUE=${plain(of.stack.resolve(outcomes.queue.queueUrl))}`,
    ]);
  });

  it('lets each partner read its secret, its SQL, its shard and the pauses, and report; the arbiter nothing of it', () => {
    const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
    const [, policy] = policies.find(([id]) => id.startsWith('RemoteHostPolicy')) ?? [];
    expect(policy?.Properties.Roles.map((role: { Ref: string }) => role.Ref)).toEqual([
      expect.stringMatching(/^StoreFirstRole/),
      expect.stringMatching(/^StoreSecondRole/),
    ]);
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: of.stack.resolve(of.props.mobiLinkUser?.secretArn),
      },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: expect.anything() },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: of.stack.resolve(outcomes.queue.queueArn) },
      {
        Effect: 'Allow',
        Action: 'dynamodb:BatchGetItem',
        Resource: of.stack.resolve(of.registry.table.tableArn),
        Condition: {
          'ForAllValues:StringEquals': {
            'dynamodb:LeadingKeys': [names.groupShard('stores', names.shardOf('store-0815', 4)), '#paused'],
          },
        },
      },
    ]);
  });

  it('lets the partners reach the MobiLink servers', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Partners of a mirrored SQL Anywhere pair',
      SecurityGroupEgress: Match.arrayWith([Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 2440, ToPort: 2440 })]),
    });
  });

  it('is registered with its present hosts after they are set up, for as long as it is deployed', () => {
    const [id, registration] = Object.entries(template.findResources('Custom::MobiLinkRemote'))[0] ?? [];
    expect(registration?.Properties).toMatchObject({
      group: 'stores',
      remoteName: 'store-0815',
      profile: 'sales',
      autoScalingGroups: [
        { Ref: expect.stringMatching(/^StoreFirst/) },
        { Ref: expect.stringMatching(/^StoreSecond/) },
      ],
    });
    expect(registration?.DependsOn).toContainEqual(expect.stringMatching(/^RemoteSetUpAssociation/));
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 hour)',
      EventPattern: {
        source: ['aws.autoscaling'],
        'detail-type': ['EC2 Instance Launch Successful'],
        detail: { AutoScalingGroupName: registration?.Properties.autoScalingGroups },
      },
    });
    expect(id).toBeDefined();
  });

  it('tells its functions what they ask for, by their own reading', () => {
    const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
    const environment = (part: string) => {
      const [, found] = functions.find(([name]) => name.includes(part)) ?? [];
      return environmentOf(found?.Properties);
    };
    expect(registering.readEnvironment(environment('RegisterRemote'))).toMatchObject({ shards: 4 });
    expect(recording.readEnvironment(environment('RecordOutcomes'))).toMatchObject({ shards: 4 });
  });

  it('lets the function that registers write to the registry and look at groups', () => {
    const actions = statementsOf(template, 'MobiLinkRemoteRegistrar').flatMap(({ Action }) => Action);
    expect(actions.sort()).toEqual([
      'autoscaling:DescribeAutoScalingGroups',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:UpdateItem',
    ]);
  });

  it('keeps its logs until they are synchronized: the backup of the hosts deletes none', () => {
    const data = JSON.stringify(template.findResources('AWS::EC2::LaunchTemplate'));
    expect(data).not.toContain('LOG_DAYS=');
  });
});

describe('a remote database', () => {
  it('on a single server has one host', () => {
    const of = store({ single: true });
    remote(of);
    const template = templateOf(of);
    const [association] = Object.values(template.findResources('AWS::SSM::Association'));
    expect(association?.Properties.Targets[1]).toEqual({ Key: 'tag:mobilink-ha:member', Values: ['single'] });
    const [registration] = Object.values(template.findResources('Custom::MobiLinkRemote'));
    expect(registration?.Properties.autoScalingGroups).toHaveLength(1);
  });

  it('without a schedule inside reports nothing and may reach nothing of the registry', () => {
    const of = store();
    remote(of);
    const template = templateOf(of);
    expect(linesOf(template, 'Registry')).toEqual([]);
    expect(linesOf(template, 'Schedules')).toEqual([]);
    expect(linesOf(template, 'Definition').filter((line) => line.startsWith('EVENT='))).toEqual([]);
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('BatchGetItem');
  });

  it('has a MobiLink user of its name with a generated password, unless one is given', () => {
    const of = store();
    const { mobiLinkUser } = remote(of, { mobiLinkUser: undefined });
    templateOf(of).hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { SecretStringTemplate: '{"username":"store-0815"}', GenerateStringKey: 'password' },
    });
    expect(linesOf(templateOf(of), 'Definition')[0]).toBe(
      `REMOTE_SECRET=${plain(of.stack.resolve(mobiLinkUser.secretArn))}`,
    );
  });

  it('carries the tag without which its dispatcher commands no host', () => {
    const of = store();
    const { dispatcher } = syncs({ registry: of.registry, hostTagValue: 'Shop-prod' }, of.stack);
    remote(of, { triggers: [SyncTrigger.lambda(schedule({ stack: of.stack, dispatcher }))] });
    const groups = Object.values(templateOf(of).findResources('AWS::AutoScaling::AutoScalingGroup'));
    const tagged = groups.filter(({ Properties }) =>
      JSON.stringify(Properties.Tags).includes(
        '{"Key":"mobilink-ha:system","PropagateAtLaunch":true,"Value":"Shop-prod"}',
      ),
    );
    expect(tagged).toHaveLength(2);
  });

  it('shares document and registrar with the others of its stack', () => {
    const of = store();
    remote(of);
    const other = new SqlAnywhereServer(of.stack, 'Other', {
      vpc: of.vpc,
      machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
      software: SqlAnywhereSoftware.inMachineImage(),
      zoneName: 'other.internal',
    });
    new RemoteDatabase(of.stack, 'OtherRemote', { ...of.props, database: other, remoteName: 'store-0816' });
    const template = templateOf(of);
    const documents = Object.keys(template.findResources('AWS::SSM::Document')).filter((id) => id.includes('SetUp'));
    expect(documents).toHaveLength(1);
    template.resourceCountIs('AWS::SSM::Association', 2);
    template.resourceCountIs('Custom::MobiLinkRemote', 2);
    template.resourceCountIs('AWS::Lambda::Function', 1);
  });

  it('in a stack of its own needs nothing of itself in the others', () => {
    const app = new App();
    const env = { account: '111111111111', region: 'eu-central-1' };
    const of = store({}, new Stack(app, 'Data', { env }));
    const outcomes = new SyncOutcomes(of.stack, 'Outcomes', { registry: of.registry });
    const own = new Stack(app, 'Remotes', { env });
    new RemoteDatabase(own, 'Remote', { ...of.props, triggers: [inside], outcomes });
    const { stacks } = app.synth();
    const dependencies = Object.fromEntries(
      stacks.map((stack) => [
        stack.stackName,
        stack.dependencies.map(({ id }) => id).filter((id) => !id.endsWith('.assets')),
      ]),
    );
    expect(dependencies).toEqual({ Data: [], Remotes: ['Data'] });
    Template.fromStack(own).resourceCountIs('AWS::SSM::Association', 1);
  });

  it('decrypts the secret of its MobiLink user with the key of the user', () => {
    const of = store();
    const key = new kms.Key(of.stack, 'Key');
    remote(of, { mobiLinkUser: new secretsmanager.Secret(of.stack, 'Own', { encryptionKey: key }) });
    expect(statementsOf(templateOf(of), 'RemoteHostPolicy')).toContainEqual({
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: of.stack.resolve(key.keyArn),
      Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } },
    });
  });

  it('runs its set-up again when a file of SQL, a schedule or a setting changes', () => {
    const definitions = [{}, { profile: 'prices' }, { sqlFiles: [SQL, 'cdk.json'] }].map((props) => {
      const of = store();
      remote(of, props);
      return JSON.stringify(templateOf(of).findResources('AWS::SSM::Association'));
    });
    expect(new Set(definitions).size).toBe(3);
  });
});

describe('what a remote database refuses', () => {
  const messages = (props: Partial<RemoteDatabaseProps>, of = store(), id = 'Remote') => {
    try {
      remote(of, props, id);
    } catch (error) {
      return String(error);
    }
    return '';
  };

  it('nothing that is right', () => expect(messages({})).toBe(''));

  it.each<[Partial<RemoteDatabaseProps>, string, string]>([
    [{ group: 'a#b' }, 'MobiLink:Remote:Group', 'group'],
    [{ remoteName: '' }, 'MobiLink:Remote:RemoteName', 'remoteName'],
    [{ profile: "x'" }, 'MobiLink:Remote:Profile', 'profile'],
    [{ sqlFiles: [] }, 'MobiLink:Remote:SqlFiles', 'sqlFiles'],
    [{ sqlFiles: ['not/there.sql'] }, 'MobiLink:Remote:SqlFile', 'sqlFiles[0]'],
    [{ sqlFiles: ['examples'] }, 'MobiLink:Remote:SqlFile', 'sqlFiles[0]'],
    [{ sqlFiles: [SQL, SQL] }, 'MobiLink:Remote:SqlFileTwice', 'sqlFiles[1]'],
    [{ triggers: [inside] }, 'MobiLink:Remote:Outcomes', 'outcomes'],
    [{ triggers: [inside, inside] }, 'MobiLink:InsideSchedule:NameTwice', 'triggers[1].name'],
    [{ timeLimit: Duration.seconds(10) }, 'MobiLink:Remote:TimeLimit', 'timeLimit'],
    [{ firstTimeLimit: Duration.hours(1) }, 'MobiLink:Remote:FirstTimeLimitShort', 'firstTimeLimit'],
    [{ setUpTimeout: Duration.days(3) }, 'MobiLink:Remote:SetUpTimeout', 'setUpTimeout'],
    [{ asynchronousReason: 'x' }, 'MobiLink:Remote:NeedlessReason', 'asynchronousReason'],
    [{ noHighAvailabilityReason: 'x' }, 'MobiLink:Remote:NeedlessReason', 'noHighAvailabilityReason'],
    [
      { mobiLinkServers: MobiLinkServerAddress.of(MobiLinkProtocol.TCPIP, 'a b', 0, { trustedCertificate: 'x' }) },
      'MobiLink:Remote:ServerHost',
      'mobiLinkServers.host',
    ],
  ])('%j', (props, id, prop) => {
    expect(messages(props)).toContain(`[${id}] ${prop}: `);
  });

  it('everything at once', () => {
    expect(messages({ group: '', profile: '', sqlFiles: [], timeLimit: Duration.seconds(1) })).toContain(
      "RemoteDatabase 'Test/Remote' has 4 problems:",
    );
  });

  it('a schedule of another group, and one of another registry', () => {
    const of = store();
    const { dispatcher } = syncs({ registry: of.registry }, of.stack);
    const ships = SyncTrigger.lambda(schedule({ stack: of.stack, dispatcher }, { groups: ['ships'] }));
    expect(messages({ triggers: [ships] }, of)).toContain(
      "[MobiLink:Remote:TriggerGroup] triggers[0]: must be a schedule of the group 'stores'",
    );
    const registry = new RemoteRegistry(of.stack, 'OtherRegistry');
    expect(
      messages(
        { triggers: [SyncTrigger.lambda(schedule({ stack: of.stack, dispatcher }, {}, 'Second'))], registry },
        of,
        'Other',
      ),
    ).toContain('[MobiLink:Remote:TriggerRegistry] triggers[0]');
  });

  it('an asynchronous mirror without a reason of its own', () => {
    const pair = { synchronizationMode: SynchronizationMode.asynchronous('far away') };
    expect(messages({}, store({ pair }))).toContain('[MobiLink:Remote:Asynchronous] asynchronousReason');
    expect(messages({ asynchronousReason: ' ' }, store({ pair }))).toContain('[MobiLink:Remote:Asynchronous]');
    expect(messages({ asynchronousReason: 'tests only' }, store({ pair }))).toBe('');
  });

  it('logs that are kept for less long than the backups of the consolidated database', () => {
    const consolidated = (of: Store) =>
      new ConsolidatedRdsInstance(of.stack, 'Consolidated', { vpc: of.vpc, backupRetention: Duration.days(35) });
    const short = store({ pair: { backupRetention: Duration.days(7), offlineLogRetention: Duration.days(34) } });
    expect(messages({ synchronizesWith: consolidated(short) }, short)).toContain(
      "[MobiLink:Remote:LogRetention] database.offlineLogRetention: must be at least as long as the consolidated database's backups (35 days)",
    );
    const enough = store({ pair: { backupRetention: Duration.days(7), offlineLogRetention: Duration.days(35) } });
    expect(messages({ synchronizesWith: consolidated(enough) }, enough)).toBe('');
  });

  describe('a single server at both ends', () => {
    const single = (of: Store): IConsolidatedDatabase =>
      new ConsolidatedSqlAnywhere(of.stack, 'Consolidated', {
        database: new SqlAnywhereServer(of.stack, 'Central', {
          vpc: of.vpc,
          machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
          software: SqlAnywhereSoftware.inMachineImage(),
        }),
      });
    const roomy = { backupRetention: Duration.days(35) };

    it('unless a reason is given', () => {
      const of = store({ single: true });
      const consolidated = single(of);
      expect(messages({ synchronizesWith: consolidated }, of)).toContain(
        '[MobiLink:Remote:NoHighAvailability] noHighAvailabilityReason',
      );
      expect(messages({ synchronizesWith: consolidated, noHighAvailabilityReason: 'a trial' }, of, 'Other')).toBe('');
    });

    it.each([
      ['a mirrored remote', () => store({ pair: roomy }), single],
      [
        'an RDS instance',
        () => store({ single: true }),
        (of: Store) => new ConsolidatedRdsInstance(of.stack, 'Consolidated', { vpc: of.vpc }),
      ],
    ])('but not with %s', (_what, make, consolidated) => {
      const of = make();
      expect(messages({ synchronizesWith: consolidated(of) }, of)).toBe('');
    });
  });
});
