import { describe, expect, it } from 'vitest';
import { buildApp, RECOMMENDED_FLAGS, type SynthesizedStack, synthesize } from './app';

/** Resources that hold data or addresses: a new logical id replaces them, which users see as loss. */
const STATEFUL = [
  'AWS::RDS::DBInstance',
  'AWS::RDS::DBSubnetGroup',
  'AWS::RDS::DBParameterGroup',
  'AWS::SecretsManager::Secret',
  'AWS::DynamoDB::Table',
  'AWS::EC2::VPC',
  'AWS::EC2::Subnet',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
];

function stateful(stacks: SynthesizedStack[]) {
  return stacks.flatMap(({ template }) =>
    Object.entries(template.Resources).filter(([, resource]) => STATEFUL.includes(resource.Type)),
  );
}

describe('what must survive an upgrade of this package or of its user’s feature flags', () => {
  const plain = synthesize(buildApp());
  const flagged = synthesize(buildApp(RECOMMENDED_FLAGS));

  it('stateful resources keep the logical ids of the first release', () => {
    const ids = stateful(plain).map(([id, resource]) => `${resource.Type} ${id}`);
    expect(ids.sort()).toMatchSnapshot();
  });

  it('all logical ids are the same without feature flags and with all recommended ones', () => {
    const ids = (stacks: SynthesizedStack[]) => stacks.map(({ template }) => Object.keys(template.Resources).sort());
    expect(ids(flagged)).toEqual(ids(plain));
  });

  it('stateful resources have the same properties either way', () => {
    // A partition may be written as a literal or as a reference; that is the one difference flags make.
    const render = (stacks: SynthesizedStack[]) =>
      Object.fromEntries(
        stateful(stacks).map(([id, it]) => [id, { ...it.Properties, DeletionPolicy: it.DeletionPolicy }]),
      );
    expect(render(flagged)).toEqual(render(plain));
  });
});
