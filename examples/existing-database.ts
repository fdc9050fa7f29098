// A farm and a tracker over an RDS instance that somebody else owns, with an alarm topic that hears of each new primary.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { ConsolidatedDatabase, FarmExposure, MobiLinkImage, MobiLinkStream, MobiLinkSystem } from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink');
const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-12345678',
  availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  privateSubnetIds: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d', 'subnet-2a3b4c5d'],
});
const database = ConsolidatedDatabase.fromRdsInstance(stack, 'Erp', {
  instance: rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'ErpInstance', {
    instanceIdentifier: 'erp',
    instanceEndpointAddress: 'erp.abcdefghijkl.eu-central-1.rds.amazonaws.com',
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

const system = new MobiLinkSystem(stack, 'System', {
  vpc,
  database,
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
system.onPrimaryChanged('TellOperators', {
  target: new targets.SnsTopic(new sns.Topic(stack, 'Operators', { enforceSSL: true })),
});
