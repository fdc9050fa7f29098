import { App, CfnParameter, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedDatabase,
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  type ConsolidatedRdsInstanceProps,
  MobiLinkEngine,
  PrimaryTracker,
} from '../../lib';

function build(props: Partial<ConsolidatedRdsInstanceProps> = {}) {
  const stack = new Stack(new App(), 'Test');
  const vpc = new ec2.Vpc(stack, 'Vpc');
  const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, ...props });
  return { stack, database, template: Template.fromStack(stack) };
}

describe('a consolidated database with nothing but a VPC', () => {
  const { stack, database, template } = build();

  it('is Multi-AZ, encrypted, protected, backed up and private', () => {
    template.hasResource('AWS::RDS::DBInstance', {
      Properties: {
        Engine: 'mysql',
        EngineVersion: '8.4.8',
        MultiAZ: true,
        StorageEncrypted: true,
        DeletionProtection: true,
        BackupRetentionPeriod: 14,
        DeleteAutomatedBackups: false,
        CopyTagsToSnapshot: true,
        PubliclyAccessible: false,
        EnableCloudwatchLogsExports: ['error', 'slowquery'],
        DBInstanceIdentifier: Match.absent(),
        AvailabilityZone: Match.absent(),
      },
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
    });
  });

  it('sets what MobiLink needs in the parameter group, and only parameters that RDS for MySQL 8.4 knows', () => {
    const [group] = Object.values(template.findResources('AWS::RDS::DBParameterGroup'));
    expect(group?.Properties).toMatchObject({
      Family: 'mysql8.4',
      Parameters: {
        log_bin_trust_function_creators: '1',
        max_connections: '500',
        require_secure_transport: '1',
        wait_timeout: '600',
      },
    });
    // Names by the RDS User Guide's list of parameters for MySQL: no gate knows them, and a wrong one fails at deployment.
    const known = ['log_bin_trust_function_creators', 'max_connections', 'require_secure_transport', 'wait_timeout'];
    expect(Object.keys(group?.Properties.Parameters)).toEqual(expect.arrayContaining(known));
    expect(Object.keys(group?.Properties.Parameters)).toHaveLength(known.length);
  });

  it('keeps the login of MobiLink apart from the administrator, each attached to the instance', () => {
    const users = Object.values(template.findResources('AWS::SecretsManager::Secret')).map(
      (secret) => JSON.parse(secret.Properties.GenerateSecretString.SecretStringTemplate).username,
    );
    expect(users.sort()).toEqual(['admin', 'mobilink']);
    template.resourceCountIs('AWS::SecretsManager::SecretTargetAttachment', 2);
  });

  it('lets nobody in until a farm is connected', () => {
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    for (const group of Object.values(template.findResources('AWS::EC2::SecurityGroup'))) {
      expect(group.Properties.SecurityGroupIngress).toBeUndefined();
    }
  });

  it('tells the farm how to reach it, without user and password', () => {
    expect(stack.resolve(database.odbc.render())).toEqual({
      SERVER: { 'Fn::GetAtt': [expect.stringContaining('ConsolidatedInstance'), 'Endpoint.Address'] },
      PORT: '3306',
      DATABASE: 'mobilink',
      SSLMODE: 'VERIFY_IDENTITY',
    });
    expect(database.engine).toBe(MobiLinkEngine.MYSQL);
    expect(database.maximumConnections).toBe(500);
    expect(database.reservedConnections).toBe(20);
    expect(database.databaseId).toMatch(/^Test-Consolidated-[0-9A-F]{8}$/);
  });
});

describe('what a user may change', () => {
  it('a key of the customer goes to storage and both secrets', () => {
    const stack = new Stack(new App(), 'Test');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const key = new kms.Key(stack, 'Key');
    new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, encryptionKey: key });
    const template = Template.fromStack(stack);
    const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.hasResourceProperties('AWS::RDS::DBInstance', { KmsKeyId: arn });
    expect(
      Object.keys(
        template.findResources('AWS::SecretsManager::Secret', { Properties: { KmsKeyId: Match.anyValue() } }),
      ),
    ).toHaveLength(2);
  });

  it('a reason makes it single-AZ or deletable', () => {
    const { template } = build({
      singleAzReason: 'a trial',
      deletableReason: 'a trial',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    template.hasResource('AWS::RDS::DBInstance', {
      Properties: { MultiAZ: false, DeletionProtection: false },
      DeletionPolicy: 'Delete',
    });
  });

  it('a port, in the instance, the data source and the connections', () => {
    const { stack, database, template } = build({ port: 13306 });
    template.hasResourceProperties('AWS::RDS::DBInstance', { Port: '13306' });
    expect(stack.resolve(database.odbc.render()).PORT).toBe('13306');
    expect(database.connections.defaultPort?.toString()).toBe('13306');
  });

  it('parameters of their own', () => {
    const { template } = build({
      engine: ConsolidatedRdsEngine.mysql({ parameters: { innodb_lock_wait_timeout: '20' } }),
    });
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Parameters: Match.objectLike({ innodb_lock_wait_timeout: '20', max_connections: '500' }),
    });
  });
});

describe('what is refused', () => {
  const cases: [string, Partial<ConsolidatedRdsInstanceProps>, string][] = [
    ['no backups', { backupRetention: Duration.days(0) }, 'MobiLink:Consolidated:BackupRetention'],
    ['backups beyond RDS', { backupRetention: Duration.days(36) }, 'MobiLink:Consolidated:BackupRetention'],
    ['an empty reason', { singleAzReason: ' ' }, 'MobiLink:Consolidated:Reason'],
    ['a port below those of RDS', { port: 22 }, 'MobiLink:Consolidated:Port'],
    ['a port that is a token', { port: Token.asNumber({ Ref: 'Port' }) }, 'MobiLink:Consolidated:Port'],
    ['a schema with a hyphen', { databaseName: 'my-db' }, 'MobiLink:Consolidated:DatabaseName'],
    ['the administrator as MobiLink user', { mobiLinkUser: 'Admin' }, 'MobiLink:Consolidated:MobiLinkUser'],
    ['too little storage', { allocatedStorage: 10 }, 'MobiLink:Consolidated:AllocatedStorage'],
    [
      'no room to grow',
      { allocatedStorage: 100, maxAllocatedStorage: 100 },
      'MobiLink:Consolidated:MaxAllocatedStorage',
    ],
    [
      'a ceiling that RDS does not sell',
      { allocatedStorage: 60_000, maxAllocatedStorage: 66_000 },
      'MobiLink:Consolidated:MaxAllocatedStorage',
    ],
    [
      'no ceiling of a storage that nobody knows',
      { allocatedStorage: Token.asNumber({ Ref: 'Storage' }) },
      'MobiLink:Consolidated:MaxAllocatedStorage',
    ],
    ['a port that is no whole number', { port: 3306.5 }, 'MobiLink:Consolidated:Port'],
    ['a schema that begins with an underscore', { databaseName: '_mobilink' }, 'MobiLink:Consolidated:DatabaseName'],
    ['more reserved than there are', { reservedConnections: 500 }, 'MobiLink:Consolidated:ReservedConnections'],
    [
      'a version that is not full',
      { engine: ConsolidatedRdsEngine.mysql({ version: rds.MysqlEngineVersion.of('8.4', '8.4') }) },
      'MobiLink:Consolidated:EngineVersion',
    ],
    [
      'too few connections',
      { engine: ConsolidatedRdsEngine.mysql({ maximumConnections: 10 }) },
      'MobiLink:Consolidated:MaximumConnections',
    ],
    [
      'a hasty dead-peer time',
      { engine: ConsolidatedRdsEngine.mysql({ deadPeerSeconds: 5 }) },
      'MobiLink:Consolidated:DeadPeer',
    ],
    [
      'a parameter that is ours',
      { engine: ConsolidatedRdsEngine.mysql({ parameters: { max_connections: '9' } }) },
      'MobiLink:Consolidated:OwnedParameter',
    ],
    [
      'a parameter that cannot be one',
      { engine: ConsolidatedRdsEngine.mysql({ parameters: { 'max-connections': '9' } }) },
      'MobiLink:Consolidated:ParameterName',
    ],
  ];
  it.each(cases)('%s', (_what, props, id) => {
    expect(() => build(props)).toThrow(id);
  });

  it('subnets in one zone', () => {
    const stack = new Stack(new App(), 'Test');
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1 });
    expect(() => new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc })).toThrow(
      'MobiLink:Consolidated:AvailabilityZones',
    );
  });

  it.each([
    [{}, 500],
    [{ allocatedStorage: 20_000 }, 65_536],
    [{ allocatedStorage: 65_536 }, undefined],
    [{ allocatedStorage: 100, maxAllocatedStorage: 110 }, 110],
  ])('but a ceiling that RDS accepts: %o', (props, ceiling) => {
    const [instance] = Object.values(build(props).template.findResources('AWS::RDS::DBInstance'));
    expect(instance?.Properties.MaxAllocatedStorage).toBe(ceiling);
  });

  it('says everything that is wrong at once, with prop, value and fix', () => {
    expect(() => build({ port: 1, databaseName: 'my-db', allocatedStorage: 1 })).toThrow(
      /3 problems:[\s\S]*port:.*got 1\. Fix:[\s\S]*databaseName:.*got 'my-db'\. Fix:[\s\S]*allocatedStorage:.*got 1\. Fix:/,
    );
  });

  it('creates nothing when it refuses', () => {
    const stack = new Stack(new App(), 'Test');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    expect(() => new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, allocatedStorage: 1 })).toThrow();
    expect(stack.node.findChild('Consolidated').node.children).toEqual([]);
  });

  it('but not what only CloudFormation can know', () => {
    const stack = new Stack(new App(), 'Test');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const number = (id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const text = (id: string) => new CfnParameter(stack, id).valueAsString;
    new ConsolidatedRdsInstance(stack, 'Consolidated', {
      vpc,
      databaseName: text('Name'),
      mobiLinkUser: text('User'),
      allocatedStorage: number('Storage'),
      maxAllocatedStorage: number('Ceiling'),
      backupRetention: Duration.days(number('Days')),
    });
    Template.fromStack(stack).hasResourceProperties('AWS::RDS::DBInstance', { BackupRetentionPeriod: { Ref: 'Days' } });
  });
});

describe('a database that exists already', () => {
  const instanceOf = (stack: Stack) =>
    rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Imported', {
      instanceIdentifier: 'erp',
      instanceEndpointAddress: 'erp.abc.eu-central-1.rds.amazonaws.com',
      port: 3306,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678')],
    });

  it('is used and not owned', () => {
    const stack = new Stack(new App(), 'Test');
    const database = ConsolidatedDatabase.fromRdsInstance(stack, 'Consolidated', {
      instance: instanceOf(stack),
      databaseName: 'erp',
      mobiLinkLogin: new rds.DatabaseSecret(stack, 'Login', { username: 'mobilink' }),
      maximumConnections: 300,
    });
    expect(stack.resolve(database.odbc.render())).toMatchObject({ SERVER: 'erp.abc.eu-central-1.rds.amazonaws.com' });
    expect(stack.resolve(database.primarySource.render())).toMatchObject({
      kind: 'rds-instance',
      instanceIdentifier: 'erp',
    });
    Template.fromStack(stack).resourceCountIs('AWS::RDS::DBInstance', 0);
  });

  it('is named as RDS names it, or no event and no permission would match', () => {
    const stack = new Stack(new App(), 'Test');
    const instance = rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Imported', {
      instanceIdentifier: 'ERP',
      instanceEndpointAddress: 'erp.abc.eu-central-1.rds.amazonaws.com',
      port: 3306,
      securityGroups: [],
    });
    const mobiLinkLogin = new rds.DatabaseSecret(stack, 'Login', { username: 'mobilink' });
    expect(() =>
      ConsolidatedDatabase.fromRdsInstance(stack, 'Erp', { instance, databaseName: 'erp', mobiLinkLogin }),
    ).toThrow('MobiLink:Consolidated:InstanceIdentifier');
  });

  it.each([
    [{ port: Token.asNumber({ Ref: 'Port' }) }, 'MobiLink:Consolidated:PortUnknown'],
    [{ port: 0 }, 'MobiLink:Consolidated:Port'],
    [{ maximumConnections: 20 }, 'MobiLink:Consolidated:MaximumConnections'],
    [{ databaseName: ' ' }, 'MobiLink:Consolidated:DatabaseName'],
  ])('refuses %o', (props, id) => {
    const stack = new Stack(new App(), 'Test');
    expect(() =>
      ConsolidatedDatabase.fromRdsInstance(stack, 'Consolidated', {
        instance: instanceOf(stack),
        databaseName: 'erp',
        mobiLinkLogin: new rds.DatabaseSecret(stack, 'Login', { username: 'mobilink' }),
        ...props,
      }),
    ).toThrow(id);
  });
});

describe('a cluster that exists already', () => {
  const clusterOf = (stack: Stack, more: Partial<rds.DatabaseClusterAttributes> = {}) =>
    rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Imported', {
      clusterIdentifier: 'erp',
      clusterEndpointAddress: 'erp.cluster-abc.eu-central-1.rds.amazonaws.com',
      port: 3306,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678')],
      ...more,
    });
  const existing = (more: Partial<rds.DatabaseClusterAttributes> = {}) => {
    const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
    const mobiLinkLogin = new rds.DatabaseSecret(stack, 'Login', { username: 'mobilink' });
    const cluster = clusterOf(stack, more);
    const database = ConsolidatedDatabase.fromRdsCluster(stack, 'Erp', { cluster, databaseName: 'erp', mobiLinkLogin });
    return { stack, database };
  };

  it('is used by the address of its writer, tracked, and not owned', () => {
    const { stack, database } = existing();
    new PrimaryTracker(stack, 'Tracker', { database });
    expect(stack.resolve(database.odbc.render())).toMatchObject({
      SERVER: 'erp.cluster-abc.eu-central-1.rds.amazonaws.com',
    });
    expect(database.isHighlyAvailable).toBe(true);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::RDS::DBCluster', 0);
    const arn = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':rds:eu-central-1:111111111111:cluster:erp']] };
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ 'detail-type': ['RDS DB Cluster Event'], resources: [arn] }),
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([Match.objectLike({ Action: 'rds:DescribeDBClusters', Resource: arn })]),
      }),
    });
  });

  it.each<[Partial<rds.DatabaseClusterAttributes>, string]>([
    [{ clusterIdentifier: 'ERP' }, 'MobiLink:Consolidated:InstanceIdentifier'],
    [{ clusterEndpointAddress: undefined }, 'MobiLink:Consolidated:ClusterEndpoint'],
    [
      { engine: rds.DatabaseClusterEngine.auroraMysql({ version: rds.AuroraMysqlEngineVersion.VER_3_08_0 }) },
      'MobiLink:Consolidated:Aurora',
    ],
  ])('refuses %o', (more, id) => {
    expect(() => existing(more)).toThrow(id);
  });
});
