import type { PhysicalResource, ResourceType } from '../physical-resource';

const functionArn = (it: PhysicalResource, name: string) =>
  name.startsWith('arn:') ? name : it.arn('lambda', `function:${name}`);

/** `Ref` of these is the ARN. */
const ownArn = (_: PhysicalResource, id: string) => id;

const lastOfArn = (arn: string) => arn.split('/').at(-1) ?? arn;

export const COMPUTE: Readonly<Record<string, ResourceType>> = {
  'AWS::Lambda::Function': {
    physicalId: (it) => it.name('FunctionName', 64),
    arn: functionArn,
    attributes: { Arn: functionArn },
  },
  'AWS::Lambda::Version': {
    physicalId: (it) => `${functionArn(it, it.required('FunctionName'))}:1`,
    arn: ownArn,
    attributes: { Version: () => '1', FunctionArn: ownArn },
  },
  'AWS::Lambda::Alias': {
    physicalId: (it) => `${functionArn(it, it.required('FunctionName'))}:${it.required('Name')}`,
    arn: ownArn,
    attributes: { AliasArn: ownArn },
  },
  'AWS::Lambda::Permission': {
    physicalId: (it) => it.name('Id', 100),
    attributes: { Id: (_, id) => id },
  },
  'AWS::Lambda::EventInvokeConfig': {
    physicalId: (it) => `${it.required('FunctionName')}:${it.required('Qualifier')}`,
  },
  'AWS::Lambda::EventSourceMapping': {
    physicalId: (it) => it.uuid(),
    arn: (it, id) => it.arn('lambda', `event-source-mapping:${id}`),
    attributes: {
      Id: (_, id) => id,
      EventSourceMappingArn: (it, id) => it.arn('lambda', `event-source-mapping:${id}`),
    },
  },
  'AWS::Lambda::LayerVersion': {
    physicalId: (it) => it.arn('lambda', `layer:${it.name('LayerName', 64)}:1`),
    arn: ownArn,
    attributes: { LayerVersionArn: ownArn },
  },
  'AWS::ECS::Cluster': {
    physicalId: (it) => it.name('ClusterName', 255),
    arn: (it, id) => it.arn('ecs', `cluster/${id}`),
    attributes: { Arn: (it, id) => it.arn('ecs', `cluster/${id}`) },
  },
  'AWS::ECS::TaskDefinition': {
    physicalId: (it) => it.arn('ecs', `task-definition/${it.name('Family', 255).replace(/[^A-Za-z0-9_-]/g, '')}:1`),
    arn: ownArn,
    attributes: { TaskDefinitionArn: ownArn },
  },
  'AWS::ECS::Service': {
    physicalId: (it) =>
      it.arn('ecs', `service/${lastOfArn(it.text('Cluster') ?? 'default')}/${it.name('ServiceName', 255)}`),
    arn: ownArn,
    attributes: { Name: (_, id) => lastOfArn(id), ServiceArn: ownArn },
  },
  'AWS::ApplicationAutoScaling::ScalableTarget': {
    physicalId: (it) =>
      [it.required('ResourceId'), it.required('ScalableDimension'), it.required('ServiceNamespace')].join('|'),
    attributes: { Id: (_, id) => id },
  },
  'AWS::ApplicationAutoScaling::ScalingPolicy': {
    physicalId: (it) =>
      it.arn('autoscaling', `scalingPolicy:${it.uuid()}:resource/policyName/${it.required('PolicyName')}`),
    arn: ownArn,
    attributes: { Arn: ownArn },
  },
  'AWS::AutoScaling::AutoScalingGroup': {
    physicalId: (it) => it.name('AutoScalingGroupName', 255),
    arn: (it, id) => it.arn('autoscaling', `autoScalingGroup:${it.uuid()}:autoScalingGroupName/${id}`),
  },
  'AWS::EC2::Instance': {
    physicalId: (it) => it.hexId('i'),
    arn: (it, id) => it.arn('ec2', `instance/${id}`),
    attributes: { InstanceId: (_, id) => id, AvailabilityZone: (it) => it.text('AvailabilityZone') },
  },
  'AWS::EC2::LaunchTemplate': {
    physicalId: (it) => it.hexId('lt'),
    attributes: {
      LaunchTemplateId: (_, id) => id,
      LatestVersionNumber: () => '1',
      DefaultVersionNumber: () => '1',
    },
  },
  'AWS::ECR::Repository': {
    physicalId: (it) => it.name('RepositoryName', 256, true),
    arn: (it, id) => it.arn('ecr', `repository/${id}`),
    attributes: { Arn: (it, id) => it.arn('ecr', `repository/${id}`) },
  },
};
