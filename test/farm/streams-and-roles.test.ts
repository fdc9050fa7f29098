import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { MobiLinkStream } from '../../lib';
import { build, farmland, identity } from './farm-fixture';
import { attributesIn, environmentIn, statementsOf } from './read-template';

describe('streams', () => {
  const land = farmland();
  const key = new kms.Key(land.stack, 'IdentityKey');
  const certificate = identity(land.stack);
  const password = identity(land.stack, 'Password', key);
  const { template, farm } = build(
    {
      streams: [
        MobiLinkStream.tcpip(),
        MobiLinkStream.tls({ identity: certificate }),
        MobiLinkStream.http(),
        MobiLinkStream.https({ identity: certificate, identityPassword: password }),
      ],
    },
    land,
  );

  it('each have a listener and a target group with a port of their own, all by plain TCP', () => {
    const ports = (type: string) =>
      Object.values(template.findResources(type)).map(({ Properties }) => [Properties.Protocol, Properties.Port]);
    const all = [2439, 2440, 8080, 8443].map((port) => ['TCP', port]);
    expect(ports('AWS::ElasticLoadBalancingV2::Listener').sort()).toEqual(all);
    expect(ports('AWS::ElasticLoadBalancingV2::TargetGroup').sort()).toEqual(all);
    expect(farm.listeners).toHaveLength(4);
    expect(farm.targetGroups).toHaveLength(4);
  });

  it('are registered with the ports of the container, which lie within 1024 to 65535', () => {
    const [service] = Object.values(template.findResources('AWS::ECS::Service'));
    expect(service?.Properties.LoadBalancers.map((each: { ContainerPort: number }) => each.ContainerPort)).toEqual([
      2439, 2440, 8080, 8443,
    ]);
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    const mapped = task?.Properties.ContainerDefinitions[0].PortMappings.map(
      (each: { ContainerPort: number }) => each.ContainerPort,
    );
    expect(mapped).toEqual([2439, 2440, 8080, 8443, 8439]);
    for (const port of mapped) expect(port >= 1024 && port <= 65535).toBe(true);
  });

  it('never combine stickiness with TLS at the load balancer, which AWS refuses at deployment only', () => {
    for (const listener of Object.values(template.findResources('AWS::ElasticLoadBalancingV2::Listener'))) {
      expect(listener.Properties.Protocol).toBe('TCP');
    }
    for (const group of attributesIn(template)) expect(group['stickiness.type']).toBe('source_ip');
  });

  it('name their certificates by ARN', () => {
    const rendered = JSON.stringify(environmentIn(template).MOBILINK_STREAMS);
    expect(rendered).toContain('identitySecretArn');
    expect(rendered).toContain('identityPasswordSecretArn');
    expect(rendered).toContain('"Ref":"Identity');
  });

  it('let the servers fetch login, certificate and password, and decrypt through Secrets Manager only', () => {
    const statements = statementsOf(template, 'FarmTaskRole');
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: [
          { Ref: expect.stringMatching('DatabaseLogin') },
          { Ref: expect.stringMatching('Identity') },
          { Ref: expect.stringMatching('Password') },
        ],
      },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: { 'Fn::GetAtt': [expect.stringMatching('IdentityKey'), 'Arn'] },
        Condition: {
          StringEquals: {
            'kms:ViaService': { 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
          },
        },
      },
    ]);
  });
});

describe('roles', () => {
  const { template } = build();

  it('let ECS pull this image and write this log', () => {
    const statements = statementsOf(template, 'FarmExecutionRole');
    expect(statements.map(({ Action }) => Action)).toEqual([
      'ecr:GetAuthorizationToken',
      ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ]);
    expect(statements.filter(({ Resource }) => Resource === '*')).toHaveLength(1);
  });

  it('let a server fetch its login and nothing else', () => {
    expect(statementsOf(template, 'FarmTaskRole')).toEqual([
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: { Ref: expect.stringMatching('DatabaseLogin') },
      },
    ]);
  });
});
