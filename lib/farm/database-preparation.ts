import { CustomResource, Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { Problems } from '../validation/problems';
import type { DatabasePreparationOptions } from './database-preparation-options';
import { validatePreparation } from './database-preparation-rules';
import { createPreparationTask } from './database-preparation-task';
import { allowToRun } from './one-off-task';

/** Properties of a preparation. It runs where the servers of a farm will run, as they do: `MobiLinkServerFarm` makes one of its own. */
export interface DatabasePreparationProps extends DatabasePreparationOptions {
  /** The consolidated database. The preparation begins once all of it that is in the same stack is there. */
  readonly database: IConsolidatedDatabase;

  /** The cluster that the task belongs to. */
  readonly cluster: ecs.ICluster;

  /** The subnets of the task. It reaches Secrets Manager, CloudWatch Logs, S3 and ECR by NAT or by VPC endpoints. */
  readonly subnets: ec2.ISubnet[];

  /** Security groups of the task: out to the database and to 443. */
  readonly securityGroups: ec2.ISecurityGroup[];

  /** The image of the servers, which prepares when it is run with the command `prepare`. */
  readonly imageUri: string;

  /** Pulls the image and writes the log. */
  readonly executionRole: iam.IRole;

  /** The log of the task. */
  readonly logGroup: logs.ILogGroup;

  /** What servers are told (docs/farm-environment.md); of it, the task is told what it needs. */
  readonly environment: { [name: string]: string };

  /** The one folder of the container that can be written, as `SATMP` has it. */
  readonly scratch: string;

  /**
   * How long the log of the function is kept that runs the task.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Key for that log. Its policy must let CloudWatch Logs use it.
   *
   * @default - a key that AWS owns
   */
  readonly logKey?: kms.IKey;
}

/** Lambda's longest: of it, the function waits for 13 minutes and keeps the rest for its answer. */
const TIMEOUT = Duration.minutes(15);

/** Lambda sends a request again when the function has failed without an answer; it finds the same task then. */
const PATIENCE = Duration.minutes(32);

/**
 * Prepares the consolidated database for MobiLink, once, by a task of its own: SAP's set-up script for the database product, then your
 * own scripts. Each deployment that changes image, database or scripts looks again and does what is missing; removing it undoes nothing.
 * Whoever depends on `resource` begins when the database is prepared; a preparation that fails fails the deployment with its last words.
 */
export class DatabasePreparation extends Construct {
  /** There once the database is prepared. */
  public readonly resource: CustomResource;

  /** Can be run by hand, as often as you like. */
  public readonly taskDefinition: ecs.CfnTaskDefinition;

  constructor(scope: Construct, id: string, props: DatabasePreparationProps) {
    super(scope, id);
    const problems = new Problems(this);
    validatePreparation(problems, props);
    problems.throwIfAny();

    const { imageUri, executionRole, environment, scratch, logGroup } = props;
    const task = createPreparationTask(this, {
      imageUri,
      executionRole,
      environment,
      scratch,
      logGroup,
      mobiLinkLogin: props.database.mobiLinkLogin,
      setUp: props.setUp ?? true,
      scripts: (props.scripts ?? []).map((script) => script._bind(this)),
    });
    this.taskDefinition = task.definition;
    const runner = new BundledFunction(this, 'Runner', {
      bundle: 'prepare-database',
      description: 'Runs the task that prepares the consolidated database of MobiLink',
      memorySize: 256,
      timeout: TIMEOUT,
      environment: {},
      logRetention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      logKey: props.logKey,
    });
    allowToRun(runner, task, props);
    this.resource = new CustomResource(this, 'Resource', {
      serviceToken: runner.function.functionArn,
      resourceType: 'Custom::MobiLinkDatabase',
      serviceTimeout: PATIENCE,
      properties: {
        cluster: props.cluster.clusterArn,
        taskDefinition: task.definition.ref,
        subnets: props.subnets.map(({ subnetId }) => subnetId),
        securityGroups: props.securityGroups.map(({ securityGroupId }) => securityGroupId),
        logGroup: props.logGroup.logGroupName,
        container: task.container,
        logStreamPrefix: task.logStreamPrefix,
      },
    });
    // All of this must be there first, and nothing of it is named by the request: what the roles may do, the rules of the groups with
    // their other side at the database, the database's hosts, and the way to the registry of images.
    this.resource.node.addDependency(
      runner.role,
      task.role,
      props.executionRole,
      props.database,
      ...props.securityGroups,
      ...props.subnets.map((subnet) => subnet.internetConnectivityEstablished),
    );
  }
}
