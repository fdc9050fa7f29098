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
  'AWS::EC2::Volume',
  'AWS::AutoScaling::AutoScalingGroup',
  'AWS::Route53::HostedZone',
  'AWS::S3::Bucket',
];

function stateful(stacks: SynthesizedStack[]) {
  return stacks.flatMap(({ template }) =>
    Object.entries(template.Resources).filter(([, resource]) => STATEFUL.includes(resource.Type)),
  );
}

describe.each(['dev', 'pair', 'bothMirrored', 'singleConsolidated'])(
  'what must survive an upgrade of this package or of its user’s feature flags, stage %s',
  (stage) => {
    const plain = synthesize(buildApp({ stage }));
    const flagged = synthesize(buildApp({ ...RECOMMENDED_FLAGS, stage }));

    it('stateful resources keep the logical ids of the first release', () => {
      const ids = stateful(plain).map(([id, resource]) => `${resource.Type} ${id}`);
      expect(ids.sort()).toMatchSnapshot();
    });

    it('all logical ids are the same without feature flags and with all recommended ones', () => {
      const ids = (stacks: SynthesizedStack[]) => stacks.map(({ template }) => Object.keys(template.Resources).sort());
      expect(ids(flagged)).toEqual(ids(plain));
    });

    it('stateful resources have the same properties either way', () => {
      const render = (stacks: SynthesizedStack[]) =>
        Object.fromEntries(
          stateful(stacks).map(([id, it]) => [
            id,
            sameReferences({ ...it.Properties, DeletionPolicy: it.DeletionPolicy }),
          ]),
        );
      expect(render(flagged)).toEqual(render(plain));
    });
  },
);

/** The one difference that flags make: how a stack refers to the output of another one. */
function sameReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sameReferences);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[key, target] = []] = entries;
  if (key === 'Fn::ImportValue') return { output: outputName(String(target).split(':').at(-1) ?? '') };
  if (key === 'Fn::GetStackOutput') return { output: outputName((target as { OutputName: string }).OutputName) };
  return Object.fromEntries(entries.map(([name, it]) => [name, sameReferences(it)]));
}

/** Without the prefix and the hash, which name the kind of the reference. */
function outputName(name: string): string {
  return name.replace(/^(Exports|Publish)/, '').replace(/[0-9A-F]{8}$/, '');
}
