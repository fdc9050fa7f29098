import { Duration, Names, Tokenization } from 'aws-cdk-lib';
import * as applicationautoscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { type FarmSize, serverConnections } from './farm-size';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';

const SCALE_OUT_COOLDOWN = Duration.seconds(60);
/** Each server that goes has to drain: the number must not follow every lull between two waves of syncs. */
const SCALE_IN_COOLDOWN = Duration.minutes(15);

export interface ScalingMetrics {
  readonly databaseConnections: cloudwatch.Metric;
  readonly syncQueue: cloudwatch.Metric;
}

/**
 * Keeps the number of servers by three signals. Application Auto Scaling adds servers when any of them asks for it, and takes some away only
 * when all agree; one without data agrees to nothing. So CPU adds servers also where mlsrv17 says nothing of itself.
 */
export function createScaling(
  service: ecs.FargateService,
  props: MobiLinkServerFarmProps,
  size: FarmSize,
  { databaseConnections, syncQueue }: ScalingMetrics,
): ecs.ScalableTaskCount {
  const scaling = service.autoScaleTaskCount({ minCapacity: size.minServers, maxCapacity: size.maxServers });
  const cooldowns = { scaleOutCooldown: SCALE_OUT_COOLDOWN, scaleInCooldown: SCALE_IN_COOLDOWN };
  scaling.scaleOnCpuUtilization('Cpu', {
    targetUtilizationPercent: props.targetCpuUtilizationPercent ?? 60,
    ...cooldowns,
  });
  trackConnections(scaling, databaseConnections, size, props.targetConnectionsPercent ?? 70);
  scaling.scaleToTrackCustomMetric('SyncQueue', {
    metric: syncQueue,
    targetValue: props.targetSyncQueueLength ?? 10,
    ...cooldowns,
  });
  return scaling;
}

/** Connections in percent of `-cn`: the L2 tracks single metrics only, and CloudFormation cannot multiply where a number is a token. */
function trackConnections(
  scaling: ecs.ScalableTaskCount,
  connections: cloudwatch.Metric,
  size: FarmSize,
  targetValue: number,
): void {
  const target = scaling.node.findChild('Target') as applicationautoscaling.ScalableTarget;
  const { namespace, metricName, dimensions = {}, statistic } = connections;
  new applicationautoscaling.CfnScalingPolicy(target, 'Connections', {
    policyName: `${Names.uniqueResourceName(target, { maxLength: 200 })}Connections`,
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.scalableTargetId,
    targetTrackingScalingPolicyConfiguration: {
      targetValue,
      scaleOutCooldown: SCALE_OUT_COOLDOWN.toSeconds(),
      scaleInCooldown: SCALE_IN_COOLDOWN.toSeconds(),
      customizedMetricSpecification: {
        metrics: [
          {
            id: 'connections',
            metricStat: {
              metric: {
                namespace,
                metricName,
                dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value: String(value) })),
              },
              stat: statistic,
            },
            returnData: false,
          },
          {
            id: 'used',
            label: 'Connections of a server in percent of those that it may have',
            expression: `100 * connections / ${budgetOf(size)}`,
            returnData: true,
          },
        ],
      },
    },
  });
}

/** Connections that a server may have: as a number, or for CloudWatch to work out. */
export function budgetOf(size: FarmSize): string {
  const connections = serverConnections(size);
  if (connections !== undefined) return `${connections}`;
  const [versions, workers] = [size.scriptVersions, size.maxWorkers].map(Tokenization.stringifyNumber);
  return `(${versions} * ${workers} + 1)`;
}
