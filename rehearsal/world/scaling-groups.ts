import * as v from 'valibot';
import type { Deployment } from '../assembly/deployment';
import type { ScalingGroup } from '../cloud/autoscaling';
import { read } from './descriptions';

const text = v.string();
const number = v.pipe(v.union([v.number(), v.string()]), v.transform(Number));

const scalingGroup = v.object({
  MinSize: number,
  MaxSize: number,
  VPCZoneIdentifier: v.array(text),
  Tags: v.optional(v.array(v.object({ Key: text, Value: text })), []),
});

/** Distinct from the hosts that scenarios make up. */
const FIRST_INSTANCE = 0x0b00000000000000n;

/** The Auto Scaling groups of a deployment, each with the instances that it begins with. */
export function describeScalingGroups(deployment: Deployment, createdAt: number): ScalingGroup[] {
  let made = 0;
  return deployment.ofType('AWS::AutoScaling::AutoScalingGroup').map((group) => {
    const { MinSize, MaxSize, VPCZoneIdentifier, Tags } = read(group, scalingGroup);
    const zones = VPCZoneIdentifier.map((id) => String(deployment.find(id)?.attributes.AvailabilityZone ?? 'unknown'));
    return {
      name: group.physicalId,
      arn: group.arn ?? group.physicalId,
      minSize: MinSize,
      maxSize: MaxSize,
      desiredCapacity: MinSize,
      availabilityZones: zones,
      createdAt,
      tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
      instances: Array.from({ length: MinSize }, () => ({
        instanceId: `i-${(FIRST_INSTANCE + BigInt(made++)).toString(16).padStart(17, '0')}`,
        availabilityZone: zones[0] ?? 'unknown',
        instanceType: 'm7i.large',
        lifecycleState: 'InService',
      })),
    };
  });
}
