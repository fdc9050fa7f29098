import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { withRunbook } from '../runbook/runbook';
import { acknowledge } from '../validation/acknowledgement';
import { requireWhole } from '../validation/bounds';
import type { DatabaseAlarms, IConsolidatedDatabase } from './consolidated-database';
import type { ConsolidatedRdsProps } from './consolidated-rds-props';
import { databaseIdOf } from './database-id';
import { attached, MasterLogin } from './master-login';
import type { MobiLinkEngine } from './mobilink-engine';
import type { OdbcDataSource } from './odbc-data-source';
import { ConsolidatedRdsEngine } from './rds-engine';
import { acknowledgeLogRetention, acknowledgeRotation } from './rds-findings';
import { databaseSubnets, requireCommon } from './rds-rules';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

/** RDS User Guide, "Creating a Multi-AZ DB cluster": 100 GiB at least, and provisioned IOPS whatever the storage type is. */
const DEFAULT_STORAGE = 100;
const LARGEST_STORAGE = 65_536;
const DEFAULT_IOPS = 3_000;

/** A writer and two readers, which RDS makes and names after the cluster (RDS User Guide, "Creating a Multi-AZ DB cluster"). */
const MEMBERS = 3;

/** Properties of a consolidated database on a Multi-AZ DB cluster. */
export interface ConsolidatedRdsClusterProps extends ConsolidatedRdsProps {
  /**
   * The version of MySQL and what MobiLink needs of it.
   *
   * @default ConsolidatedRdsEngine.mysql()
   */
  readonly engine?: ConsolidatedRdsEngine;

  /**
   * The size of each of the three members: the largest part of the bill, three times. Classes with a local disk only, as `m6gd` or
   * `r6gd` (RDS User Guide, "Instance class availability for Multi-AZ DB clusters").
   *
   * @default - m6gd.large
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * Storage of each member in GiB; gp3. It does not grow by itself: alarm on free storage, and enlarge it in time.
   *
   * @default 100
   */
  readonly allocatedStorage?: number;

  /**
   * Provisioned IOPS of each member.
   *
   * @default 3000
   */
  readonly iops?: number;

  /**
   * From which lag of a reader on the alarm rings. A failover ends when both readers have applied what was committed, so a lagging reader
   * stretches it (RDS User Guide, "Failover for Multi-AZ DB clusters").
   *
   * @default Duration.seconds(30) UNSOURCED
   */
  readonly replicaLagAlarm?: Duration;

  /**
   * Whether writes wait for lagging readers is RDS's business; for how long the lag must last before the alarm rings, in whole minutes.
   *
   * @default Duration.minutes(5) UNSOURCED
   */
  readonly replicaLagFor?: Duration;
}

/**
 * A consolidated database on a Multi-AZ DB cluster of MySQL: a writer and two readers in three Availability Zones, replicated
 * semi-synchronously. Failover typically takes less than 35 s (RDS User Guide, "Failover for Multi-AZ DB clusters"); the name of the
 * cluster's endpoint stays.
 *
 * Not to be had on it: growing storage, stopping, another port (RDS User Guide, "Limitations of Multi-AZ DB clusters").
 */
export class ConsolidatedRdsCluster extends Construct implements IConsolidatedDatabase {
  public readonly databaseId: string;
  public readonly engine: MobiLinkEngine;
  public readonly port: number;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly primarySource: PrimarySource;
  public readonly isHighlyAvailable = true;
  public readonly backupRetention?: Duration;
  public readonly connections: ec2.Connections;

  /** The cluster. */
  public readonly cluster: rds.CfnDBCluster;

  /** Its parameter group. */
  public readonly parameterGroup: rds.CfnDBClusterParameterGroup;

  /** The login of the administrator; not used by MobiLink. */
  public readonly masterSecret: secretsmanager.ISecret;

  /** Rings while a reader lags. It has no action until one is added. Cost: 10 cents a month for each of its three metrics. */
  public readonly replicaLagAlarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: ConsolidatedRdsClusterProps) {
    super(scope, id);
    const engine = props.engine ?? ConsolidatedRdsEngine.mysql();
    validate(this, props, engine);

    const { databaseName: names, dataSource } = engine._specification;
    const databaseName = props.databaseName ?? names.usual;
    this.databaseId = databaseIdOf(this);
    this.engine = engine.engine;
    this.port = props.port ?? engine.defaultPort;
    this.maximumConnections = engine.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.backupRetention = props.backupRetention ?? Duration.days(14);

    const securityGroups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc: props.vpc,
        description: 'Consolidated database of MobiLink',
        allowAllOutbound: false,
      }),
    ];
    this.parameterGroup = new rds.CfnDBClusterParameterGroup(this, 'ParameterGroup', {
      family: engine.instanceEngine.parameterGroupFamily ?? '',
      description: 'What MobiLink needs of its consolidated database',
      parameters: engine.parameters,
    });
    const master = (props.masterLogin ?? MasterLogin.generated())._ofCluster(this, props.encryptionKey);
    this.cluster = this.createCluster(props, engine, databaseName, securityGroups, master.properties);
    this.masterSecret = master.secretOf(this.cluster);
    this.mobiLinkLogin = attached(this.createLogin(props), this.cluster);
    this.replicaLagAlarm = this.createAlarm(props);

    this.odbc = dataSource(this.cluster.attrEndpointAddress, this.port, databaseName);
    this.primarySource = PrimarySource.rdsCluster({
      clusterArn: this.cluster.attrDbClusterArn,
      clusterIdentifier: this.cluster.ref,
    });
    this.connections = new ec2.Connections({ securityGroups, defaultPort: ec2.Port.tcp(this.port) });
    if (props.deletableReason !== undefined) acknowledge(this.cluster, 'AwsSolutions-RDS10', props.deletableReason);
    acknowledgeLogRetention(this);
  }

  /** @internal */
  public _alarms(): DatabaseAlarms {
    return { urgent: [], others: [this.replicaLagAlarm] };
  }

  private createLogin({ mobiLinkUser, encryptionKey }: ConsolidatedRdsClusterProps): secretsmanager.Secret {
    const secret = new rds.DatabaseSecret(this, 'MobiLinkLogin', {
      username: mobiLinkUser ?? 'mobilink',
      encryptionKey,
    });
    acknowledgeRotation(secret);
    return secret;
  }

  private createCluster(
    props: ConsolidatedRdsClusterProps,
    engine: ConsolidatedRdsEngine,
    databaseName: string,
    securityGroups: ec2.ISecurityGroup[],
    master: Partial<rds.CfnDBClusterProps>,
  ): rds.CfnDBCluster {
    const subnetGroup = new rds.SubnetGroup(this, 'Subnets', {
      vpc: props.vpc,
      vpcSubnets: databaseSubnets(props),
      description: 'Consolidated database of MobiLink',
    });
    const type = props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M6GD, ec2.InstanceSize.LARGE);
    const cluster = new rds.CfnDBCluster(this, 'Cluster', {
      engine: engine.instanceEngine.engineType,
      engineVersion: engine.instanceEngine.engineVersion?.fullVersion,
      dbClusterInstanceClass: `db.${type.toString()}`,
      storageType: 'gp3',
      allocatedStorage: props.allocatedStorage ?? DEFAULT_STORAGE,
      iops: props.iops ?? DEFAULT_IOPS,
      storageEncrypted: true,
      kmsKeyId: props.encryptionKey?.keyArn,
      dbSubnetGroupName: subnetGroup.subnetGroupName,
      vpcSecurityGroupIds: securityGroups.map((group) => group.securityGroupId),
      dbClusterParameterGroupName: this.parameterGroup.ref,
      port: this.port,
      publiclyAccessible: false,
      databaseName,
      ...master,
      backupRetentionPeriod: this.backupRetention?.toDays(),
      copyTagsToSnapshot: true,
      deletionProtection: props.deletableReason === undefined,
      autoMinorVersionUpgrade: true,
      enableCloudwatchLogsExports: engine.logExports,
    });
    cluster.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.SNAPSHOT);
    for (const name of engine.logExports) {
      new logs.LogRetention(this, `LogRetention${name}`, {
        logGroupName: `/aws/rds/cluster/${cluster.ref}/${name}`,
        retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      });
    }
    return cluster;
  }

  /** The metric is one of each member; the writer has none, and which member that is changes. */
  private createAlarm({ replicaLagAlarm, replicaLagFor }: ConsolidatedRdsClusterProps): cloudwatch.Alarm {
    const members = Array.from({ length: MEMBERS }, (_, index) => `member${index + 1}`);
    const usingMetrics = Object.fromEntries(
      members.map((name, index): [string, cloudwatch.IMetric] => [
        name,
        new cloudwatch.Metric({
          namespace: 'AWS/RDS',
          metricName: 'ReplicaLag',
          dimensionsMap: { DBInstanceIdentifier: `${this.cluster.ref}-instance-${index + 1}` },
          statistic: cloudwatch.Stats.MAXIMUM,
          period: Duration.minutes(1),
        }),
      ]),
    );
    return new cloudwatch.Alarm(this, 'ReplicaLag', {
      alarmDescription: withRunbook(
        `A reader lags: until it has caught up, a failover takes longer than usual. (${this.databaseId})`,
        'replica-lag',
      ),
      metric: new cloudwatch.MathExpression({
        expression: `MAX([${members.join(', ')}])`,
        usingMetrics,
        period: Duration.minutes(1),
        label: 'Lag of the reader that is furthest behind',
      }),
      threshold: (replicaLagAlarm ?? Duration.seconds(30)).toSeconds(),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: (replicaLagFor ?? Duration.minutes(5)).toMinutes(),
      // Without any reader there is nothing that could lag; that is for the tracker and for RDS's own events to tell.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}

function validate(scope: Construct, props: ConsolidatedRdsClusterProps, engine: ConsolidatedRdsEngine): void {
  const problems = engine._validate(scope);
  requireCommon(problems, props, engine, {
    zones: 3,
    why: 'one for the writer and one for each of the two readers',
    reasons: { deletableReason: props.deletableReason },
    instanceType: props.instanceType,
  });
  const { hasClusters, product } = engine._specification;
  problems.require(hasClusters, {
    id: 'MobiLink:Consolidated:ClusterEngine',
    prop: 'engine',
    rule: 'must be MySQL: RDS has Multi-AZ DB clusters of no other engine that MobiLink can use',
    value: product,
    fix: 'use ConsolidatedRdsInstance, or ConsolidatedRdsEngine.mysql()',
  });
  props.masterLogin?._validate(problems, false);
  requireWhole(problems, props.allocatedStorage, {
    id: 'MobiLink:Consolidated:AllocatedStorage',
    prop: 'allocatedStorage',
    lowest: DEFAULT_STORAGE,
    highest: LARGEST_STORAGE,
    fix: 'size it for years: the storage of a cluster does not grow by itself',
  });
  requireWhole(problems, props.iops, {
    id: 'MobiLink:Consolidated:Iops',
    prop: 'iops',
    lowest: 1_000,
    highest: 256_000,
    fix: 'leave it out for 3000',
  });
  const type = props.instanceType?.toString();
  problems.require(type === undefined || Token.isUnresolved(type) || /^[a-z]+\d+[a-z]*d[a-z]*\./.test(type), {
    id: 'MobiLink:Consolidated:InstanceClass',
    prop: 'instanceType',
    rule: 'must be of a class with a local disk; Multi-AZ DB clusters run on no other',
    value: type,
    fix: 'take m6gd, r6gd, m5d or r5d',
  });
  const lag = props.replicaLagAlarm;
  problems.require(lag === undefined || lag.isUnresolved() || lag.toSeconds({ integral: false }) > 0, {
    id: 'MobiLink:Consolidated:ReplicaLag',
    prop: 'replicaLagAlarm',
    rule: 'must be above zero',
    value: lag?.toHumanString(),
    fix: 'leave it out for 30 seconds',
  });
  const minutes = props.replicaLagFor?.isUnresolved() ? 5 : (props.replicaLagFor?.toMinutes({ integral: false }) ?? 5);
  problems.require(Number.isInteger(minutes) && minutes >= 1 && minutes <= 1440, {
    id: 'MobiLink:Consolidated:ReplicaLag',
    prop: 'replicaLagFor',
    rule: 'must be a whole number of minutes from 1 to 1440',
    value: props.replicaLagFor?.toHumanString(),
    fix: 'write it with Duration.minutes',
  });
  problems.throwIfAny();
}
