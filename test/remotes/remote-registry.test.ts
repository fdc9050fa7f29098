import { App, CfnParameter, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { RemoteRegistry, type RemoteRegistryProps } from '../../lib';
import { statementsOf } from './syncs-fixture';

function build(props: (stack: Stack) => RemoteRegistryProps = () => ({})) {
  const stack = new Stack(new App(), 'Test');
  return { stack, registry: new RemoteRegistry(stack, 'Registry', props(stack)) };
}

function reader(stack: Stack) {
  return new iam.Role(stack, 'Reader', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
}

describe('the registry of remotes', () => {
  it('is a table that outlives it and can be set back', () => {
    Template.fromStack(build().stack).hasResource('AWS::DynamoDB::Table', {
      Properties: {
        KeySchema: [
          { AttributeName: 'groupShard', KeyType: 'HASH' },
          { AttributeName: 'remoteName', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        TableName: Match.absent(),
      },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  it('of a trial is deleted', () => {
    Template.fromStack(build(() => ({ removalPolicy: RemovalPolicy.DESTROY })).stack).hasResource(
      'AWS::DynamoDB::Table',
      { Properties: { DeletionProtectionEnabled: false }, DeletionPolicy: 'Delete' },
    );
  });

  it.each([0, 1025, 2.5])('refuses %s shards', (shards) => {
    expect(() => build(() => ({ shards }))).toThrow(/\[MobiLink:Registry:Shards\] shards: .* got/);
    const stack = new Stack(new App(), 'Test');
    const table = dynamodb.Table.fromTableName(stack, 'Table', 'remotes');
    expect(() => RemoteRegistry.fromTable(stack, 'Registry', { table, shards })).toThrow(/Registry:Shards/);
  });

  it('takes a number of shards that only CloudFormation knows', () => {
    expect(() =>
      build((stack) => ({ shards: new CfnParameter(stack, 'Shards', { type: 'Number' }).valueAsNumber })),
    ).not.toThrow();
  });

  it('lets a reader read, and who registers remotes write, each that and no more', () => {
    for (const [grant, actions] of [
      ['grantRead', ['dynamodb:GetItem', 'dynamodb:Query']],
      ['grantRegister', ['dynamodb:BatchWriteItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']],
    ] as const) {
      const { stack, registry } = build();
      registry[grant](reader(stack)).assertSuccess();
      expect(statementsOf(Template.fromStack(stack), 'Reader')).toEqual([
        { Effect: 'Allow', Action: actions, Resource: stack.resolve(registry.table.tableArn) },
      ]);
    }
  });

  it('under a key of the customer lets them decrypt by way of DynamoDB only', () => {
    const { stack, registry } = build((scope) => ({ encryptionKey: new kms.Key(scope, 'Key') }));
    registry.grantRead(reader(stack));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::DynamoDB::Table', { SSESpecification: { SSEType: 'KMS' } });
    expect(statementsOf(template, 'Reader')).toContainEqual({
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: stack.resolve(registry.encryptionKey?.keyArn),
      Condition: {
        StringEquals: {
          'kms:ViaService': { 'Fn::Join': ['', ['dynamodb.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
        },
      },
    });
  });

  it('that exists already grants the same', () => {
    const stack = new Stack(new App(), 'Test');
    const table = dynamodb.Table.fromTableName(stack, 'Table', 'remotes');
    const registry = RemoteRegistry.fromTable(stack, 'Registry', { table, shards: 8 });
    registry.grantRead(reader(stack));
    registry.grantRegister(reader(new Stack(stack, 'Other')));
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 0);
    expect(statementsOf(template, 'Reader').map(({ Resource }) => Resource)).toEqual([stack.resolve(table.tableArn)]);
  });
});
