import { Duration, RemovalPolicy, Tags } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';
import { FarmExposure, FarmStickiness, MobiLinkImage, MobiLinkStream } from '../../lib';
import { addFarm, build, farmland } from './farm-fixture';
import { attributesIn, environmentIn } from './read-template';

describe('a farm with nothing but a VPC, a database and an image', () => {
  const { template, stack, farm } = build();

  it('is a Fargate task for x86-64 that restarts in place and may write one folder only', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '1024',
      Memory: '4096',
      RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
      Volumes: [{ Name: 'Scratch' }],
      ContainerDefinitions: [
        Match.objectLike({
          Essential: true,
          ReadonlyRootFilesystem: true,
          RestartPolicy: { Enabled: true, RestartAttemptPeriod: 60 },
          MountPoints: [{ ContainerPath: '/scratch', SourceVolume: 'Scratch', ReadOnly: false }],
          LinuxParameters: Match.absent(),
          Secrets: Match.absent(),
        }),
      ],
    });
  });

  it('has up to Fargate’s 120 s to stop: more is accepted by every gate and fails at deployment', () => {
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    const timeouts = task?.Properties.ContainerDefinitions.map((each: { StopTimeout: number }) => each.StopTimeout);
    expect(timeouts).toEqual([120]);
  });

  it('notices a dead database host by TCP keepalive', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        Match.objectLike({
          SystemControls: [
            { Namespace: 'net.ipv4.tcp_keepalive_time', Value: '1' },
            { Namespace: 'net.ipv4.tcp_keepalive_intvl', Value: '1' },
            { Namespace: 'net.ipv4.tcp_keepalive_probes', Value: '5' },
          ],
        }),
      ],
    });
  });

  it('runs in private subnets, deploys with rollback, and leaves the number of servers to scaling', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      LaunchType: 'FARGATE',
      PlatformVersion: '1.4.0',
      DesiredCount: Match.absent(),
      AvailabilityZoneRebalancing: 'ENABLED',
      HealthCheckGracePeriodSeconds: 300,
      PropagateTags: 'SERVICE',
      DeploymentConfiguration: Match.objectLike({
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MaximumPercent: 200,
        MinimumHealthyPercent: 100,
      }),
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          AssignPublicIp: 'DISABLED',
          Subnets: [
            { Ref: Match.stringLikeRegexp('VpcPrivateSubnet1') },
            { Ref: Match.stringLikeRegexp('VpcPrivateSubnet2') },
          ],
        },
      },
    });
    template.hasResourceProperties('AWS::ECS::Cluster', {
      ClusterSettings: [{ Name: 'containerInsights', Value: 'enabled' }],
    });
  });

  it('scales on CPU: out after 60 s, in after 15 minutes', () => {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 4 });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
        TargetValue: 60,
        ScaleOutCooldown: 60,
        ScaleInCooldown: 900,
      },
    });
  });

  it('passes TCP through an internal load balancer over every zone', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Type: 'network',
      Scheme: 'internal',
      Subnets: [
        { Ref: Match.stringLikeRegexp('VpcPrivateSubnet1') },
        { Ref: Match.stringLikeRegexp('VpcPrivateSubnet2') },
      ],
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }]),
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 2439,
      Protocol: 'TCP',
      Certificates: Match.absent(),
      ListenerAttributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '350' }],
    });
  });

  it('checks the health port of the supervisor by TCP every 10 s', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      Port: 2439,
      Protocol: 'TCP',
      TargetType: 'ip',
      HealthCheckProtocol: 'TCP',
      HealthCheckPort: '8439',
      HealthCheckIntervalSeconds: 10,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
    });
  });

  it('lets syncs finish, whether a server leaves or misses a probe, and keeps a remote on its server', () => {
    expect(attributesIn(template)).toEqual([
      {
        'preserve_client_ip.enabled': 'false',
        'deregistration_delay.connection_termination.enabled': 'false',
        'deregistration_delay.timeout_seconds': '900',
        'target_health_state.unhealthy.connection_termination.enabled': 'false',
        'target_health_state.unhealthy.draining_interval_seconds': '900',
        'stickiness.enabled': 'true',
        'stickiness.type': 'source_ip',
      },
    ]);
  });

  it('keeps its log for three months', () => {
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 90, LogGroupName: Match.absent() },
      DeletionPolicy: 'Delete',
    });
  });

  it('tells the supervisor everything but secrets', () => {
    const environment = environmentIn(template);
    expect(environment).toEqual({
      MOBILINK_DATABASE: expect.any(String),
      MOBILINK_LOGIN_SECRET_ARN: { Ref: expect.stringMatching('DatabaseLogin') },
      MOBILINK_STREAMS: '[{"protocol":"tcpip","port":2439}]',
      MOBILINK_HEALTH_PORT: '8439',
      MOBILINK_WORKERS: '5',
      MOBILINK_MAX_WORKERS: '5',
      MOBILINK_SCRIPT_VERSIONS: '1',
      MOBILINK_MAX_CONNECTIONS: '6',
      MOBILINK_LONGEST_SYNC_SECONDS: '900',
      MOBILINK_EXTRA_ARGUMENTS: '[]',
      MOBILINK_PERIODIC_SECONDS: '60',
      MOBILINK_METRICS: JSON.stringify({ namespace: 'MobiLinkHA', farm: 'Test-Farm-EACE1162' }),
      SATMP: '/scratch',
    });
    expect(JSON.parse(String(environment.MOBILINK_DATABASE))).toEqual({
      engine: 'mysql',
      dsn: { SERVER: 'db.example.com', PORT: '3307', DATABASE: 'sync', SSLMODE: 'VERIFY_IDENTITY' },
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:secretsmanager');
  });

  it('is called by the name of its load balancer', () => {
    expect(stack.resolve(farm.address)).toEqual({
      'Fn::GetAtt': [expect.stringMatching('FarmLoadBalancer'), 'DNSName'],
    });
  });

  it('sets no physical name', () => {
    const named = ['Name', 'ServiceName', 'ClusterName', 'RoleName', 'LogGroupName', 'GroupName'];
    for (const [id, resource] of Object.entries(
      template.toJSON().Resources as Record<string, { Properties?: object }>,
    )) {
      for (const name of named) if (id.startsWith('Farm')) expect(resource.Properties ?? {}).not.toHaveProperty(name);
    }
  });
});

describe('what a farm is given', () => {
  it('is what it uses', () => {
    const land = farmland();
    const logKey = new kms.Key(land.stack, 'Key');
    const { template } = build(
      {
        streams: [MobiLinkStream.tcpip({ port: 12439 })],
        stickiness: FarmStickiness.none(),
        crossZone: false,
        minServers: 3,
        maxServers: 6,
        cpu: 2048,
        memoryLimitMiB: 8192,
        ephemeralStorageGiB: 50,
        workers: 4,
        maxWorkers: 8,
        scriptVersions: 2,
        longestSync: Duration.minutes(20),
        tcpIdleTimeout: Duration.seconds(600),
        preserveClientIp: true,
        maximumPercent: 150,
        minimumHealthyPercent: 50,
        healthPort: 9000,
        startupGracePeriod: Duration.minutes(10),
        targetCpuUtilizationPercent: 40,
        extraArguments: ['-zf', '-cr 5'],
        logRetention: logs.RetentionDays.ONE_WEEK,
        logKey,
        removalPolicy: RemovalPolicy.RETAIN,
      },
      land,
    );
    expect(attributesIn(template)).toEqual([
      expect.objectContaining({
        'stickiness.enabled': 'false',
        'preserve_client_ip.enabled': 'true',
        'deregistration_delay.timeout_seconds': '1200',
        'target_health_state.unhealthy.draining_interval_seconds': '1200',
      }),
    ]);
    expect(attributesIn(template)[0]).not.toHaveProperty('stickiness.type');
    expect(environmentIn(template)).toMatchObject({
      MOBILINK_STREAMS: '[{"protocol":"tcpip","port":12439}]',
      MOBILINK_HEALTH_PORT: '9000',
      MOBILINK_WORKERS: '4',
      MOBILINK_MAX_WORKERS: '8',
      MOBILINK_MAX_CONNECTIONS: '17',
      MOBILINK_LONGEST_SYNC_SECONDS: '1200',
      MOBILINK_EXTRA_ARGUMENTS: '["-zf","-cr 5"]',
    });
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '2048',
      Memory: '8192',
      EphemeralStorage: { SizeInGiB: 50 },
    });
    template.hasResourceProperties('AWS::ECS::Service', {
      HealthCheckGracePeriodSeconds: 600,
      DeploymentConfiguration: Match.objectLike({ MaximumPercent: 150, MinimumHealthyPercent: 50 }),
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 3, MaxCapacity: 6 });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: Match.objectLike({ TargetValue: 40 }),
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'load_balancing.cross_zone.enabled', Value: 'false' }]),
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      ListenerAttributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '600' }],
    });
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 7, KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] } },
      DeletionPolicy: 'Retain',
    });
  });

  it('can be a cluster of somebody else', () => {
    const land = farmland();
    const cluster = new ecs.Cluster(land.stack, 'Shared', { vpc: land.vpc });
    const { template, farm } = build({ cluster }, land);
    template.resourceCountIs('AWS::ECS::Cluster', 1);
    expect(farm.cluster).toBe(cluster);
  });

  it('can be one server, with a reason', () => {
    const { template } = build({ minServers: 1, maxServers: 1, singleServerReason: 'development' });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 1, MaxCapacity: 1 });
  });

  it('can be an image by digest', () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const { template } = build(({ stack }) => ({
      image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Given', 'given'), { digest }),
    }));
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    expect(JSON.stringify(task?.Properties.ContainerDefinitions[0].Image)).toContain(`/given@${digest}`);
  });

  it('can be tagged as a whole', () => {
    const land = farmland();
    const farm = addFarm(land);
    Tags.of(farm).add('team', 'sync');
    const template = Template.fromStack(land.stack);
    for (const type of ['AWS::ECS::Service', 'AWS::Logs::LogGroup', 'AWS::ElasticLoadBalancingV2::LoadBalancer']) {
      template.hasResourceProperties(type, { Tags: Match.arrayWith([{ Key: 'team', Value: 'sync' }]) });
    }
  });

  it('can be two farms in one stack', () => {
    const land = farmland();
    addFarm(land, {}, 'North');
    addFarm(land, {}, 'South');
    const template = Template.fromStack(land.stack);
    template.resourceCountIs('AWS::ECS::Service', 2);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 2);
  });
});

describe('names and addresses', () => {
  it('exposes every part', () => {
    const { farm } = build();
    expect(farm.container.containerName).toBe('Server');
    expect(farm.service.taskDefinition).toBe(farm.taskDefinition);
    expect(farm.loadBalancer.connections.securityGroups).toEqual(farm.connections.securityGroups);
    expect(farm.addresses).toEqual([]);
  });

  it('measures what AWS publishes, by the dimensions that AWS publishes it with', () => {
    const { farm, stack } = build({ exposure: FarmExposure.internal() });
    const published = [
      [farm.metricCpuUtilization(), 'AWS/ECS', 'CPUUtilization', ['ClusterName', 'ServiceName']],
      [farm.metricMemoryUtilization(), 'AWS/ECS', 'MemoryUtilization', ['ClusterName', 'ServiceName']],
      [farm.metricHealthyServers(), 'AWS/NetworkELB', 'HealthyHostCount', ['LoadBalancer', 'TargetGroup']],
      [farm.metricUnhealthyServers(), 'AWS/NetworkELB', 'UnHealthyHostCount', ['LoadBalancer', 'TargetGroup']],
      [farm.metricActiveConnections(), 'AWS/NetworkELB', 'ActiveFlowCount', ['LoadBalancer']],
    ] as const;
    for (const [metric, namespace, name, dimensions] of published) {
      expect([metric.namespace, metric.metricName, Object.keys(metric.dimensions ?? {}).sort()]).toEqual([
        namespace,
        name,
        dimensions,
      ]);
    }
    expect(farm.metricHealthyServers().statistic).toBe('Minimum');
    expect(farm.metricUnhealthyServers({ statistic: 'Average' }).statistic).toBe('Average');
    // The name of the load balancer stands in the ARN of its listener as well.
    expect(JSON.stringify(stack.resolve(farm.metricHealthyServers().dimensions))).toContain('FarmLoadBalancerTcpip');
  });

  it('has a default port for its connections while there is one stream', () => {
    const peer = (template: Template) =>
      Object.values(template.findResources('AWS::EC2::SecurityGroup')).flatMap(
        (group) => group.Properties.SecurityGroupIngress ?? [],
      );
    const land = farmland();
    const farm = addFarm(land);
    farm.connections.allowDefaultPortFrom(ec2.Peer.ipv4('192.0.2.0/24'));
    expect(peer(Template.fromStack(land.stack))).toEqual([
      expect.objectContaining({ CidrIp: '192.0.2.0/24', FromPort: 2439, ToPort: 2439 }),
    ]);
  });
});
