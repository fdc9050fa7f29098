import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { acknowledge } from '../validation/acknowledgement';
import { known } from '../validation/problems';
import type { IConsolidatedDatabase } from './consolidated-database';
import type { ConsolidatedRdsProps } from './consolidated-rds-props';
import { databaseIdOf } from './database-id';
import { MasterLogin } from './master-login';
import { MobiLinkEngine } from './mobilink-engine';
import type { OdbcDataSource } from './odbc-data-source';
import { ConsolidatedRdsEngine } from './rds-engine';
import { acknowledgeLogRetention, acknowledgeRotation } from './rds-findings';
import { databaseSubnets, requireCommon } from './rds-rules';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

const DEFAULT_STORAGE = 100;
/** GiB of gp3 (RDS User Guide, "Amazon RDS DB instance storage"). */
const LARGEST_STORAGE = 65_536;

/** Properties of a consolidated database on an RDS instance. */
export interface ConsolidatedRdsInstanceProps extends ConsolidatedRdsProps {
  /**
   * The product, its version and what MobiLink needs of it.
   *
   * @default ConsolidatedRdsEngine.mysql()
   */
  readonly engine?: ConsolidatedRdsEngine;

  /**
   * The size of the instance: the largest part of the bill, twice because of the standby.
   *
   * @default - m7g.large for MySQL, m6i.large for SQL Server Standard and Oracle (m5.large with the licence included), m6i.xlarge for SQL Server Enterprise
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * Storage in GiB when it is created; gp3.
   *
   * @default 100
   */
  readonly allocatedStorage?: number;

  /**
   * Storage in GiB up to which RDS may grow it, 65536 at most. A full consolidated database stops every sync. Needed if
   * `allocatedStorage` is a token: CloudFormation cannot multiply.
   *
   * @default - five times `allocatedStorage` or 65536; it does not grow if it is near 65536 to begin with
   */
  readonly maxAllocatedStorage?: number;

  /**
   * Why this database may run in one Availability Zone: its loss then stops every sync until RDS has rebuilt the instance.
   * For development; halves the cost.
   *
   * @default - none: Multi-AZ
   */
  readonly singleAzReason?: string;
}

/**
 * A consolidated database on RDS, replicated synchronously to a standby in another Availability Zone. Failover takes 60 to
 * 120 s and more with large transactions (RDS User Guide, "Failing over a Multi-AZ DB instance"); the endpoint's name stays.
 */
export class ConsolidatedRdsInstance extends Construct implements IConsolidatedDatabase {
  public readonly databaseId: string;
  public readonly engine: MobiLinkEngine;
  public readonly port: number;
  public readonly odbc: OdbcDataSource;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly maximumConnections?: number;
  public readonly reservedConnections: number;
  public readonly primarySource: PrimarySource;
  public readonly isHighlyAvailable: boolean;
  public readonly backupRetention?: Duration;
  public readonly connections: ec2.Connections;

  /** The instance. */
  public readonly instance: rds.DatabaseInstance;

  /** Its parameter group. */
  public readonly parameterGroup: rds.ParameterGroup;

  /** Its option group, for an engine that needs one: Oracle, for TLS. */
  public readonly optionGroup?: rds.OptionGroup;

  /** The login of the administrator; not used by MobiLink. */
  public readonly masterSecret: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: ConsolidatedRdsInstanceProps) {
    super(scope, id);
    const engine = props.engine ?? ConsolidatedRdsEngine.mysql();
    validate(this, props, engine);

    const { databaseName: names, options, licence, ports, usualInstanceType, dataSource } = engine._specification;
    const databaseName = props.databaseName ?? names.usual;
    this.databaseId = databaseIdOf(this);
    this.engine = engine.engine;
    this.port = props.port ?? engine.defaultPort;
    this.maximumConnections = engine.maximumConnections;
    this.reservedConnections = props.reservedConnections ?? DEFAULT_RESERVED_CONNECTIONS;
    this.isHighlyAvailable = props.singleAzReason === undefined;
    this.backupRetention = props.backupRetention ?? Duration.days(14);

    const securityGroups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc: props.vpc,
        description: 'Consolidated database of MobiLink',
        allowAllOutbound: false,
      }),
    ];
    this.parameterGroup = new rds.ParameterGroup(this, 'ParameterGroup', {
      engine: engine.instanceEngine,
      description: 'What MobiLink needs of its consolidated database',
      parameters: engine.parameters,
    });
    this.optionGroup =
      options &&
      new rds.OptionGroup(this, 'Options', {
        engine: engine.instanceEngine,
        description: 'What MobiLink needs of its consolidated database',
        configurations: options.map(({ name, settings }) => ({
          name,
          settings: { ...settings },
          port: this.port,
          vpc: props.vpc,
          securityGroups,
        })),
      });
    const master = (props.masterLogin ?? MasterLogin.generated())._ofInstance(this, props.encryptionKey);
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: engine.instanceEngine,
      licenseModel: licence,
      instanceType: props.instanceType ?? new ec2.InstanceType(usualInstanceType),
      vpc: props.vpc,
      vpcSubnets: databaseSubnets(props),
      securityGroups,
      port: ports.unencrypted ?? this.port,
      databaseName: names.isMade ? databaseName : undefined,
      ...master,
      parameterGroup: this.parameterGroup,
      optionGroup: this.optionGroup,
      multiAz: this.isHighlyAvailable,
      storageType: rds.StorageType.GP3,
      allocatedStorage: props.allocatedStorage ?? DEFAULT_STORAGE,
      maxAllocatedStorage: props.maxAllocatedStorage ?? defaultCeiling(props.allocatedStorage ?? DEFAULT_STORAGE),
      storageEncrypted: true,
      storageEncryptionKey: props.encryptionKey,
      publiclyAccessible: false,
      backupRetention: this.backupRetention,
      deleteAutomatedBackups: false,
      copyTagsToSnapshot: true,
      deletionProtection: props.deletableReason === undefined,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
      autoMinorVersionUpgrade: true,
      cloudwatchLogsExports: engine.logExports,
      cloudwatchLogsRetention: props.logRetention ?? RetentionDays.THREE_MONTHS,
    });
    this.masterSecret = secretOf(this.instance);
    this.mobiLinkLogin = new rds.DatabaseSecret(this, 'MobiLinkLogin', {
      username: props.mobiLinkUser ?? 'mobilink',
      encryptionKey: props.encryptionKey,
    }).attach(this.instance);

    this.odbc = dataSource(this.instance.dbInstanceEndpointAddress, this.port, databaseName);
    this.primarySource = PrimarySource.rdsInstance(this.instance);
    this.connections = new ec2.Connections({ securityGroups, defaultPort: ec2.Port.tcp(this.port) });
    acknowledgeFindings(this, props);
  }
}

/** RDS wants the ceiling a tenth above the storage (RDS User Guide, "Managing capacity automatically with storage autoscaling"). */
function lowestCeiling(storage: number): number {
  return Math.ceil((storage * 11) / 10);
}

function defaultCeiling(storage: number): number | undefined {
  return lowestCeiling(storage) > LARGEST_STORAGE ? undefined : Math.min(5 * storage, LARGEST_STORAGE);
}

function validate(scope: Construct, props: ConsolidatedRdsInstanceProps, engine: ConsolidatedRdsEngine): void {
  const problems = engine._validate(scope);
  requireCommon(problems, props, engine, {
    zones: 2,
    why: 'one for the primary and one for the standby',
    reasons: { singleAzReason: props.singleAzReason, deletableReason: props.deletableReason },
    instanceType: props.instanceType,
  });
  // Of our products RDS has them for MySQL only: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.RDS_Fea_Regions_DB-eng.Feature.BlueGreenDeployments.html
  props.masterLogin?._validate(problems, engine.engine === MobiLinkEngine.MYSQL);
  const storage = known(props.allocatedStorage);
  problems.require(
    storage === undefined || (Number.isInteger(storage) && storage >= 20 && storage <= LARGEST_STORAGE),
    {
      id: 'MobiLink:Consolidated:AllocatedStorage',
      prop: 'allocatedStorage',
      rule: 'must be 20 to 65536 whole GiB of gp3',
      value: storage,
      fix: 'begin with what the database needs and let it grow by maxAllocatedStorage',
    },
  );
  problems.require(!Token.isUnresolved(props.allocatedStorage) || props.maxAllocatedStorage !== undefined, {
    id: 'MobiLink:Consolidated:MaxAllocatedStorage',
    prop: 'maxAllocatedStorage',
    rule: 'must be given if allocatedStorage is a token; CloudFormation cannot multiply',
    value: props.maxAllocatedStorage,
    fix: 'give a number or another parameter',
  });
  const ceiling = known(props.maxAllocatedStorage);
  const floor = lowestCeiling(storage ?? DEFAULT_STORAGE);
  const reachable = Token.isUnresolved(props.allocatedStorage) || (ceiling ?? floor) >= floor;
  problems.require(ceiling === undefined || (Number.isInteger(ceiling) && reachable && ceiling <= LARGEST_STORAGE), {
    id: 'MobiLink:Consolidated:MaxAllocatedStorage',
    prop: 'maxAllocatedStorage',
    rule: `must be whole GiB, at least a tenth above allocatedStorage (${floor} GiB) and at most ${LARGEST_STORAGE}`,
    value: ceiling,
    fix: 'leave it out for five times allocatedStorage',
  });
  problems.throwIfAny();
}

function secretOf({ secret, node }: rds.DatabaseInstance): secretsmanager.ISecret {
  if (!secret) throw new Error(`RDS instance '${node.path}' has no secret of its administrator`);
  return secret;
}

function acknowledgeFindings(owner: ConsolidatedRdsInstance, props: ConsolidatedRdsInstanceProps): void {
  const { instance } = owner;
  acknowledge(
    instance,
    'AwsSolutions-RDS11',
    'Only the MobiLink servers reach the port; another number would hide nothing.',
  );
  if (props.singleAzReason !== undefined) acknowledge(instance, 'AwsSolutions-RDS3', props.singleAzReason);
  if (props.deletableReason !== undefined) acknowledge(instance, 'AwsSolutions-RDS10', props.deletableReason);
  const login = owner.node.tryFindChild('MobiLinkLogin');
  if (login) acknowledgeRotation(login);
  acknowledgeLogRetention(owner);
}
