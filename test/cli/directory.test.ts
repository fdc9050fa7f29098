import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { expect, it } from 'vitest';
import { DIRECTORY_OUTPUT, parseDirectory } from '../../cli/directory';
import {
  ConsolidatedRdsInstance,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  RemoteRegistry,
  SyncSchedule,
} from '../../lib';

const env = { account: '111111111111', region: 'eu-central-1' };

function build() {
  const app = new App();
  const stack = new Stack(app, 'Shop', { env });
  const vpc = new ec2.Vpc(stack, 'Vpc');
  const system = new MobiLinkSystem(stack, 'MobiLink', {
    vpc,
    registry: new RemoteRegistry(stack, 'Registry'),
    database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
  });
  system.addSyncSchedule('Hourly', { schedule: ScheduleExpression.rate(Duration.hours(1)), groups: ['stores'] });
  return { app, stack, system };
}

it('the command reads what the construct writes, schedules of later stacks too', () => {
  const { app, stack, system } = build();
  const later = new Stack(app, 'Later', { env });
  new SyncSchedule(later, 'Nightly', {
    dispatcher: system.dispatcher as never,
    schedule: ScheduleExpression.rate(Duration.hours(24)),
    groups: ['ships'],
    profile: 'night',
  });
  const template = Template.fromStack(stack);
  const [output] = Object.values(template.findOutputs('*')).filter(
    ({ Description }) => Description === DIRECTORY_OUTPUT,
  );
  const [[id, parameter] = ['', undefined]] = Object.entries(template.findResources('AWS::SSM::Parameter')).filter(
    ([name]) => name.includes('Directory'),
  );
  expect(output?.Value).toEqual({ Ref: id });
  const directory = parseDirectory(resolved(parameter?.Properties.Value));
  expect(directory).toMatchObject({
    farm: { cluster: expect.stringContaining('Cluster'), service: expect.stringContaining('Service') },
    primary: { databaseId: expect.stringMatching(/^Shop-Consolidated/) },
    syncs: {
      shards: 4,
      schedules: [
        { groups: ['stores'], hourGap: 1, attempts: 3 },
        { groups: ['ships'], profile: 'night' },
      ],
    },
  });
  expect(directory.syncs?.schedules[0]?.schedule).toContain('Hourly');
  expect(directory.syncs?.schedules[1]?.schedule).toBeUndefined();
  expect(resolved(parameter?.Properties.Value).length).toBeLessThan(4_096);
});

it('who may look may change nothing, and who may operate gets no more than the command does', () => {
  const { stack, system } = build();
  const looker = new iam.Role(stack, 'Looker', { assumedBy: new iam.AccountRootPrincipal() });
  const operator = new iam.Role(stack, 'Operator', { assumedBy: new iam.AccountRootPrincipal() });
  system.directory.grantLook(looker);
  system.directory.grantOperate(operator);
  const actionsOf = (name: string) =>
    Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith(name))
      .flatMap(([, { Properties }]) =>
        Properties.PolicyDocument.Statement.flatMap((it: { Action: string[] }) => it.Action),
      )
      .sort();
  expect(actionsOf('Looker')).toEqual([
    'cloudformation:DescribeStacks',
    'dynamodb:GetItem',
    'dynamodb:GetItem',
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:Query',
    'ecs:DescribeServices',
    'scheduler:GetSchedule',
    'sqs:GetQueueAttributes',
    'ssm:DescribeInstanceInformation',
    'ssm:GetParameter',
  ]);
  expect(actionsOf('Operator')).toEqual([
    'dynamodb:BatchWriteItem',
    'dynamodb:DeleteItem',
    'dynamodb:PutItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'sqs:SendMessage',
  ]);
});

function resolved(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    'Fn::Join': join,
    Ref,
    'Fn::GetAtt': att,
  } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string; 'Fn::GetAtt'?: string[] };
  return join ? join[1].map(resolved).join(join[0]) : (Ref ?? att?.join('.') ?? 'a-value');
}
