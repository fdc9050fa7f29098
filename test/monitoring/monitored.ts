import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import {
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  FarmExposure,
  type IConsolidatedDatabase,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  type MobiLinkSystemProps,
  RemoteRegistry,
  type SyncScheduleOptions,
} from '../../lib';
import type { Alarm } from './cloudwatch';

export const hourly: SyncScheduleOptions = {
  schedule: ScheduleExpression.cron({ minute: '0' }),
  groups: ['stores'],
  scheduleName: 'hourly',
};

export interface Monitored {
  readonly stack: Stack;
  readonly vpc: ec2.IVpc;
  readonly system: MobiLinkSystem;
}

export function over(
  stack: Stack,
  vpc: ec2.IVpc,
  database: IConsolidatedDatabase,
  props: Partial<MobiLinkSystemProps>,
) {
  return new MobiLinkSystem(stack, 'System', {
    vpc,
    database,
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
    ...props,
  });
}

/** A system with an hourly schedule, over RDS. */
export function monitored(
  props: Partial<MobiLinkSystemProps> | ((stack: Stack) => Partial<MobiLinkSystemProps>) = {},
  schedule: SyncScheduleOptions = hourly,
): Monitored {
  const stack = new Stack(new App(), 'Test');
  const vpc = new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false });
  const engine = ConsolidatedRdsEngine.mysql({ maximumConnections: 500 });
  const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, engine });
  const system = over(stack, vpc, database, {
    registry: new RemoteRegistry(stack, 'Registry'),
    ...(typeof props === 'function' ? props(stack) : props),
  });
  system.addSyncSchedule('Hourly', schedule);
  return { stack, vpc, system };
}

export function encrypted(stack: Stack): MobiLinkStream {
  return MobiLinkStream.tls({ identity: new secretsmanager.Secret(stack, 'Identity') });
}

export function topic(stack: Stack, id = 'Topic'): sns.Topic {
  return new sns.Topic(stack, id, { enforceSSL: true });
}

/** The alarms of a stack by the end of their path. */
export function alarmsOf(stack: Stack): Map<string, Alarm> {
  const template = Template.fromStack(stack);
  const found = new Map<string, Alarm>();
  for (const construct of stack.node.findAll()) {
    const { path } = construct.node;
    if (!path.endsWith('/Resource')) continue;
    const alarms = template.findResources('AWS::CloudWatch::Alarm');
    const logicalId = stack.resolve((construct as { logicalId?: string }).logicalId);
    const alarm = alarms[logicalId];
    if (alarm) found.set(path.split('/').at(-2) ?? path, alarm.Properties as Alarm);
  }
  return found;
}
