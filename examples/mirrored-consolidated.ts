// A system over a SQL Anywhere database that mirrors itself: two partners and an arbiter on EC2, a zone each.
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as s3 from 'aws-cdk-lib/aws-s3';
import {
  ConsolidatedSqlAnywhere,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  SqlAnywherePair,
  SqlAnywhereSoftware,
} from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { region: 'eu-central-1' } });
const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] });

const pair = new SqlAnywherePair(stack, 'Pair', {
  vpc,
  // Pinned: with an image that moves by itself every deployment would change the launch templates.
  machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
  // The installer that you have from SAP, which you put there under a name of its own for each version.
  software: SqlAnywhereSoftware.fromBucket(
    s3.Bucket.fromBucketName(stack, 'Installers', 'example-sap-installers'),
    'sql-anywhere/17.0.11.7312.tar.gz',
  ),
  dataVolumeSize: 200,
  backupRetention: Duration.days(35),
  longestMirrorOutage: Duration.days(7),
});

new MobiLinkSystem(stack, 'System', {
  vpc,
  // MobiLink servers list both hosts and the name that only the primary answers to: no DNS stands in between.
  database: new ConsolidatedSqlAnywhere(stack, 'Consolidated', { database: pair, maximumConnections: 500 }),
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
