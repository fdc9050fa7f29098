// Both ends mirror themselves: the consolidated database and a store, which synchronizes from the cloud each night and by itself each quarter of an hour.
import * as path from 'node:path';
import { App, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import {
  ConsolidatedSqlAnywhere,
  FarmExposure,
  InsideSchedule,
  MobiLinkImage,
  MobiLinkServerAddress,
  MobiLinkStream,
  MobiLinkSystem,
  RemoteDatabase,
  RemoteRegistry,
  SqlAnywherePair,
  SqlAnywhereSoftware,
  SyncOutcomes,
  SyncTrigger,
} from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { region: 'eu-central-1' } });
const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] });
const hosts = {
  vpc,
  machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
  software: SqlAnywhereSoftware.inMachineImage(),
};

const consolidated = new ConsolidatedSqlAnywhere(stack, 'Consolidated', {
  database: new SqlAnywherePair(stack, 'Central', hosts),
  maximumConnections: 500,
});
const registry = new RemoteRegistry(stack, 'Registry');
const stream = MobiLinkStream.tcpip();
const system = new MobiLinkSystem(stack, 'System', {
  vpc,
  database: consolidated,
  registry,
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [stream],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
const nightly = system.addSyncSchedule('Nightly', {
  schedule: ScheduleExpression.cron({ hour: '2', minute: '0', timeZone: TimeZone.EUROPE_BERLIN }),
  groups: ['stores'],
});

new RemoteDatabase(stack, 'Store0815', {
  database: new SqlAnywherePair(stack, 'Store', { ...hosts, databaseName: 'store', zoneName: 'store-0815.internal' }),
  registry,
  group: 'stores',
  remoteName: 'store-0815',
  profile: 'sales',
  sqlFiles: [path.join(__dirname, 'sql', 'store-1.sql')],
  mobiLinkServers: MobiLinkServerAddress.fromFarm(system.farm, stream),
  synchronizesWith: consolidated,
  triggers: [
    SyncTrigger.lambda(nightly),
    SyncTrigger.database(
      InsideSchedule.every({
        name: 'sales',
        interval: Duration.minutes(15),
        from: '06:00',
        to: '22:00',
        timeZone: TimeZone.EUROPE_BERLIN,
      }),
    ),
    SyncTrigger.database(
      InsideSchedule.daily({ name: 'prices', profile: 'prices', at: '03:00', timeZone: TimeZone.EUROPE_BERLIN }),
    ),
  ],
  outcomes: new SyncOutcomes(stack, 'Outcomes', { registry }),
});
