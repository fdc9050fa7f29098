// Stores that reach the farm over the internet: TLS to the MobiLink server itself, fixed addresses, a name of the customer's own.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
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
  streams: [
    MobiLinkStream.tls({
      identity: secretsmanager.Secret.fromSecretNameV2(stack, 'Identity', 'mobilink/identity'),
      identityPassword: secretsmanager.Secret.fromSecretNameV2(stack, 'IdentityPassword', 'mobilink/identity-password'),
    }),
  ],
  exposure: FarmExposure.internet({ clientCidrs: ['198.51.100.0/24', '203.0.113.0/24'], staticAddresses: true }),
  domainName: 'sync.stores.example.com',
  domainZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    zoneName: 'stores.example.com',
  }),
});
