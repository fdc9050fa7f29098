// A farm over a Multi-AZ DB cluster of MySQL: three Availability Zones, failover typically within 35 s.
import { App, Stack } from 'aws-cdk-lib';
import * as cloudwatchActions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as sns from 'aws-cdk-lib/aws-sns';
import {
  ConsolidatedRdsCluster,
  ConsolidatedRdsEngine,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
} from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { account: '111122223333', region: 'eu-central-1' } });
const vpc = new ec2.Vpc(stack, 'Vpc', {
  availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  restrictDefaultSecurityGroup: false,
});
vpc.addFlowLog('FlowLog');

const database = new ConsolidatedRdsCluster(stack, 'Consolidated', {
  vpc,
  engine: ConsolidatedRdsEngine.mysql({ maximumConnections: 800 }),
  allocatedStorage: 400,
  iops: 12_000,
});
const operators = new sns.Topic(stack, 'Operators', { enforceSSL: true });
database.replicaLagAlarm.addAlarmAction(new cloudwatchActions.SnsAction(operators));

new MobiLinkSystem(stack, 'System', {
  vpc,
  database,
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
