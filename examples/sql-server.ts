// A consolidated database on SQL Server in Multi-AZ mode, its licence in the price of the instance. docs/engines.md has what the administrator does once.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import {
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
} from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { region: 'eu-central-1' } });
const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['eu-central-1a', 'eu-central-1b'] });

new MobiLinkSystem(stack, 'System', {
  vpc,
  database: new ConsolidatedRdsInstance(stack, 'Consolidated', {
    vpc,
    engine: ConsolidatedRdsEngine.sqlServerStandard({ maximumConnections: 600 }),
    databaseName: 'sales',
  }),
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
