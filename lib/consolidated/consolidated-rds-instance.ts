import { Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrimarySource } from '../primary/primary-source';
import { acknowledge } from '../validation/acknowledgement';
import { known, knownSeconds } from '../validation/problems';
import type { IConsolidatedDatabase } from './consolidated-database';
import { databaseIdOf } from './database-id';
import type { MobiLinkEngine } from './mobilink-engine';
import type { OdbcDataSource } from './odbc-data-source';
import { ConsolidatedRdsEngine } from './rds-engine';
import { DEFAULT_RESERVED_CONNECTIONS } from './reserved-connections';

const DEFAULT_STORAGE = 100;
/** GiB of gp3 for MySQL (RDS User Guide, "Amazon RDS DB instance storage"). */
const LARGEST_STORAGE = 65_536;

/** Properties of a consolidated database on an RDS instance. */
export interface ConsolidatedRdsInstanceProps {
  /** Where the database lives. Its subnets must lie in at least two Availability Zones, three for a later cluster. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets of the database.
   *
   * @default - the isolated subnets of the VPC if there are any, else the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The product, its version and what MobiLink needs of it.
   *
   * @default ConsolidatedRdsEngine.mysql()
   */
  readonly engine?: ConsolidatedRdsEngine;

  /**
   * The size of the instance: the largest part of the bill, twice because of the standby.
   *
   * @default - m7g.large
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
   * The schema that holds the tables and MobiLink's `ml_*` objects.
   *
   * @default 'mobilink'
   */
  readonly databaseName?: string;

  /**
   * The TCP port.
   *
   * @default - the engine's own: 3306 for MySQL
   */
  readonly port?: number;

  /**
   * The user of the login that mlsrv uses. It owns the `ml_*` objects, so it never changes.
   *
   * @default 'mobilink'
   */
  readonly mobiLinkUser?: string;

  /**
   * Connections that are not for MobiLink: operators, backup, monitoring.
   *
   * @default 20
   */
  readonly reservedConnections?: number;

  /**
   * How long automated backups are kept; 1 to 35 days. Remotes must keep their transaction logs longer than this: a remote
   * whose log is gone cannot follow a consolidated database that was restored to an older moment.
   *
   * @default Duration.days(14)
   */
  readonly backupRetention?: Duration;

  /**
   * Key for storage and secrets. Cost: one dollar a month and a price per request.
   *
   * @default - the keys that AWS manages for the account
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Groups of the database. They must let the MobiLink servers in.
   *
   * @default - one that lets nobody in until a farm is connected
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * How long CloudWatch keeps the error and slow query log.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Why this database may run in one Availability Zone: its loss then stops every sync until RDS has rebuilt the instance.
   * For development; halves the cost.
   *
   * @default - none: Multi-AZ
   */
  readonly singleAzReason?: string;

  /**
   * Why this database may be deleted by a deployment.
   *
   * @default - none: deletion protection is on
   */
  readonly deletableReason?: string;

  /**
   * What becomes of the database when it is removed from the stack.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
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

  /** The login of the administrator; not used by MobiLink. */
  public readonly masterSecret: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: ConsolidatedRdsInstanceProps) {
    super(scope, id);
    const engine = props.engine ?? ConsolidatedRdsEngine.mysql();
    validate(this, props, engine);

    const databaseName = props.databaseName ?? 'mobilink';
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
    const masterSecret = new rds.DatabaseSecret(this, 'MasterSecret', {
      username: 'admin',
      encryptionKey: props.encryptionKey,
    });
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: engine.instanceEngine,
      instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M7G, ec2.InstanceSize.LARGE),
      vpc: props.vpc,
      vpcSubnets: databaseSubnets(props),
      securityGroups,
      port: this.port,
      databaseName,
      credentials: rds.Credentials.fromSecret(masterSecret),
      parameterGroup: this.parameterGroup,
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
    this.masterSecret = this.instance.secret ?? masterSecret;
    this.mobiLinkLogin = new rds.DatabaseSecret(this, 'MobiLinkLogin', {
      username: props.mobiLinkUser ?? 'mobilink',
      encryptionKey: props.encryptionKey,
    }).attach(this.instance);

    this.odbc = engine._dataSource(this.instance.dbInstanceEndpointAddress, this.port, databaseName);
    this.primarySource = PrimarySource.rdsInstance(this.instance);
    this.connections = new ec2.Connections({ securityGroups, defaultPort: ec2.Port.tcp(this.port) });
    acknowledgeFindings(this, props, masterSecret);
  }
}

/** RDS wants the ceiling a tenth above the storage (RDS User Guide, "Managing capacity automatically with storage autoscaling"). */
function lowestCeiling(storage: number): number {
  return Math.ceil((storage * 11) / 10);
}

function defaultCeiling(storage: number): number | undefined {
  return lowestCeiling(storage) > LARGEST_STORAGE ? undefined : Math.min(5 * storage, LARGEST_STORAGE);
}

function databaseSubnets(props: ConsolidatedRdsInstanceProps): ec2.SubnetSelection {
  if (props.vpcSubnets) return props.vpcSubnets;
  const isolated = props.vpc.isolatedSubnets.length > 0;
  return { subnetType: isolated ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PRIVATE_WITH_EGRESS };
}

function validate(scope: Construct, props: ConsolidatedRdsInstanceProps, engine: ConsolidatedRdsEngine): void {
  const problems = engine._validate(scope);
  const { availabilityZones, subnetIds } = props.vpc.selectSubnets(databaseSubnets(props));
  const zones = new Set(availabilityZones);
  // `Vpc.fromVpcAttributes` repeats the text of a list that only CloudFormation knows: it says nothing about zones.
  const judged = ![subnetIds, availabilityZones].some(([first = '']) => Token.isUnresolved([first]));
  problems.require(!judged || zones.size >= 2, {
    id: 'MobiLink:Consolidated:AvailabilityZones',
    prop: 'vpcSubnets',
    rule: 'must lie in at least two Availability Zones, one for the primary and one for the standby',
    value: zones.size,
    fix: 'give the VPC three zones; without env a stack gets two: pass availabilityZones as bin/mobilink-ha.ts does',
  });
  const days = (knownSeconds(props.backupRetention) ?? 86_400) / 86_400;
  problems.require(Number.isInteger(days) && days >= 1 && days <= 35, {
    id: 'MobiLink:Consolidated:BackupRetention',
    prop: 'backupRetention',
    rule: 'must be 1 to 35 whole days',
    value: days,
    fix: 'RDS keeps automated backups for at most 35 days; for longer copy snapshots with AWS Backup',
  });
  for (const [prop, text] of [
    ['singleAzReason', props.singleAzReason],
    ['deletableReason', props.deletableReason],
  ] as const) {
    const reason = known(text);
    problems.require(reason === undefined || reason.trim() !== '', {
      id: 'MobiLink:Consolidated:Reason',
      prop,
      rule: 'must say why',
      value: reason,
      fix: 'write the reason for whoever reads the code after an outage, or leave the prop out',
    });
  }
  const port = known(props.port);
  problems.require(
    props.port === undefined || (port !== undefined && Number.isInteger(port) && port >= 1150 && port <= 65535),
    {
      id: 'MobiLink:Consolidated:Port',
      prop: 'port',
      rule: 'must be a whole number from 1150 to 65535 that is known at synth',
      value: port ?? 'a token',
      fix: `leave it out for ${engine.defaultPort}`,
    },
  );
  const name = known(props.databaseName);
  problems.require(name === undefined || /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name), {
    id: 'MobiLink:Consolidated:DatabaseName',
    prop: 'databaseName',
    rule: 'must be 1 to 64 letters, digits or underscores and begin with a letter',
    value: name,
    fix: "leave it out for 'mobilink'",
  });
  const user = known(props.mobiLinkUser);
  problems.require(
    user === undefined || (/^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(user) && user.toLowerCase() !== 'admin'),
    {
      id: 'MobiLink:Consolidated:MobiLinkUser',
      prop: 'mobiLinkUser',
      rule: "must be 1 to 32 letters, digits or underscores, begin with a letter, and not be the administrator 'admin'",
      value: user,
      fix: "leave it out for 'mobilink'",
    },
  );
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
  const reserved = known(props.reservedConnections);
  problems.require(
    reserved === undefined || (Number.isInteger(reserved) && reserved >= 0 && reserved < engine.maximumConnections),
    {
      id: 'MobiLink:Consolidated:ReservedConnections',
      prop: 'reservedConnections',
      rule: `must be a whole number from 0 to below engine.maximumConnections (${engine.maximumConnections})`,
      value: reserved,
      fix: 'leave it out for 20',
    },
  );
  problems.throwIfAny();
}

function acknowledgeFindings(
  owner: ConsolidatedRdsInstance,
  props: ConsolidatedRdsInstanceProps,
  masterSecret: rds.DatabaseSecret,
): void {
  const { instance } = owner;
  acknowledge(
    instance,
    'AwsSolutions-RDS11',
    'Only the MobiLink servers reach the port; another number would hide nothing.',
  );
  if (props.singleAzReason !== undefined) acknowledge(instance, 'AwsSolutions-RDS3', props.singleAzReason);
  if (props.deletableReason !== undefined) acknowledge(instance, 'AwsSolutions-RDS10', props.deletableReason);
  const rotation =
    'Rotation restarts every MobiLink server, so it is ordered by the operator and not by a calendar; see docs/architecture.md.';
  acknowledge(masterSecret, 'AwsSolutions-SMG4', rotation);
  const login = owner.node.tryFindChild('MobiLinkLogin');
  if (login) acknowledge(login, 'AwsSolutions-SMG4', rotation);
  // RDS names the log groups after the instance, so CloudFormation cannot own them: they may exist before it gets there.
  // aws-cdk-lib's log retention function, one a stack, is the way of the RDS construct; what it needs is its own.
  const retention = Stack.of(owner).node.children.find((child) => child.node.id.startsWith('LogRetention'));
  if (retention) {
    acknowledge(
      retention,
      'AwsSolutions-IAM4',
      'The log retention function of aws-cdk-lib: it writes its own log.',
      () => ['Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
    );
    acknowledge(
      retention,
      'AwsSolutions-IAM5',
      'The log retention function of aws-cdk-lib: log groups by any name.',
      () => ['Resource::*'],
    );
  }
}
