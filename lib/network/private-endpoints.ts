import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { NetworkUse } from './network-use';

/** Properties of the endpoints by which parts of a system reach AWS without a NAT gateway. */
export interface PrivateEndpointsProps {
  /** The VPC of the parts. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets of the parts; each interface endpoint has one address in each of their zones.
   *
   * @default - the isolated subnets of the VPC
   */
  readonly subnets?: ec2.SubnetSelection;

  /**
   * What the endpoints are for.
   *
   * @default - [NetworkUse.SERVERS]
   */
  readonly uses?: NetworkUse[];

  /**
   * Short names of services that have an endpoint in the VPC already: a second one of a service could not be deployed.
   *
   * @default - none
   */
  readonly existingServices?: string[];

  /**
   * Who may use them.
   *
   * @default - everybody in the VPC, by HTTPS
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/**
 * Endpoints of a VPC instead of NAT gateways, for parts that call AWS and nothing else.
 *
 * Cost: one cent an hour for each interface endpoint and zone, so four of them in three zones are about 88 dollars a month, and one cent a GB;
 * three NAT gateways are about 99 dollars and 4.5 cents a GB (list prices of us-east-1, UNSOURCED). The endpoints of S3 and DynamoDB cost nothing.
 */
export class PrivateEndpoints extends Construct implements ec2.IConnectable {
  /** Interface endpoints, in the order of their services' names. */
  public readonly interfaceEndpoints: ec2.InterfaceVpcEndpoint[];

  /** Gateway endpoints. */
  public readonly gatewayEndpoints: ec2.GatewayVpcEndpoint[];

  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: PrivateEndpointsProps) {
    super(scope, id);
    const { vpc } = props;
    const uses = props.uses ?? [NetworkUse.SERVERS];
    const subnets = props.subnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    const securityGroups = props.securityGroups ?? [this.openToVpc(vpc)];
    this.connections = new ec2.Connections({ securityGroups, defaultPort: ec2.Port.HTTPS });
    const isWanted = (name: string) => !(props.existingServices ?? []).includes(name);
    this.interfaceEndpoints = unique(uses.flatMap((it) => it.interfaceServices))
      .filter(isWanted)
      .map(
        (name) =>
          new ec2.InterfaceVpcEndpoint(this, idOf(name), {
            vpc,
            subnets,
            service: new ec2.InterfaceVpcEndpointAwsService(name),
            privateDnsEnabled: true,
            securityGroups,
            open: false,
          }),
      );
    this.gatewayEndpoints = unique(uses.flatMap((it) => it.gatewayServices))
      .filter(isWanted)
      .map(
        (name) =>
          new ec2.GatewayVpcEndpoint(this, idOf(name), {
            vpc,
            subnets: [subnets],
            service: new ec2.GatewayVpcEndpointAwsService(name),
          }),
      );
  }

  private openToVpc(vpc: ec2.IVpc): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Endpoints of AWS for a MobiLink system',
      allowAllOutbound: false,
    });
    group.addIngressRule(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.HTTPS, 'Everybody in the VPC');
    return group;
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function idOf(service: string): string {
  return service
    .split(/[.-]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
