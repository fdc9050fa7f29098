// A farm and a tracker over a Multi-AZ DB cluster of MySQL that somebody else owns.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ConsolidatedDatabase, FarmExposure, MobiLinkImage, MobiLinkStream, MobiLinkSystem } from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink');
const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-12345678',
  availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  privateSubnetIds: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d', 'subnet-2a3b4c5d'],
});
const database = ConsolidatedDatabase.fromRdsCluster(stack, 'Erp', {
  cluster: rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'ErpCluster', {
    clusterIdentifier: 'erp',
    clusterEndpointAddress: 'erp.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com',
    port: 3306,
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'ErpGroup', 'sg-12345678')],
  }),
  databaseName: 'erp',
  mobiLinkLogin: secretsmanager.Secret.fromSecretCompleteArn(
    stack,
    'ErpLogin',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:erp/mobilink-AbCdEf',
  ),
  maximumConnections: 500,
});
new MobiLinkSystem(stack, 'System', {
  vpc,
  database,
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
