// Remotes over RDS: a store that mirrors itself, and a kiosk that may be away while its host is replaced.
import * as path from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import {
  ConsolidatedRdsInstance,
  FarmExposure,
  type ISqlAnywhereDatabase,
  MobiLinkImage,
  MobiLinkServerAddress,
  MobiLinkStream,
  MobiLinkSystem,
  RemoteDatabase,
  RemoteRegistry,
  SqlAnywherePair,
  SqlAnywhereServer,
  SqlAnywhereSoftware,
  SyncTrigger,
} from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { region: 'eu-central-1' } });
const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] });
const consolidated = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, backupRetention: Duration.days(35) });
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
const hourly = system.addSyncSchedule('Hourly', {
  schedule: ScheduleExpression.rate(Duration.hours(1)),
  groups: ['stores', 'kiosks'],
});

function remote(group: string, remoteName: string, database: ISqlAnywhereDatabase): void {
  new RemoteDatabase(stack, `Remote-${remoteName}`, {
    database,
    registry,
    group,
    remoteName,
    profile: 'sales',
    sqlFiles: [path.join(__dirname, 'sql', 'store-1.sql')],
    mobiLinkServers: MobiLinkServerAddress.fromFarm(system.farm, stream),
    // Logs must be kept for at least the 35 days of its backups: synth looks.
    synchronizesWith: consolidated,
    triggers: [SyncTrigger.lambda(hourly)],
  });
}

const hosts = {
  vpc,
  machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
  software: SqlAnywhereSoftware.inMachineImage(),
};
remote('stores', 'store-0815', new SqlAnywherePair(stack, 'Store', { ...hosts, zoneName: 'store-0815.internal' }));
remote('kiosks', 'kiosk-7', new SqlAnywhereServer(stack, 'Kiosk', { ...hosts, zoneName: 'kiosk-7.internal' }));
