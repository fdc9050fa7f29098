import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { ConsolidatedRdsCluster, type ConsolidatedRdsClusterProps, MobiLinkEngine, PrimaryTracker } from '../../lib';

const ZONES = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];

function build(props: Partial<ConsolidatedRdsClusterProps> = {}, zones = ZONES) {
  const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: zones });
  const database = new ConsolidatedRdsCluster(stack, 'Consolidated', { vpc, ...props });
  return { stack, vpc, database };
}

describe('a Multi-AZ DB cluster with nothing but a VPC', () => {
  const { stack, vpc, database } = build();
  new PrimaryTracker(stack, 'Tracker', { database });
  const template = Template.fromStack(stack);

  it('is of MySQL, encrypted, protected, backed up and private, with provisioned IOPS', () => {
    template.hasResource('AWS::RDS::DBCluster', {
      Properties: {
        Engine: 'mysql',
        EngineVersion: '8.4.8',
        DBClusterInstanceClass: 'db.m6gd.large',
        StorageType: 'gp3',
        AllocatedStorage: 100,
        Iops: 3000,
        StorageEncrypted: true,
        DeletionProtection: true,
        BackupRetentionPeriod: 14,
        CopyTagsToSnapshot: true,
        PubliclyAccessible: false,
        Port: 3306,
        DatabaseName: 'mobilink',
        DBClusterIdentifier: Match.absent(),
      },
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
    });
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Family: 'mysql8.4',
      Parameters: { log_bin_trust_function_creators: '1', max_connections: '500', require_secure_transport: '1' },
    });
  });

  it('holds no secret: user and password are read when it is deployed', () => {
    const [cluster] = Object.values(template.findResources('AWS::RDS::DBCluster'));
    expect(JSON.stringify(cluster?.Properties.MasterUserPassword)).toContain('{{resolve:secretsmanager:');
    const users = Object.values(template.findResources('AWS::SecretsManager::Secret')).map(
      (secret) => JSON.parse(secret.Properties.GenerateSecretString.SecretStringTemplate).username,
    );
    expect(users.sort()).toEqual(['admin', 'mobilink']);
    const attachments = Object.values(template.findResources('AWS::SecretsManager::SecretTargetAttachment'));
    expect(attachments.map(({ Properties }) => Properties.TargetType)).toEqual([
      'AWS::RDS::DBCluster',
      'AWS::RDS::DBCluster',
    ]);
  });

  it('lies in three Availability Zones', () => {
    const [group] = Object.values(template.findResources('AWS::RDS::DBSubnetGroup'));
    expect(group?.Properties.SubnetIds).toHaveLength(3);
    expect(vpc.availabilityZones).toHaveLength(3);
  });

  it('is reached by the endpoint of the cluster, which follows the writer', () => {
    expect(database.engine).toBe(MobiLinkEngine.MYSQL);
    expect(stack.resolve(database.odbc.render())).toMatchObject({
      SERVER: { 'Fn::GetAtt': [expect.stringContaining('ConsolidatedCluster'), 'Endpoint.Address'] },
      PORT: '3306',
      SSLMODE: 'VERIFY_IDENTITY',
    });
  });

  it('is tracked by its API and its events, matched by ARN; blue/green events are hints', () => {
    const arn = { 'Fn::GetAtt': [expect.stringContaining('ConsolidatedCluster'), 'DBClusterArn'] };
    const patterns = Object.values(template.findResources('AWS::Events::Rule')).map((it) => it.Properties.EventPattern);
    expect(patterns).toContainEqual({
      source: ['aws.rds'],
      'detail-type': ['RDS DB Cluster Event'],
      resources: [arn],
    });
    expect(patterns).toContainEqual({
      source: ['aws.rds'],
      'detail-type': ['RDS Blue Green Deployment Event'],
      detail: { EventID: expect.arrayContaining(['RDS-EVENT-0248', 'RDS-EVENT-0251']) },
    });
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      (it) => it.Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[],
    );
    const asks = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('rds:')));
    expect(asks).toEqual([expect.objectContaining({ Action: 'rds:DescribeDBClusters', Resource: arn })]);
  });

  it('rings when a reader lags', () => {
    const [alarm] = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    const metrics = (alarm?.Properties.Metrics ?? []) as { Expression?: string; MetricStat?: { Metric: unknown } }[];
    expect(alarm?.Properties).toMatchObject({ Threshold: 30, EvaluationPeriods: 5, TreatMissingData: 'notBreaching' });
    expect(metrics.find(({ Expression }) => Expression)?.Expression).toBe('MAX([member1, member2, member3])');
    expect(metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))).toEqual(
      [1, 2, 3].map((number) => ({
        Namespace: 'AWS/RDS',
        MetricName: 'ReplicaLag',
        Dimensions: [
          {
            Name: 'DBInstanceIdentifier',
            Value: {
              'Fn::Join': ['', [{ Ref: expect.stringContaining('ConsolidatedCluster') }, `-instance-${number}`]],
            },
          },
        ],
      })),
    );
  });
});

describe('a Multi-AZ DB cluster as the user wants it', () => {
  it('takes a key, a class, storage and a name', () => {
    const { stack } = build({
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.R6GD, ec2.InstanceSize.XLARGE2),
      allocatedStorage: 500,
      iops: 12_000,
      databaseName: 'stores',
      backupRetention: Duration.days(35),
      deletableReason: 'a test system',
    });
    Template.fromStack(stack).hasResourceProperties('AWS::RDS::DBCluster', {
      DBClusterInstanceClass: 'db.r6gd.2xlarge',
      AllocatedStorage: 500,
      Iops: 12_000,
      DatabaseName: 'stores',
      BackupRetentionPeriod: 35,
      DeletionProtection: false,
    });
  });

  it('encrypts storage and secrets with the key that is given', () => {
    const stack = new Stack(new App(), 'Test');
    const encryptionKey = new kms.Key(stack, 'Key');
    new ConsolidatedRdsCluster(stack, 'Consolidated', {
      vpc: new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'] }),
      encryptionKey,
    });
    const template = Template.fromStack(stack);
    const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.hasResourceProperties('AWS::RDS::DBCluster', { KmsKeyId: arn });
    template.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: arn });
  });

  it('leaves to CloudFormation what only CloudFormation knows', () => {
    const stack = new Stack(new App(), 'Test');
    const storage = new CfnParameter(stack, 'Storage', { type: 'Number', default: 400 });
    const database = new ConsolidatedRdsCluster(stack, 'Consolidated', {
      vpc: new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'] }),
      allocatedStorage: storage.valueAsNumber,
    });
    expect(stack.resolve(database.cluster.allocatedStorage)).toEqual({ Ref: 'Storage' });
  });

  it('is refused with all that is wrong at once', () => {
    const wrong = () =>
      build(
        {
          allocatedStorage: 20,
          iops: 500,
          instanceType: new ec2.InstanceType('m7g.large'),
          port: 80,
          backupRetention: Duration.days(40),
          replicaLagAlarm: Duration.seconds(0),
          replicaLagFor: Duration.seconds(90),
          deletableReason: ' ',
        },
        ZONES.slice(0, 2),
      );
    expect(wrong).toThrow(/'Test\/Consolidated' has 9 problems/);
    for (const words of [
      'at least three Availability Zones, one for the writer and one for each of the two readers, got 2',
      'allocatedStorage: must be a whole number from 100 to 65536',
      'iops: must be a whole number from 1000',
      "instanceType: must be of a class with a local disk; Multi-AZ DB clusters run on no other, got 'm7g.large'",
      'port: must be a whole number from 1150',
      'backupRetention: must be 1 to 35 whole days',
      'replicaLagAlarm: must be above zero',
      'replicaLagFor: must be a whole number of minutes',
      'deletableReason: must say why',
    ]) {
      expect(wrong).toThrow(words);
    }
  });

  it('takes no database of another stack for its own: it works across two stacks', () => {
    const app = new App();
    const env = { account: '111111111111', region: 'eu-central-1' };
    const data = new Stack(app, 'Data', { env });
    const database = new ConsolidatedRdsCluster(data, 'Consolidated', {
      vpc: new ec2.Vpc(data, 'Vpc', { availabilityZones: ZONES }),
    });
    const other = new Stack(app, 'Tracking', { env });
    new PrimaryTracker(other, 'Tracker', { database });
    expect(() => app.synth()).not.toThrow();
    expect(other.dependencies).toContain(data);
    expect(data.dependencies).toEqual([]);
  });
});
