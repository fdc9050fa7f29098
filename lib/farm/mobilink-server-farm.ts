import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as targets from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { known } from '../validation/problems';
import { checkConnectionBudget } from './connection-budget';
import { defaultsOf, type FarmDefaults } from './farm-defaults';
import { environmentOf } from './farm-environment';
import { createLoadBalancer, portOf, streamNames } from './farm-load-balancer';
import { validateFarm } from './farm-rules';
import { type FarmSize, sizeOf } from './farm-size';
import { FarmSubnets } from './farm-subnets';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import { createServerTask, type ServerTask } from './server-task';

export * from './mobilink-server-farm-props';

/**
 * MobiLink servers before one consolidated database: tasks of ECS on Fargate in several Availability Zones, behind a network
 * load balancer that passes every stream through as TCP. A server holds no state between syncs, so each may go at any time;
 * one that goes for a deployment or because there is less to do first finishes what it has begun.
 */
export class MobiLinkServerFarm extends Construct implements ec2.IConnectable {
  /** Who may reach the farm: the load balancer's side that faces the remotes. */
  public readonly connections: ec2.Connections;

  /** The cluster that the servers belong to. */
  public readonly cluster: ecs.ICluster;

  /** Keeps the servers running. Its `connections` are those of the servers. */
  public readonly service: ecs.FargateService;

  /** One server. */
  public readonly taskDefinition: ecs.FargateTaskDefinition;

  /** The container with mlsrv17 and its supervisor. */
  public readonly container: ecs.ContainerDefinition;

  /** What the remotes connect to. */
  public readonly loadBalancer: elbv2.NetworkLoadBalancer;

  /** One for each stream, in the order of `streams`. */
  public readonly listeners: elbv2.NetworkListener[];

  /** One for each stream, in the order of `streams`. */
  public readonly targetGroups: elbv2.NetworkTargetGroup[];

  /** Elastic IP addresses of the farm's own, if `staticAddresses` asked for them. */
  public readonly addresses: ec2.CfnEIP[];

  /** The number of servers; add another signal than CPU here. */
  public readonly scaling: ecs.ScalableTaskCount;

  /** The log of the servers. */
  public readonly logGroup: logs.LogGroup;

  /** The name that remotes store as the address of their MobiLink server: `domainName`, else the load balancer's own. */
  public readonly address: string;

  constructor(scope: Construct, id: string, props: MobiLinkServerFarmProps) {
    super(scope, id);
    const defaults = defaultsOf(props);
    const size = sizeOf(props);
    const subnets = new FarmSubnets(props, defaults.exposure);
    validateFarm(this, props, defaults, size, subnets);
    checkConnectionBudget(this, props.database, size);

    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      encryptionKey: props.logKey,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
    });
    const task = this.createTask(props, defaults, size);
    this.taskDefinition = task.taskDefinition;
    this.container = task.container;

    const front = createLoadBalancer(this, props, defaults, subnets);
    this.loadBalancer = front.loadBalancer;
    this.listeners = front.listeners;
    this.targetGroups = front.targetGroups;
    this.addresses = front.addresses;
    const [only, ...more] = defaults.streams;
    this.connections = new ec2.Connections({
      securityGroups: this.loadBalancer.connections.securityGroups,
      ...(only && more.length === 0 ? { defaultPort: portOf(only.port, 'Stream') } : {}),
    });

    this.cluster =
      props.cluster ??
      new ecs.Cluster(this, 'Cluster', { vpc: props.vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
    this.service = this.createService(props, size, subnets, task);
    this.register(defaults);
    this.openPaths(props, defaults);
    this.scaling = this.createScaling(props, size);
    this.address = this.name(props);
  }

  /** CPU use of the servers in percent; the average over 5 minutes unless told otherwise. */
  public metricCpuUtilization(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.service.metricCpuUtilization(props);
  }

  /** Memory use of the servers in percent; the average over 5 minutes unless told otherwise. */
  public metricMemoryUtilization(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.service.metricMemoryUtilization(props);
  }

  /** Servers that answer the load balancer; the minimum over 5 minutes unless told otherwise. */
  public metricHealthyServers(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.anyTargetGroup.metrics.healthyHostCount({ statistic: 'Minimum', ...props });
  }

  /** Servers that do not answer the load balancer; the maximum over 5 minutes unless told otherwise. */
  public metricUnhealthyServers(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.anyTargetGroup.metrics.unHealthyHostCount({ statistic: 'Maximum', ...props });
  }

  /** Connections of remotes at a time; the average over 5 minutes unless told otherwise. */
  public metricActiveConnections(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.loadBalancer.metrics.activeFlowCount(props);
  }

  /** Every stream of a server has the same health: that of the server. */
  private get anyTargetGroup(): elbv2.NetworkTargetGroup {
    const [first] = this.targetGroups;
    if (!first) throw new Error(`${this.node.path} has no stream`);
    return first;
  }

  private createTask(props: MobiLinkServerFarmProps, defaults: FarmDefaults, size: FarmSize): ServerTask {
    const { streams, healthPort } = defaults;
    return createServerTask(this, {
      image: props.image,
      cpu: defaults.cpu,
      memoryLimitMiB: defaults.memoryLimitMiB,
      ephemeralStorageGiB: props.ephemeralStorageGiB,
      ports: [...streams.map((stream) => stream.port), healthPort],
      environment: environmentOf(this, {
        database: props.database,
        streams,
        healthPort,
        size,
        longestSync: defaults.longestSync,
        extraArguments: props.extraArguments ?? [],
      }),
      secrets: [
        props.database.mobiLinkLogin,
        ...streams.flatMap((stream) => stream.identity ?? []),
        ...streams.flatMap((stream) => stream.identityPassword ?? []),
      ],
      logGroup: this.logGroup,
    });
  }

  private createService(
    props: MobiLinkServerFarmProps,
    size: FarmSize,
    subnets: FarmSubnets,
    task: ServerTask,
  ): ecs.FargateService {
    const ceiling = known(size.maximumPercent);
    const service = new ecs.FargateService(this, 'Service', {
      cluster: this.cluster,
      taskDefinition: task.taskDefinition,
      platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
      vpcSubnets: { subnets: subnets.servers },
      assignPublicIp: false,
      securityGroups: props.securityGroups ?? [
        new ec2.SecurityGroup(this, 'ServerSecurityGroup', {
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

  private register(defaults: FarmDefaults): void {
    for (const [index, stream] of defaults.streams.entries()) {
      this.targetGroups[index]?.addTarget(
        this.service.loadBalancerTarget({
          containerName: this.container.containerName,
          containerPort: stream.port,
          protocol: ecs.Protocol.TCP,
        }),
      );
    }
  }

  /**
   * Always from this side: rules that the database's or a given group's side would write make two stacks need each other.
   */
  private openPaths(props: MobiLinkServerFarmProps, defaults: FarmDefaults): void {
    for (const group of props.securityGroups ?? []) {
      if (group.allowAllOutbound) Annotations.of(group).acknowledgeWarning('@aws-cdk/aws-ec2:ipv4IgnoreEgressRule');
    }
    const names = streamNames(defaults.streams);
    for (const [index, stream] of defaults.streams.entries()) {
      const port = portOf(stream.port, names[index] ?? stream.protocol);
      this.loadBalancer.connections.allowTo(this.service, port, 'MobiLink streams');
    }
    this.loadBalancer.connections.allowTo(this.service, portOf(defaults.healthPort, 'Health'), 'Health of servers');
    this.service.connections.allowTo(props.database, ec2.Port.tcp(props.database.port), 'Consolidated database');
    this.service.connections.allowToAnyIpv4(ec2.Port.HTTPS, 'AWS APIs');
  }

  private createScaling(props: MobiLinkServerFarmProps, size: FarmSize): ecs.ScalableTaskCount {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: size.minServers, maxCapacity: size.maxServers });
    scaling.scaleOnCpuUtilization('Cpu', {
      targetUtilizationPercent: props.targetCpuUtilizationPercent ?? 60,
      scaleOutCooldown: Duration.seconds(60),
      // Each server that goes has to drain: the number must not follow every lull between two waves of syncs.
      scaleInCooldown: Duration.minutes(15),
    });
    return scaling;
  }

  private name({ domainName, domainZone }: MobiLinkServerFarmProps): string {
    if (domainName === undefined || domainZone === undefined) return this.loadBalancer.loadBalancerDnsName;
    const name = domainName.replace(/\.$/, '');
    new route53.ARecord(this, 'Alias', {
      zone: domainZone,
      // With the dot it is taken as it stands; else a zone whose name is a token would be appended to it.
      recordName: `${name}.`,
      target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(this.loadBalancer)),
      comment: 'MobiLink server farm',
    });
    return name;
  }
}
