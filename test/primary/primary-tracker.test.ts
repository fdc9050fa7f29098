import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { ConsolidatedRdsInstance, PrimaryTracker } from '../../lib';

function build(encrypted = false) {
  const stack = new Stack(new App(), 'Test');
  const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc: new ec2.Vpc(stack, 'Vpc') });
  const encryptionKey = encrypted ? new kms.Key(stack, 'Key') : undefined;
  const tracker = new PrimaryTracker(stack, 'Tracker', { database, encryptionKey });
  return { stack, database, tracker };
}

/** The statements of the tracker's own role. */
function statements(template: Template): { Action: string | string[]; Resource: unknown; Condition?: unknown }[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith('TrackerTrackPrimaryRole'))
    .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement);
}

describe('the primary tracker', () => {
  const { stack, database, tracker } = build();
  const template = Template.fromStack(stack);

  it('keeps one record a database in a table that outlives it', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        KeySchema: [{ AttributeName: 'databaseId', KeyType: 'HASH' }],
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        TableName: Match.absent(),
      },
      DeletionPolicy: 'Retain',
    });
  });

  it('is invoked asynchronously and never replayed', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      Qualifier: '$LATEST',
    });
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: Match.absent(),
      Target: Match.objectLike({
        Input: '{"kind":"tick","scheduledAt":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      }),
    });
  });

  it('hears the events of its own database, matched by ARN', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.rds'],
        'detail-type': ['RDS DB Instance Event'],
        resources: [stack.resolve(database.instance.instanceArn)],
      },
      Targets: [Match.objectLike({ RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } })],
    });
  });

  it('may call what it calls, on what it calls, and nothing else', () => {
    expect(statements(template)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: stack.resolve(tracker.logGroup.logGroupArn),
      },
      { Effect: 'Allow', Action: 'rds:DescribeDBInstances', Resource: stack.resolve(database.instance.instanceArn) },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: stack.resolve(tracker.table.tableArn),
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [database.databaseId] } },
      },
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: stack.resolve(stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })),
        Condition: { 'ForAllValues:StringEquals': { 'events:source': ['mobilink-ha'] } },
      },
    ]);
    expect(
      Object.values(
        template.findResources('AWS::IAM::Role', { Properties: { ManagedPolicyArns: Match.anyValue() } }),
      ).map((role) => role.Metadata),
    ).toHaveLength(1);
  });

  it('lets the schedule start this function only, and only this account assume its role', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ],
      },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] } },
        ],
      },
    });
  });

  it('writes to a log group of its own with a retention', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('primary'),
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 150,
      LoggingConfig: { LogGroup: { Ref: Match.stringLikeRegexp('^TrackerTrackPrimaryLogs') } },
      FunctionName: Match.absent(),
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });
});

describe('what others do with a tracker', () => {
  it('a target hears of a new primary of this database', () => {
    const { stack, database, tracker } = build();
    tracker.onPrimaryChanged('Tell', { target: new targets.SqsQueue(new sqs.Queue(stack, 'Queue')) });
    tracker.onFailoverStarted('Warn', { target: new targets.SqsQueue(new sqs.Queue(stack, 'Other')) });
    const template = Template.fromStack(stack);
    for (const detailType of ['MobiLink Primary Changed', 'MobiLink Failover Started']) {
      template.hasResourceProperties('AWS::Events::Rule', {
        EventPattern: {
          source: ['mobilink-ha'],
          'detail-type': [detailType],
          detail: { databaseId: [database.databaseId] },
        },
      });
    }
  });

  it('a reader reads the record, also under a key of the customer', () => {
    const { stack, tracker } = build(true);
    const role = new iam.Role(stack, 'Reader', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    tracker.grantRead(role);
    const template = Template.fromStack(stack);
    const [policy] = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) =>
      id.startsWith('Reader'),
    );
    const granted = policy?.[1].Properties.PolicyDocument.Statement.map((it: { Action: string }) => it.Action);
    expect(granted.sort()).toEqual(['dynamodb:GetItem', 'kms:Decrypt']);
    expect(statements(template).map((it) => it.Action)).toContain('kms:Decrypt');
  });

  it('a key for the table is none for the log, which CloudWatch Logs could not use without its policy', () => {
    const { stack } = build(true);
    Template.fromStack(stack).hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
    });
    for (const group of Object.values(Template.fromStack(stack).findResources('AWS::Logs::LogGroup'))) {
      expect(group.Properties.KmsKeyId).toBeUndefined();
    }
  });

  it('a trial deletes the table', () => {
    const stack = new Stack(new App(), 'Test');
    const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc: new ec2.Vpc(stack, 'Vpc') });
    new PrimaryTracker(stack, 'Tracker', { database, removalPolicy: RemovalPolicy.DESTROY });
    Template.fromStack(stack).hasResource('AWS::DynamoDB::Table', {
      Properties: { DeletionProtectionEnabled: false },
      DeletionPolicy: 'Delete',
    });
  });

  it('two trackers of two databases live in one stack', () => {
    const stack = new Stack(new App(), 'Test');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    for (const name of ['North', 'South']) {
      const database = new ConsolidatedRdsInstance(stack, name, { vpc });
      new PrimaryTracker(stack, `${name}Tracker`, { database });
    }
    Template.fromStack(stack).resourceCountIs('AWS::Scheduler::Schedule', 2);
  });
});
