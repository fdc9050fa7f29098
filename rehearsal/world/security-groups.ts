import { BlockList } from 'node:net';
import type { Deployment } from '../assembly/deployment';

/** Something with a place in the network. */
export interface Endpoint {
  readonly securityGroupIds: readonly string[];
  /** IPv4. */
  readonly address: string;
}

interface Rule {
  readonly groupId: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly peerGroup?: string;
  readonly peerCidr?: string;
}

/** The security groups of a deployment: who may open a TCP connection to whom. */
export class SecurityGroups {
  private readonly ingress: readonly Rule[];
  private readonly egress: readonly Rule[];

  constructor(deployment: Deployment) {
    const groups = deployment.ofType('AWS::EC2::SecurityGroup');
    const inline = (property: string, otherwise: unknown[]) =>
      groups.flatMap(({ physicalId, properties }) =>
        [properties[property] ?? otherwise].flat().map((it) => readRule(it, physicalId)),
      );
    const own = (type: string) => deployment.ofType(type).map(({ properties }) => readRule(properties, ''));
    // EC2 lets everything out of a group whose template says nothing of it (AWS::EC2::SecurityGroup, "SecurityGroupEgress").
    const anywhere = [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }];
    this.ingress = [...inline('SecurityGroupIngress', []), ...own('AWS::EC2::SecurityGroupIngress')];
    this.egress = [...inline('SecurityGroupEgress', anywhere), ...own('AWS::EC2::SecurityGroupEgress')];
  }

  /** A group of the one lets it out, and a group of the other lets it in. */
  public mayConnect(one: Endpoint, other: Endpoint, port: number): boolean {
    return lets(this.egress, one, other, port) && lets(this.ingress, other, one, port);
  }
}

function lets(rules: readonly Rule[], own: Endpoint, peer: Endpoint, port: number): boolean {
  return rules.some(
    ({ groupId, protocol, from, to, peerGroup, peerCidr }) =>
      own.securityGroupIds.includes(groupId) &&
      (protocol === '-1' || (protocol === 'tcp' && from <= port && port <= to)) &&
      ((peerGroup !== undefined && peer.securityGroupIds.includes(peerGroup)) ||
        (peerCidr !== undefined && holds(peerCidr, peer.address))),
  );
}

function readRule(given: unknown, groupId: string): Rule {
  const it = new Map(Object.entries(given as object));
  const text = (name: string) => (it.get(name) === undefined ? undefined : String(it.get(name)));
  return {
    groupId: text('GroupId') ?? groupId,
    protocol: text('IpProtocol') === '6' ? 'tcp' : (text('IpProtocol') ?? ''),
    from: Number(text('FromPort') ?? 0),
    to: Number(text('ToPort') ?? 65_535),
    peerGroup: text('SourceSecurityGroupId') ?? text('DestinationSecurityGroupId'),
    peerCidr: text('CidrIp'),
  };
}

function holds(cidr: string, address: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(address);
}
