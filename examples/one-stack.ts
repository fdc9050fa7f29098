// A system and its database in one stack: the shortest way to see what it is made of.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ConsolidatedRdsInstance, FarmExposure, MobiLinkImage, MobiLinkStream, MobiLinkSystem } from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink');
const vpc = new ec2.Vpc(stack, 'Vpc');

new MobiLinkSystem(stack, 'System', {
  vpc,
  database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
  image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink-server'), {
    tag: '17.0.1',
  }),
  streams: [MobiLinkStream.tcpip()],
  exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
});
