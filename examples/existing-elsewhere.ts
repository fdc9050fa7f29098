// Consolidated databases that are no part of RDS: servers of SQL Anywhere on hosts of yours, which are tracked, and a MySQL database on premises
// that is known by its data source only, with its login rotated.
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  ConsolidatedDatabase,
  FarmExposure,
  LoginRotation,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  OdbcDataSource,
} from 'cdk-mobilink-ha';

const app = new App();

function surroundings(stack: Stack) {
  return {
    vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-12345678',
      availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
      privateSubnetIds: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d', 'subnet-2a3b4c5d'],
    }),
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
      tag: '17.0.1',
    }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
  };
}

const loginOf = (stack: Stack, name: string) =>
  secretsmanager.Secret.fromSecretCompleteArn(
    stack,
    'Login',
    `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}/mobilink-AbCdEf`,
  );

const tracked = new Stack(app, 'MobiLink');
new MobiLinkSystem(tracked, 'System', {
  ...surroundings(tracked),
  database: ConsolidatedDatabase.fromSqlAnywhere(tracked, 'Stores', {
    servers: [
      { server: 'stores_a', host: 'a.stores.internal', availabilityZone: 'eu-central-1a' },
      { server: 'stores_b', host: 'b.stores.internal', availabilityZone: 'eu-central-1b' },
    ],
    primaryServer: 'stores',
    databaseName: 'stores',
    zone: route53.PrivateHostedZone.fromPrivateHostedZoneAttributes(tracked, 'Zone', {
      hostedZoneId: 'Z0123456789ABCDEFGHIJ',
      zoneName: 'stores.internal',
    }),
    aliasName: 'primary.stores.internal',
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(tracked, 'Hosts', 'sg-12345678')],
    mobiLinkLogin: loginOf(tracked, 'stores'),
    maximumConnections: 500,
  }),
});

// Over VPN or Direct Connect, on EC2, or on RDS of another account: nobody can be asked which of its hosts is primary.
const untracked = new Stack(app, 'OnPremises');
new MobiLinkSystem(untracked, 'System', {
  ...surroundings(untracked),
  database: ConsolidatedDatabase.fromOdbc(untracked, 'Warehouse', {
    odbc: OdbcDataSource.mysql({ host: 'warehouse.example.com', port: 3306, databaseName: 'warehouse' }),
    port: 3306,
    peer: ec2.Peer.ipv4('10.20.0.0/16'),
    mobiLinkLogin: loginOf(untracked, 'warehouse'),
    maximumConnections: 500,
  }),
  loginRotation: LoginRotation.every(Duration.days(30)),
});
