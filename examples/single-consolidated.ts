// A consolidated database on one server, for a trial or a small business, under a farm that is not its weakest part.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import {
  ConsolidatedSqlAnywhere,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  SqlAnywhereServer,
  SqlAnywhereSoftware,
} from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { region: 'eu-central-1' } });
const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['eu-central-1a', 'eu-central-1b'] });

new MobiLinkSystem(stack, 'System', {
  vpc,
  database: new ConsolidatedSqlAnywhere(stack, 'Consolidated', {
    // Away while its host is replaced, or its zone is lost. A remote that is a single server too would be refused.
    database: new SqlAnywhereServer(stack, 'Server', {
      vpc,
      machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
      software: SqlAnywhereSoftware.inMachineImage(),
    }),
    maximumConnections: 200,
  }),
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
