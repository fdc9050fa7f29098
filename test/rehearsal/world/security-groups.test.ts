import { expect, it } from 'vitest';
import { SecurityGroups } from '../../../rehearsal/world/security-groups';
import { deployFolder, oneStack } from '../assembly/assembly-folder';

const group = (properties: object = {}) => ({
  Type: 'AWS::EC2::SecurityGroup',
  Properties: { GroupDescription: 'x', SecurityGroupEgress: [], ...properties },
});
const rule = (way: 'Ingress' | 'Egress', properties: object) => ({
  Type: `AWS::EC2::SecurityGroup${way}`,
  Properties: { IpProtocol: 'tcp', FromPort: 8090, ToPort: 8090, ...properties },
});
const idOf = (name: string) => ({ 'Fn::GetAtt': [name, 'GroupId'] });
const IN = rule('Ingress', { GroupId: idOf('Hosts'), SourceSecurityGroupId: idOf('Asker') });
const OUT = rule('Egress', { GroupId: idOf('Asker'), DestinationSecurityGroupId: idOf('Hosts') });

/** Whether the asker gets to the hosts by the port. */
function gets(resources: object, port = 8090): boolean {
  const deployment = deployFolder(oneStack({ Resources: { Asker: group(), Hosts: group(), ...resources } }));
  const endpoint = (name: string, address: string) => ({
    securityGroupIds: deployment.resources.filter((it) => it.logicalId === name).map((it) => it.physicalId),
    address,
  });
  return new SecurityGroups(deployment).mayConnect(endpoint('Asker', '10.0.0.5'), endpoint('Hosts', '10.0.9.5'), port);
}

it.each<[what: string, resources: object, port: number, gets: boolean]>([
  ['rules on both sides', { IN, OUT }, 8090, true],
  ['no rule that lets in', { OUT }, 8090, false],
  ['no rule that lets out', { IN }, 8090, false],
  ['rules for another port', { IN, OUT }, 8091, false],
  [
    'the rules the wrong way round',
    { IN: rule('Ingress', { GroupId: idOf('Asker'), SourceSecurityGroupId: idOf('Hosts') }), OUT },
    8090,
    false,
  ],
  ['a rule for UDP', { IN: rule('Ingress', { ...IN.Properties, IpProtocol: 'udp' }), OUT }, 8090, false],
  [
    'a group that says nothing of what it lets out',
    { IN, Asker: group({ SecurityGroupEgress: undefined }) },
    8090,
    true,
  ],
  [
    'everything let in from the range of the asker',
    { Hosts: group({ SecurityGroupIngress: [{ IpProtocol: '-1', CidrIp: '10.0.0.0/24' }] }), OUT },
    8090,
    true,
  ],
  [
    'everything let in from another range',
    { Hosts: group({ SecurityGroupIngress: [{ IpProtocol: '-1', CidrIp: '10.0.1.0/24' }] }), OUT },
    8090,
    false,
  ],
])('%s', (_what, resources, port, expected) => {
  expect(gets(resources, port)).toBe(expected);
});
