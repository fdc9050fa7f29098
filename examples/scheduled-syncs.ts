// Remotes that synchronize by schedule, each on the host whose database is primary, and a mail when a run has finished.
import { App, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as sns from 'aws-cdk-lib/aws-sns';
import {
  ConsolidatedRdsInstance,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  RemoteRegistry,
} from 'cdk-mobilink-ha';

const app = new App();
const data = new Stack(app, 'MobiLinkData');
const vpc = new ec2.Vpc(data, 'Vpc');
const database = new ConsolidatedRdsInstance(data, 'Consolidated', { vpc });
const registry = new RemoteRegistry(data, 'Registry', { shards: 16 });

const stack = new Stack(app, 'MobiLink');
const system = new MobiLinkSystem(stack, 'System', {
  vpc,
  database,
  registry,
  // Hosts carry the tag mobilink-ha:system = shop.
  dispatch: { hostTagValue: 'shop' },
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});

system.addSyncSchedule('Stores', {
  schedule: ScheduleExpression.rate(Duration.minutes(15)),
  groups: ['stores'],
  window: Duration.minutes(5),
  deadline: Duration.minutes(14),
});
system.addSyncSchedule('Ships', {
  schedule: ScheduleExpression.cron({ hour: '2', minute: '0', timeZone: TimeZone.EUROPE_BERLIN }),
  groups: ['ships', 'ferries'],
  profile: 'nightly',
  window: Duration.hours(1),
  deadline: Duration.hours(4),
});

const finished = new sns.Topic(stack, 'Finished', { enforceSSL: true });
system.onSyncRunFinished('TellFinished', { target: new targets.SnsTopic(finished) });
