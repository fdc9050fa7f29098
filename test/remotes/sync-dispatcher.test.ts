import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import * as collect from '../../lambda/collect-syncs/environment';
import * as dispatch from '../../lambda/dispatch-syncs/environment';
import { RemoteRegistry, type SyncDispatcherProps } from '../../lib';
import { environmentOf, functionsOf, schedule, statementsOf, syncs, templateOf, tracker } from './syncs-fixture';

describe('the dispatcher of syncs', () => {
  const stack = new Stack(new App(), 'Test');
  const watcher = tracker(stack);
  const registry = new RemoteRegistry(stack, 'Registry', { shards: 16 });
  const { dispatcher } = syncs({ registry, tracker: watcher, deliveryTimeout: Duration.minutes(2) }, stack);
  const template = Template.fromStack(stack);
  const arn = (service: string, resource: string, resourceName: string) =>
    stack.resolve(stack.formatArn({ service, resource, resourceName }));

  it('tells its functions what they ask for, by their own reading', () => {
    const environment = dispatch.readEnvironment(environmentOf(functionsOf(template).dispatch));
    expect(environment).toMatchObject({ shards: 16, deliveryTimeoutSeconds: 120, metricNamespace: 'MobiLinkHA' });
    expect(environment.primary).toEqual({
      table: JSON.stringify(stack.resolve(watcher.table.tableName)),
      databaseId: watcher.databaseId,
    });
    expect(collect.readEnvironment(environmentOf(functionsOf(template).collect))).toMatchObject({
      eventBus: 'default',
    });
  });

  it('lets the function that commands do what it does, and nothing else', () => {
    const sorted = statementsOf(template, 'DispatcherDispatchSyncsRole');
    const runs = stack.resolve(dispatcher.runs.tableArn);
    const queues = [dispatcher.dispatchQueue.queueArn, dispatcher.collectQueue.queueArn].map((it) => stack.resolve(it));
    expect(sorted).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queues },
      { Effect: 'Allow', Action: 'dynamodb:Query', Resource: stack.resolve(registry.table.tableArn) },
      { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], Resource: runs },
      {
        Effect: 'Allow',
        Action: 'dynamodb:GetItem',
        Resource: stack.resolve(watcher.table.tableArn),
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [watcher.databaseId] } },
      },
      { Effect: 'Allow', Action: 'ssm:SendCommand', Resource: stack.resolve(dispatcher.syncDocument.documentArn) },
      {
        Effect: 'Allow',
        Action: 'ssm:SendCommand',
        Resource: [arn('ec2', 'instance', '*'), arn('ssm', 'managed-instance', '*')],
        Condition: { StringEquals: { 'ssm:resourceTag/mobilink-ha:system': 'Test' } },
      },
      { Effect: 'Allow', Action: 'ssm:ListCommands', Resource: '*' },
      {
        Effect: 'Allow',
        Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        Resource: queues[0],
      },
    ]);
  });

  it('lets the function that collects do what it does, and nothing else', () => {
    const queues = [dispatcher.dispatchQueue.queueArn, dispatcher.collectQueue.queueArn].map((it) => stack.resolve(it));
    expect(statementsOf(template, 'DispatcherCollectSyncsRole')).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queues },
      { Effect: 'Allow', Action: 'dynamodb:UpdateItem', Resource: stack.resolve(registry.table.tableArn) },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
        Resource: stack.resolve(dispatcher.runs.tableArn),
      },
      { Effect: 'Allow', Action: ['ssm:ListCommandInvocations', 'ssm:ListCommands'], Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: arn('events', 'event-bus', 'default'),
        Condition: { 'ForAllValues:StringEquals': { 'events:source': ['mobilink-ha'] } },
      },
      {
        Effect: 'Allow',
        Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        Resource: queues[1],
      },
    ]);
  });

  it('lets schedules of this account send to the one queue, and to its dead letters by that queue’s word', () => {
    expect(statementsOf(template, 'DispatcherScheduleRole')).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: stack.resolve(dispatcher.dispatchQueue.queueArn) },
    ]);
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: Match.stringLikeRegexp('^DispatcherDispatchDeadLetters') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Principal: { AWS: stack.resolve(dispatcher.scheduleRole.roleArn) },
            Resource: stack.resolve(dispatcher.dispatchDeadLetterQueue.queueArn),
          },
        ]),
      },
    });
  });

  it('keeps messages encrypted, takes them over TLS only, and long enough to be looked at', () => {
    const queues = Object.values(template.findResources('AWS::SQS::Queue')).map((it) => it.Properties);
    expect(queues).toHaveLength(4);
    for (const queue of queues) expect(queue).toMatchObject({ SqsManagedSseEnabled: true });
    const [work, dead] = [queues.filter((it) => it.RedrivePolicy), queues.filter((it) => !it.RedrivePolicy)];
    expect(work.map((it) => [it.VisibilityTimeout, it.RedrivePolicy.maxReceiveCount])).toEqual([
      [360, 10],
      [360, 10],
    ]);
    for (const queue of dead) expect(queue.MessageRetentionPeriod).toBe(14 * 86_400);
    const denied = Object.values(template.findResources('AWS::SQS::QueuePolicy')).filter((it) =>
      JSON.stringify(it).includes('{"aws:SecureTransport":"false"}'),
    );
    expect(denied).toHaveLength(4);
  });

  it('alarms as soon as there is one dead letter, in either queue', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map((it) => it.Properties);
    expect(alarms.map((it) => it.Dimensions[0].Value)).toEqual(
      [dispatcher.dispatchDeadLetterQueue, dispatcher.collectDeadLetterQueue].map((it) => stack.resolve(it.queueName)),
    );
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 1,
      });
    }
    expect(dispatcher.alarms).toHaveLength(2);
  });

  it('reads one message at a time, and no queue’s visibility ends before its function', () => {
    for (const [MaximumConcurrency, queue] of [
      [5, dispatcher.dispatchQueue],
      [10, dispatcher.collectQueue],
    ] as const) {
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        BatchSize: 1,
        ScalingConfig: { MaximumConcurrency },
        EventSourceArn: stack.resolve(queue.queueArn),
      });
    }
    const { dispatch: commands, collect: collects } = functionsOf(template);
    for (const it of [commands, collects]) expect(6 * it.Timeout).toBeLessThanOrEqual(360);
    expect([commands.MemorySize, collects.MemorySize]).toEqual([256, 512]);
  });

  it('forgets runs by itself', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        KeySchema: [
          { AttributeName: 'runId', KeyType: 'HASH' },
          { AttributeName: 'item', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        SSESpecification: { SSEEnabled: true },
      },
      DeletionPolicy: 'Delete',
    });
  });
});

describe('a dispatcher as its user wants it', () => {
  it('holds nothing back without a tracker', () => {
    const template = templateOf(syncs());
    expect(dispatch.readEnvironment(environmentOf(functionsOf(template).dispatch)).primary).toBeUndefined();
    expect(JSON.stringify(statementsOf(template, 'DispatcherDispatchSyncsRole'))).not.toContain('LeadingKeys');
  });

  it('commands hosts of another tag, as many at a time as asked for', () => {
    const template = templateOf(
      syncs({ hostTagKey: 'team', hostTagValue: 'sync', maxConcurrentDispatches: 2, maxConcurrentCollects: 1000 }),
    );
    expect(statementsOf(template, 'DispatcherDispatchSyncsRole')).toContainEqual(
      expect.objectContaining({ Condition: { StringEquals: { 'ssm:resourceTag/team': 'sync' } } }),
    );
    for (const MaximumConcurrency of [2, 1000]) {
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency } });
    }
  });

  it('decrypts with every key of the customer that it meets', () => {
    const stack = new Stack(new App(), 'Test');
    const encryptionKey = new kms.Key(stack, 'RegistryKey');
    const runsEncryptionKey = new kms.Key(stack, 'RunsKey');
    const it = syncs({ registry: new RemoteRegistry(stack, 'Registry', { encryptionKey }), runsEncryptionKey }, stack);
    const reader = new iam.Role(stack, 'Reader', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    it.dispatcher.grantReadRuns(reader);
    const template = templateOf(it);
    const keys = (role: string) =>
      statementsOf(template, role)
        .filter(({ Action }) => Action === 'kms:Decrypt')
        .flatMap(({ Resource }) => Resource);
    const both = [encryptionKey, runsEncryptionKey].map((key) => stack.resolve(key.keyArn));
    expect(keys('DispatcherDispatchSyncsRole')).toEqual(both);
    expect(keys('DispatcherCollectSyncsRole')).toEqual(both);
    expect(keys('Reader')).toEqual([both[1]]);
  });

  it('stands in another stack than its registry and its key, which know nothing of it', () => {
    const app = new App();
    const stateful = new Stack(app, 'Stateful');
    const stateless = new Stack(app, 'Stateless');
    const registry = new RemoteRegistry(stateful, 'Registry', { encryptionKey: new kms.Key(stateful, 'Key') });
    schedule(syncs({ registry }, stateless));
    expect(app.synth().stacks).toHaveLength(2);
    expect(stateful.dependencies).toEqual([]);
    expect(stateless.dependencies).toEqual([stateful]);
  });

  it('takes what only CloudFormation knows', () => {
    const stack = new Stack(new App(), 'Test');
    const number = (id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const registry = new RemoteRegistry(stack, 'Registry', { shards: number('Shards') });
    const hostTagValue = new CfnParameter(stack, 'Tag').valueAsString;
    const deliveryTimeout = Duration.seconds(number('Delivery'));
    const template = templateOf(syncs({ registry, hostTagValue, deliveryTimeout }, stack));
    expect(environmentOf(functionsOf(template).dispatch)).toMatchObject({
      MOBILINK_REGISTRY_SHARDS: '{"Ref":"Shards"}',
      MOBILINK_DELIVERY_TIMEOUT: '{"Ref":"Delivery"}',
    });
  });

  const wrong: [id: string, props: Partial<SyncDispatcherProps>][] = [
    ['HostTagKey', { hostTagKey: 'aws:name' }],
    ['HostTagKey', { hostTagKey: '' }],
    ['HostTagValue', { hostTagValue: '*' }],
    ['DeliveryTimeout', { deliveryTimeout: Duration.seconds(29) }],
    ['MaxConcurrentDispatches', { maxConcurrentDispatches: 1 }],
    ['MaxConcurrentCollects', { maxConcurrentCollects: 1001 }],
  ];
  it.each(wrong)('refuses a wrong %s', (id, props) => {
    expect(() => syncs(props)).toThrow(new RegExp(`\\[MobiLink:Dispatcher:${id}\\] .*, got .*\\. Fix: `));
  });

  it('tells a target of the runs of all of its schedules, those added later too', () => {
    const it = syncs();
    it.dispatcher.onRunFinished('Tell', { target: new targets.SqsQueue(new sqs.Queue(it.stack, 'Other')) });
    const names = ['One', 'Two'].map((id) => schedule(it, {}, id).scheduleName);
    templateOf(it).hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['mobilink-ha'],
        'detail-type': ['MobiLink Sync Run Finished'],
        detail: { schedule: names },
      },
    });
  });

  it('refuses to tell of runs that nothing starts: EventBridge would refuse the rule', () => {
    const it = syncs();
    it.dispatcher.onRunFinished('Tell', { target: new targets.SqsQueue(new sqs.Queue(it.stack, 'Other')) });
    expect(() => templateOf(it)).toThrow(/MobiLink:Dispatcher:NoSchedule/);
  });
});
