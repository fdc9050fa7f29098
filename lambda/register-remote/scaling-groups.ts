import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandOutput,
} from '@aws-sdk/client-auto-scaling';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { ScalingGroup } from './core';

/** The control plane of EC2 Auto Scaling. */
export class ScalingGroups {
  private readonly client = new AutoScalingClient(SDK_LIMITS);

  public async describe(names: readonly string[]): Promise<ScalingGroup[]> {
    const groups: ScalingGroup[] = [];
    let next: string | undefined;
    do {
      const page: DescribeAutoScalingGroupsCommandOutput = await this.client.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [...names], NextToken: next }),
      );
      for (const { AutoScalingGroupName = '', Instances = [] } of page.AutoScalingGroups ?? []) {
        const instances = Instances.map((it) => ({ id: it.InstanceId ?? '', lifecycleState: it.LifecycleState ?? '' }));
        groups.push({ name: AutoScalingGroupName, instances });
      }
      next = page.NextToken;
    } while (next);
    return groups;
  }
}
