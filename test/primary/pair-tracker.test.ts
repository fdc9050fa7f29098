import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../lambda/track-primary/environment';
import { readPairTrigger } from '../../lambda/track-primary/pair-trigger';
import { ConsolidatedRdsInstance, ConsolidatedSqlAnywhere, PrimaryTracker, type PrimaryTrackerProps } from '../../lib';
import { messageOf } from '../farm/farm-fixture';
import { ENVIRONMENT } from '../track-primary/invocations';
import { mirrored, pairOf, vpcOf } from './pair-fixture';

function build(props: Partial<PrimaryTrackerProps> = {}, two = false) {
  const land = mirrored();
  const stack = two
    ? new Stack(Stack.of(land.stack).node.root as App, 'Stateless', { env: { region: 'eu-central-1' } })
    : land.stack;
  const tracker = new PrimaryTracker(stack, 'Tracker', { database: land.database, vpc: land.vpc, ...props });
  return { ...land, stateful: land.stack, stack, tracker };
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

function policies(template: Template, prefix: string): Statement[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(prefix))
    .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement);
}

describe('the tracker of a mirrored pair', () => {
  const { stack, pair, database, tracker } = build();
  const template = Template.fromStack(stack);

  it('runs in the network of the pair, in a group of its own', () => {
    const subnets = template.findResources('AWS::EC2::Subnet', { Properties: { MapPublicIpOnLaunch: false } });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 150,
      VpcConfig: {
        SubnetIds: Object.keys(subnets).map((Ref) => ({ Ref })),
        SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^TrackerSecurityGroup'), 'GroupId'] }],
      },
      Environment: { Variables: Match.objectLike({ MOBILINK_DATABASE_ID: pair.databaseId }) },
    });
  });

  it.each([false, true])('is told of the pair in the form that its function reads (two stacks: %s)', (two) => {
    const land = build({}, two);
    const { MOBILINK_PRIMARY_SOURCE: told } = variablesOf(Template.fromStack(land.stack));
    expect(readEnvironment({ ...ENVIRONMENT, MOBILINK_PRIMARY_SOURCE: textOf(told) }).source).toEqual({
      kind: 'sql-anywhere',
      databaseId: land.pair.databaseId,
      members: land.pair.members,
      databasePort: 2638,
      rolePort: 8090,
      alias: { zoneId: 'token', name: 'primary.mobilink-ha.internal' },
    });
  });

  it('hears the event of its own pair', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['mobilink-ha'],
        'detail-type': ['MobiLink Mirror Failover'],
        detail: { databaseId: [pair.databaseId] },
      },
    });
    const { source, detailType, detail } = database.primarySource.eventPattern;
    const event = {
      source: source?.[0],
      'detail-type': detailType?.[0],
      detail: { databaseId: detail?.databaseId[0] },
    };
    expect(readPairTrigger(event, pair.databaseId)).toMatchObject({ kind: 'event' });
  });

  it('may call what it calls, on what it calls, and nothing else', () => {
    const account = {
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ec2:eu-central-1:', { Ref: 'AWS::AccountId' }, ':*/*']],
    };
    expect(policies(template, 'TrackerTrackPrimaryRole')).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: stack.resolve(tracker.logGroup.logGroupArn),
      },
      {
        Effect: 'Allow',
        Action: [
          'ec2:AssignPrivateIpAddresses',
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:UnassignPrivateIpAddresses',
        ],
        Resource: account,
      },
      { Effect: 'Allow', Action: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'route53:ChangeResourceRecordSets',
        Resource: stack.resolve(pair.zone.hostedZoneArn),
        Condition: {
          'ForAllValues:StringEquals': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['primary.mobilink-ha.internal'],
            'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
            'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
          },
        },
      },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: stack.resolve(tracker.table.tableArn),
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [pair.databaseId] } },
      },
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: stack.resolve(stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })),
        Condition: { 'ForAllValues:StringEquals': { 'events:source': ['mobilink-ha'] } },
      },
    ]);
  });

  it('keeps from its own code what only Lambda has to do with its role', () => {
    expect(policies(template, 'TrackerTrackPrimaryNoInterfacesByCode')).toEqual([
      {
        Effect: 'Deny',
        Action: [
          'ec2:AssignPrivateIpAddresses',
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:UnassignPrivateIpAddresses',
        ],
        Resource: '*',
        Condition: { ArnEquals: { 'lambda:SourceFunctionArn': stack.resolve(tracker.handler.functionArn) } },
      },
    ]);
  });

  it('has no managed policy, and its function waits for the policy that connects it', () => {
    const roles = template.findResources('AWS::IAM::Role', { Properties: { ManagedPolicyArns: Match.anyValue() } });
    expect(Object.keys(roles).filter((id) => id.startsWith('Tracker'))).toEqual([]);
    const [tracking] = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      (it) => it.Properties.VpcConfig,
    );
    const policy = Object.keys(template.findResources('AWS::IAM::Policy')).find((id) =>
      id.startsWith('TrackerTrackPrimaryRole'),
    );
    expect(tracking?.DependsOn).toContain(policy);
  });
});

/** The environment of the tracker's function. */
function variablesOf(template: Template): Record<string, unknown> {
  const [variables] = Object.values(template.findResources('AWS::Lambda::Function')).flatMap(
    (it) => it.Properties.Environment?.Variables ?? [],
  );
  return variables ?? {};
}

/** A text as CloudFormation joins it, each token as the same word. */
function textOf(value: unknown): string {
  const [, parts] = (value as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : 'token')).join('');
}

/** Rules between groups of the tracker and groups of the pair, wherever they stand. */
function rolePaths(template: Template): Record<string, unknown>[] {
  return [
    ...Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')),
    ...Object.values(template.findResources('AWS::EC2::SecurityGroupEgress')),
  ]
    .map(({ Properties }) => Properties)
    .filter(({ FromPort, ToPort }) => FromPort === 8090 && ToPort === 8090);
}

describe('the way to the role services', () => {
  it('is opened on both sides, from the tracker only', () => {
    const { stack } = build();
    const paths = rolePaths(Template.fromStack(stack));
    const groups = paths.map((it) => [it.GroupId, it.SourceSecurityGroupId ?? it.DestinationSecurityGroupId]);
    const group = (name: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${name}`), 'GroupId'] });
    expect(groups).toEqual([
      [group('PairNetworkPartners'), group('TrackerSecurityGroup')],
      [group('TrackerSecurityGroup'), group('PairNetworkPartners')],
    ]);
    const inline = Object.values(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroup'))
      .flatMap(({ Properties }) => Properties.SecurityGroupIngress ?? [])
      .filter(({ ToPort }) => ToPort === 8090);
    expect(inline).toEqual([]);
  });

  it('is written by the tracker’s stack, and the pair’s stack refers to nothing of it', () => {
    const { stateful, stack } = build({}, true);
    const [of, own] = [Template.fromStack(stateful), Template.fromStack(stack)];
    expect(rolePaths(own)).toHaveLength(2);
    expect(rolePaths(of)).toEqual([]);
    expect(stateful.dependencies).toEqual([]);
    expect(JSON.stringify(of)).not.toContain('Stateless');
  });

  it('is opened for given groups too', () => {
    const { stack, vpc, database } = mirrored();
    const given = new ec2.SecurityGroup(stack, 'Given', { vpc });
    const tracker = new PrimaryTracker(stack, 'Tracker', { database, vpc, securityGroups: [given] });
    const template = Template.fromStack(stack);
    expect(tracker.connections.securityGroups).toEqual([given]);
    expect(rolePaths(template)).toHaveLength(1);
    Annotations.fromStack(stack).hasNoWarning('/Stateful/Given', Match.anyValue());
  });
});

describe('the network of a tracker', () => {
  it('must be given for a pair, and is then needed for groups and subnets', () => {
    const { stack, database } = mirrored();
    expect(messageOf(() => new PrimaryTracker(stack, 'Tracker', { database }))).toContain('MobiLink:Tracker:Vpc');
    const rds = new ConsolidatedRdsInstance(stack, 'Rds', { vpc: vpcOf(new Stack(new App(), 'Other')) });
    const message = messageOf(
      () => new PrimaryTracker(stack, 'Another', { database: rds, vpcSubnets: {}, securityGroups: [] }),
    );
    expect(message.match(/MobiLink:Tracker:NoVpc/g)).toHaveLength(2);
  });

  it('may be isolated, with endpoints of its own', () => {
    const stack = new Stack(new App(), 'Test', { env: { region: 'eu-central-1' } });
    const vpc = new ec2.Vpc(stack, 'Isolated', {
      availabilityZones: ['a', 'b', 'c'].map((it) => `eu-central-1${it}`),
      subnetConfiguration: [
        { name: 'Hosts', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
        { name: 'Nat', subnetType: ec2.SubnetType.PUBLIC },
        { name: 'Tracker', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ],
    });
    const database = new ConsolidatedSqlAnywhere(stack, 'Consolidated', { database: pairOf(stack, vpc) });
    const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    new PrimaryTracker(stack, 'Tracker', { database, vpc, vpcSubnets }).addEndpoints();
    const template = Template.fromStack(stack);
    const isolated = stack.resolve(vpc.isolatedSubnets.map(({ subnetId }) => subnetId));
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      ServiceName: { 'Fn::Join': ['', Match.arrayWith(['.dynamodb'])] },
      RouteTableIds: stack.resolve(vpc.isolatedSubnets.map(({ routeTable }) => routeTable.routeTableId)),
    });
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Interface',
      PrivateDnsEnabled: true,
      ServiceName: 'com.amazonaws.eu-central-1.events',
      SubnetIds: isolated,
    });
    template.hasResourceProperties('AWS::Lambda::Function', { VpcConfig: Match.objectLike({ SubnetIds: isolated }) });
  });

  it('outside of any VPC has neither groups nor endpoints', () => {
    const stack = new Stack(new App(), 'Test');
    const database = new ConsolidatedRdsInstance(stack, 'Rds', { vpc: vpcOf(stack) });
    const tracker = new PrimaryTracker(stack, 'Tracker', { database });
    expect(tracker.connections.securityGroups).toEqual([]);
    expect(() => tracker.addEndpoints()).toThrow(/'Test\/Tracker' runs outside of any VPC/);
  });
});

it.each([false, true])('leaves nothing open in cdk-nag (two stacks: %s)', (two) => {
  const { stack, tracker } = build({}, two);
  (stack.node.root as App).synth();
  const { violations } = new AwsSolutionsChecks().validateScope(stack);
  const found = violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
  );
  expect(found.filter((it) => it.includes(tracker.node.path))).toEqual([]);
});
