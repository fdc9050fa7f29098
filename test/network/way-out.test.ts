import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedRdsInstance,
  MobiLinkImage,
  MobiLinkServerFarm,
  NetworkUse,
  PrivateEndpoints,
  SqlAnywherePair,
  SqlAnywhereSoftware,
} from '../../lib';

const env = { account: '111111111111', region: 'eu-central-1' };
const ZONES = ['a', 'b', 'c'].map((it) => `eu-central-1${it}`);

function isolatedVpc(stack: Stack): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', {
    availabilityZones: ZONES,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
}

function farm(stack: Stack, vpc: ec2.IVpc, networkReason?: string): MobiLinkServerFarm {
  return new MobiLinkServerFarm(stack, 'Farm', {
    vpc,
    networkReason,
    database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
  });
}

describe('servers in isolated subnets', () => {
  it('are refused without endpoints, with the services that are missing', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop', { env });
    farm(stack, isolatedVpc(stack));
    expect(() => app.synth()).toThrow(
      /MobiLink:Network:NoWayOut\] serverSubnets: .*without ecr\.api, ecr\.dkr, logs, secretsmanager, s3.*new PrivateEndpoints/,
    );
  });

  it('are accepted with endpoints, in one stack and in two, whenever they are made', () => {
    for (const isOne of [true, false]) {
      const app = new App();
      const stack = new Stack(app, 'Network', { env });
      const vpc = isolatedVpc(stack);
      farm(isOne ? stack : new Stack(app, 'Servers', { env }), vpc);
      new PrivateEndpoints(stack, 'Endpoints', { vpc });
      expect(() => app.synth()).not.toThrow();
    }
  });

  it('are refused with endpoints of another VPC, or with one too few', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop', { env });
    const vpc = isolatedVpc(stack);
    farm(stack, vpc);
    new PrivateEndpoints(stack, 'Endpoints', {
      vpc: new ec2.Vpc(stack, 'Other', {
        availabilityZones: ZONES,
        subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
      }),
    });
    for (const name of ['ecr.api', 'ecr.dkr', 'logs']) {
      vpc.addInterfaceEndpoint(name.replace('.', ''), { service: new ec2.InterfaceVpcEndpointAwsService(name) });
    }
    vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    expect(() => app.synth()).toThrow(/without secretsmanager'/);
  });

  it('are those that have no route of any kind, whatever their type is called', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop', { env });
    farm(
      stack,
      new ec2.Vpc(stack, 'Vpc', {
        availabilityZones: ZONES,
        natGateways: 0,
        subnetConfiguration: [{ name: 'Egress', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }],
      }),
    );
    expect(() => app.synth()).toThrow(/NoWayOut/);
    const routed = new App();
    const other = new Stack(routed, 'Shop', { env });
    const vpc = isolatedVpc(other);
    vpc.isolatedSubnets.forEach((subnet) => {
      (subnet as ec2.Subnet).addRoute('Hub', {
        routerType: ec2.RouterType.TRANSIT_GATEWAY,
        routerId: 'tgw-1',
        destinationCidrBlock: '0.0.0.0/0',
      });
    });
    farm(other, vpc);
    expect(() => routed.synth()).not.toThrow();
  });

  it('need endpoints by the usual names of the services', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop', { env });
    const vpc = isolatedVpc(stack);
    farm(stack, vpc);
    new PrivateEndpoints(stack, 'Endpoints', { vpc, existingServices: ['logs'] });
    vpc.addInterfaceEndpoint('Logs', {
      service: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      privateDnsEnabled: false,
    });
    expect(() => app.synth()).toThrow(/without logs'/);
  });

  it('are accepted with a reason', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop', { env });
    farm(stack, isolatedVpc(stack), 'endpoints of the shared network');
    expect(() => app.synth()).not.toThrow();
  });

  it('of an imported VPC are known as what they were imported as', () => {
    const imported = (kind: 'isolated' | 'private') => {
      const app = new App();
      const stack = new Stack(app, 'Shop', { env });
      const ids = ['subnet-1', 'subnet-2', 'subnet-3'];
      const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-1',
        availabilityZones: ZONES,
        vpcCidrBlock: '10.0.0.0/16',
        ...(kind === 'isolated' ? { isolatedSubnetIds: ids } : { privateSubnetIds: ids }),
      });
      farm(stack, vpc);
      return () => app.synth();
    };
    expect(imported('isolated')).toThrow(/NoWayOut/);
    expect(imported('private')).not.toThrow();
  });
});

describe('hosts of SQL Anywhere in isolated subnets', () => {
  it('are refused whatever endpoints there are, because they need more than AWS', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop', { env });
    const vpc = isolatedVpc(stack);
    new PrivateEndpoints(stack, 'Endpoints', { vpc, uses: [NetworkUse.SQL_ANYWHERE_HOSTS] });
    new SqlAnywherePair(stack, 'Pair', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }),
      software: SqlAnywhereSoftware.inMachineImage(),
    });
    expect(() => app.synth()).toThrow(/NoWayOut\] vpcSubnets: .*Route 53.*PRIVATE_WITH_EGRESS/);
  });
});

describe('the endpoints', () => {
  it('are each made once, private, in each zone, for the VPC alone', () => {
    const stack = new Stack(new App(), 'Shop', { env });
    const vpc = isolatedVpc(stack);
    const endpoints = new PrivateEndpoints(stack, 'Endpoints', {
      vpc,
      uses: [NetworkUse.SERVERS, NetworkUse.PAIR_TRACKER, NetworkUse.SQL_ANYWHERE_HOSTS],
    });
    const template = Template.fromStack(stack);
    const names = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(
      ({ Properties }) => `${Properties.VpcEndpointType} ${JSON.stringify(Properties.ServiceName)}`,
    );
    expect(names).toHaveLength(new Set(names).size);
    expect(endpoints.interfaceEndpoints).toHaveLength(11);
    expect(endpoints.gatewayEndpoints).toHaveLength(2);
    template.allResourcesProperties('AWS::EC2::VPCEndpoint', { VpcId: { Ref: Match.stringLikeRegexp('Vpc') } });
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      PrivateDnsEnabled: true,
      SubnetIds: [Match.anyValue(), Match.anyValue(), Match.anyValue()],
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
    });
  });
});
