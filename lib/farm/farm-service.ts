import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { known } from '../validation/problems';
import type { FarmSize } from './farm-size';
import type { FarmSubnets } from './farm-subnets';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import type { ServerTask } from './server-task';

/** Keeps the servers running. */
export function createService(
  farm: Construct,
  cluster: ecs.ICluster,
  props: MobiLinkServerFarmProps,
  size: FarmSize,
  subnets: FarmSubnets,
  task: ServerTask,
): ecs.FargateService {
  const ceiling = known(size.maximumPercent);
  const service = new ecs.FargateService(farm, 'Service', {
    cluster,
    taskDefinition: task.taskDefinition,
    platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
    vpcSubnets: { subnets: subnets.servers },
    assignPublicIp: false,
    securityGroups: props.securityGroups ?? [
      new ec2.SecurityGroup(farm, 'ServerSecurityGroup', {
        vpc: props.vpc,
        description: 'MobiLink servers',
        allowAllOutbound: false,
      }),
    ],
    minHealthyPercent: size.minimumHealthyPercent,
    maxHealthyPercent: size.maximumPercent,
    healthCheckGracePeriod: props.startupGracePeriod ?? Duration.minutes(5),
    circuitBreaker: { rollback: true },
    // After an Availability Zone comes back the servers would stay in the others. Those that move finish their syncs
    // first. ECS needs room above 100 % for it.
    availabilityZoneRebalancing:
      ceiling !== undefined && ceiling > 100
        ? ecs.AvailabilityZoneRebalancing.ENABLED
        : ecs.AvailabilityZoneRebalancing.DISABLED,
    enableECSManagedTags: true,
    propagateTags: ecs.PropagatedTagSource.SERVICE,
  });
  // Without its policy the first pull of the image fails.
  service.node.addDependency(task.executionRole);
  return service;
}
