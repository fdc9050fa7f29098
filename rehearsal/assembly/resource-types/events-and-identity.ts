import type { PhysicalResource, ResourceType } from '../physical-resource';

const ownId = (_: PhysicalResource, id: string) => id;
const ownArn = ownId;

const queueName = (it: PhysicalResource) => it.name('QueueName', 80);
const queueArn = (it: PhysicalResource) => it.arn('sqs', queueName(it));

const topicName = (it: PhysicalResource) => it.name('TopicName', 256);

/** `Ref` of a rule on a bus other than the default one is `BUS|RULE`. */
const ruleArn = (it: PhysicalResource, id: string) => it.arn('events', `rule/${id.replace('|', '/')}`);

const busName = (bus: string | undefined) => bus?.split('/').at(-1) ?? 'default';

const logGroupArn = (it: PhysicalResource, id: string) => it.arn('logs', `log-group:${id}:*`);

/** IAM knows no Region. */
const iamArn = (it: PhysicalResource, kind: string, name: string) =>
  it.arn('iam', `${kind}${it.text('Path') ?? '/'}${name}`, { region: '' });

const iamId = (it: PhysicalResource, prefix: string) =>
  `${prefix}${it.letters(17, prefix, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`;

export const EVENTS_AND_IDENTITY: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': {
    // The SDK calls the host of the queue's URL and not the endpoint of its client, so the URL must lead to the stand-in.
    physicalId: (it) => {
      const { queueEndpoint, accountId } = it.environment;
      return `${queueEndpoint}/${accountId}/${queueName(it)}`;
    },
    arn: queueArn,
    attributes: { Arn: queueArn, QueueName: queueName, QueueUrl: ownId },
  },
  'AWS::SNS::Topic': {
    physicalId: (it) => it.arn('sns', topicName(it)),
    arn: ownArn,
    attributes: { TopicArn: ownArn, TopicName: topicName },
  },
  'AWS::SNS::Subscription': {
    physicalId: (it) => `${it.required('TopicArn')}:${it.uuid()}`,
    arn: ownArn,
    attributes: { Arn: ownArn },
  },
  'AWS::Events::EventBus': {
    physicalId: (it) => it.required('Name'),
    arn: (it, id) => it.arn('events', `event-bus/${id}`),
    attributes: { Arn: (it, id) => it.arn('events', `event-bus/${id}`), Name: ownId },
  },
  'AWS::Events::Rule': {
    physicalId: (it) => {
      const bus = busName(it.text('EventBusName'));
      return `${bus === 'default' ? '' : `${bus}|`}${it.name('Name', 64)}`;
    },
    arn: ruleArn,
    attributes: { Arn: ruleArn },
  },
  'AWS::Scheduler::ScheduleGroup': {
    physicalId: (it) => it.name('Name', 64),
    arn: (it, id) => it.arn('scheduler', `schedule-group/${id}`),
    attributes: { Arn: (it, id) => it.arn('scheduler', `schedule-group/${id}`) },
  },
  'AWS::Scheduler::Schedule': {
    physicalId: (it) => it.name('Name', 64),
    arn: (it, id) => it.arn('scheduler', `schedule/${it.text('GroupName') ?? 'default'}/${id}`),
    attributes: { Arn: (it, id) => it.arn('scheduler', `schedule/${it.text('GroupName') ?? 'default'}/${id}`) },
  },
  'AWS::Logs::LogGroup': {
    physicalId: (it) => it.name('LogGroupName', 512),
    arn: logGroupArn,
    attributes: { Arn: logGroupArn },
  },
  'AWS::CloudWatch::Alarm': {
    physicalId: (it) => it.name('AlarmName', 255),
    arn: (it, id) => it.arn('cloudwatch', `alarm:${id}`),
    attributes: { Arn: (it, id) => it.arn('cloudwatch', `alarm:${id}`) },
  },
  'AWS::CloudWatch::CompositeAlarm': {
    physicalId: (it) => it.name('AlarmName', 255),
    arn: (it, id) => it.arn('cloudwatch', `alarm:${id}`),
    attributes: { Arn: (it, id) => it.arn('cloudwatch', `alarm:${id}`) },
  },
  'AWS::CloudWatch::Dashboard': { physicalId: (it) => it.name('DashboardName', 255) },
  'AWS::StepFunctions::StateMachine': {
    physicalId: (it) => it.arn('states', `stateMachine:${it.name('StateMachineName', 80)}`),
    arn: ownArn,
    attributes: { Arn: ownArn, Name: (_, id) => id.split(':').at(-1) },
  },
  'AWS::IAM::Role': {
    physicalId: (it) => it.name('RoleName', 64),
    arn: (it, id) => iamArn(it, 'role', id),
    attributes: { Arn: (it, id) => iamArn(it, 'role', id), RoleId: (it) => iamId(it, 'AROA') },
  },
  'AWS::IAM::Policy': { physicalId: (it) => it.name('PolicyName', 128), attributes: { Id: ownId } },
  'AWS::IAM::ManagedPolicy': {
    physicalId: (it) => iamArn(it, 'policy', it.name('ManagedPolicyName', 128)),
    arn: ownArn,
    attributes: { PolicyArn: ownArn, PolicyId: (it) => iamId(it, 'ANPA') },
  },
  'AWS::IAM::InstanceProfile': {
    physicalId: (it) => it.name('InstanceProfileName', 128),
    arn: (it, id) => iamArn(it, 'instance-profile', id),
    attributes: { Arn: (it, id) => iamArn(it, 'instance-profile', id) },
  },
  'AWS::IAM::User': {
    physicalId: (it) => it.name('UserName', 64),
    arn: (it, id) => iamArn(it, 'user', id),
    attributes: {
      Arn: (it, id) => iamArn(it, 'user', id),
    },
  },
};
