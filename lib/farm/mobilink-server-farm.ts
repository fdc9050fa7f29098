import { Annotations, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { NetworkUse } from '../network/network-use';
import { requireWayOut } from '../network/way-out';
import { CertificateRollover } from './certificate-rollover';
import { checkConnectionBudget } from './connection-budget';
import { DatabasePreparation } from './database-preparation';
import { isPreparationNeeded } from './database-preparation-rules';
import { FarmAlarms } from './farm-alarms';
import { defaultsOf, type FarmDefaults } from './farm-defaults';
import { environmentOf, SCRATCH_FOLDER } from './farm-environment';
import { createLoadBalancer, portOf, streamNames } from './farm-load-balancer';
import { nameFarm } from './farm-name';
import { validateFarm } from './farm-rules';
import { createScaling } from './farm-scaling';
import { createService } from './farm-service';
import { type FarmSize, sizeOf } from './farm-size';
import { FarmSubnets } from './farm-subnets';
import type { BoundImage } from './image-source';
import { LoginRotator } from './login-rotator';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import { SERVER_METRICS, serverMetric } from './server-metrics';
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

  /** The number of servers; add a signal of your own here. */
  public readonly scaling: ecs.ScalableTaskCount;

  /** Prepares the consolidated database before the servers start; undefined if `preparation` leaves nothing to do. */
  public readonly preparation?: DatabasePreparation;

  /** Rotates the login that mlsrv uses; undefined without `loginRotation`. */
  public readonly loginRotator?: LoginRotator;

  /** The log of the servers. */
  public readonly logGroup: logs.LogGroup;

  /** They ring when servers run and do not say what the farm is scaled by. */
  public readonly alarms: cloudwatch.Alarm[];

  /** The name that remotes store as the address of their MobiLink server: `domainName`, else the load balancer's own. */
  public readonly address: string;

  /** @internal */
  public readonly _size: FarmSize;

  /** @internal */
  public readonly _isCrossZone: boolean;

  /**
   * Whether a stream has a certificate.
   *
   * @internal
   */
  public readonly _isEncrypted: boolean;

  constructor(scope: Construct, id: string, props: MobiLinkServerFarmProps) {
    super(scope, id);
    const defaults = defaultsOf(props);
    const size = sizeOf(props);
    const subnets = new FarmSubnets(props, defaults.exposure);
    validateFarm(this, props, defaults, size, subnets);
    checkConnectionBudget(this, props.database, size);
    requireWayOut(this, {
      vpc: props.vpc,
      subnets: subnets.servers,
      prop: 'serverSubnets',
      use: NetworkUse.SERVERS,
      reason: props.networkReason,
    });
    this._size = size;
    this._isCrossZone = props.crossZone ?? true;
    this._isEncrypted = defaults.streams.some(({ encrypted }) => encrypted);

    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      encryptionKey: props.logKey,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
    });
    const image = props.image._bind(this, props.database);
    const environment = environmentOf(this, props, defaults, size);
    const task = this.createTask(props, defaults, image, environment);
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
    this.service = createService(this, this.cluster, props, size, subnets, task);
    this.register(defaults);
    this.openPaths(props, defaults);
    this.preparation = this.prepare(props, subnets, task, image, environment);
    this.loginRotator = this.rotate(props, subnets, task, image, environment);
    this.replaceOnNewCertificate(props, defaults);
    this.scaling = createScaling(this.service, props, size, {
      databaseConnections: this.metricDatabaseConnections(),
      syncQueue: this.metricSyncQueue(),
    });
    this.alarms = new FarmAlarms(this, 'Alarms', {
      metric: (name, options) => this.metric(name, options),
      healthyServers: (options) => this.metricHealthyServers(options),
      topic: props.alarmTopic,
    }).alarms;
    this.address = nameFarm(this, this.loadBalancer, props);
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

  /** Any value that mlsrv17 says with `-ppv`, by its name in the log; the average of a server over 5 minutes unless told otherwise. */
  public metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return serverMetric(this, metricName, props);
  }

  /** Database connections that a server uses; the average of a server over 5 minutes unless told otherwise. */
  public metricDatabaseConnections(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.databaseConnections, props);
  }

  /** Synchronization work that waits in a server; the average of a server over 5 minutes unless told otherwise. */
  public metricSyncQueue(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.syncQueue, props);
  }

  /** Remotes that are connected to a server; the average of a server over 5 minutes unless told otherwise. */
  public metricConnectedClients(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.connectedClients, props);
  }

  /** The longest time that a sync waits for the database, in microseconds (unit UNSOURCED); the maximum over 5 minutes unless told otherwise. */
  public metricLongestDatabaseWait(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.longestDatabaseWait, { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /** Age of the oldest sync, in microseconds; the maximum over 5 minutes unless told otherwise. */
  public metricLongestSync(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.longestSync, { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /** Bytes left for temporary files; the minimum over 5 minutes unless told otherwise. */
  public metricFreeDiskSpace(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.freeDiskSpace, { statistic: cloudwatch.Stats.MINIMUM, ...props });
  }

  /** Errors in the log of mlsrv17; the sum over 5 minutes unless told otherwise. */
  public metricServerErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.serverErrors, { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /** Warnings in the log of mlsrv17; the sum over 5 minutes unless told otherwise. */
  public metricServerWarnings(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.serverWarnings, { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /** Those of the errors that come from the consolidated database; the sum over 5 minutes unless told otherwise. */
  public metricDatabaseErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.databaseErrors, { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /** Days until the first certificate of a stream ends, by the servers that use it; the minimum over 5 minutes unless told otherwise. */
  public metricCertificateDaysLeft(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SERVER_METRICS.certificateDaysLeft, { statistic: cloudwatch.Stats.MINIMUM, ...props });
  }

  /** Every stream of a server has the same health: that of the server. */
  private get anyTargetGroup(): elbv2.NetworkTargetGroup {
    const [first] = this.targetGroups;
    if (!first) throw new Error(`${this.node.path} has no stream`);
    return first;
  }

  private createTask(
    props: MobiLinkServerFarmProps,
    defaults: FarmDefaults,
    image: BoundImage,
    environment: { [name: string]: string },
  ): ServerTask {
    const { streams, healthPort } = defaults;
    return createServerTask(this, {
      image,
      cpu: defaults.cpu,
      memoryLimitMiB: defaults.memoryLimitMiB,
      ephemeralStorageGiB: props.ephemeralStorageGiB,
      ports: [...streams.map((stream) => stream.port), healthPort],
      environment,
      secrets: [
        props.database.mobiLinkLogin,
        ...streams.flatMap((stream) => stream.identity ?? []),
        ...streams.flatMap((stream) => stream.identityPassword ?? []),
      ],
      logGroup: this.logGroup,
    });
  }

  private prepare(
    props: MobiLinkServerFarmProps,
    subnets: FarmSubnets,
    task: ServerTask,
    image: BoundImage,
    environment: { [name: string]: string },
  ): DatabasePreparation | undefined {
    if (!isPreparationNeeded(props.preparation)) return undefined;
    const preparation = new DatabasePreparation(this, 'Preparation', {
      ...props.preparation,
      database: props.database,
      cluster: this.cluster,
      subnets: subnets.servers,
      securityGroups: this.service.connections.securityGroups,
      imageUri: image.uri,
      executionRole: task.executionRole,
      logGroup: this.logGroup,
      environment,
      scratch: SCRATCH_FOLDER,
      logRetention: props.logRetention,
      logKey: props.logKey,
    });
    this.service.node.addDependency(preparation.resource);
    return preparation;
  }

  private rotate(
    props: MobiLinkServerFarmProps,
    subnets: FarmSubnets,
    task: ServerTask,
    image: BoundImage,
    environment: { [name: string]: string },
  ): LoginRotator | undefined {
    if (!props.loginRotation) return undefined;
    return new LoginRotator(this, 'LoginRotator', {
      rotation: props.loginRotation,
      mobiLinkLogin: props.database.mobiLinkLogin,
      cluster: this.cluster,
      subnets: subnets.servers,
      securityGroups: this.service.connections.securityGroups,
      imageUri: image.uri,
      executionRole: task.executionRole,
      logGroup: this.logGroup,
      environment,
      scratch: SCRATCH_FOLDER,
      alarmTopic: props.alarmTopic,
      logRetention: props.logRetention,
      logKey: props.logKey,
    });
  }

  private replaceOnNewCertificate({ logRetention }: MobiLinkServerFarmProps, { streams }: FarmDefaults): void {
    const secrets = streams.flatMap(({ identity, identityPassword }) =>
      [identity ?? [], identityPassword ?? []].flat(),
    );
    if (secrets.length === 0) return;
    new CertificateRollover(this, 'CertificateRollover', {
      cluster: this.cluster,
      service: this.service,
      secrets,
      logRetention,
    });
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
}
