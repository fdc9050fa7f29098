import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import { withRunbook } from '../runbook/runbook';
import { secretIdOf, secretResourceOf } from '../secret-access/secret-access';
import type { LoginRotation } from './login-rotation';
import { allowToRun, createOneOffTask, type OneOffTask } from './one-off-task';

/** Properties of a rotator. It runs where the servers of a farm run, as they do: `MobiLinkServerFarm` makes one of its own. */
export interface LoginRotatorProps {
  /** When the login is given another password. */
  readonly rotation: LoginRotation;

  /** The login that mlsrv uses. */
  readonly mobiLinkLogin: secretsmanager.ISecret;

  /** The cluster that the task belongs to. */
  readonly cluster: ecs.ICluster;

  /** The subnets of the task. It reaches Secrets Manager, CloudWatch Logs and ECR by NAT or by VPC endpoints. */
  readonly subnets: ec2.ISubnet[];

  /** Security groups of the task: out to the database and to 443. */
  readonly securityGroups: ec2.ISecurityGroup[];

  /** The image of the servers, which rotates when it is run with the command `rotate`. */
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
   * Told when the alarm rings.
   *
   * @default - nobody
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * How long the log of the function is kept.
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

/** Half a virtual CPU and a GiB: a shell and a client of the database. UNSOURCED */
const SIZE = { cpu: '512', memory: '1024' };

/**
 * Gives the login that mlsrv uses another password, by a task of the servers' own image: set in the database, proved, and made current in
 * Secrets Manager within a second or two. The servers notice within a minute and restart in place, one by one, after their syncs.
 *
 * Cost: a minute of a task of half a virtual CPU for each rotation, and 10 cents a month for the alarm (list prices, UNSOURCED).
 */
export class LoginRotator extends Construct {
  /** Carries out the steps of a rotation. */
  public readonly function: lambda.IFunction;

  /** Changes the password. */
  public readonly taskDefinition: ecs.CfnTaskDefinition;

  /** Rings when a rotation has failed. The old login works on, or the task has said why not; Secrets Manager tries again. */
  public readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: LoginRotatorProps) {
    super(scope, id);
    const task = this.createTask(props);
    this.taskDefinition = task.definition;
    const runner = new BundledFunction(this, 'Rotate', {
      bundle: 'rotate-login',
      description: 'Rotates the login of MobiLink in the consolidated database',
      memorySize: 256,
      timeout: Duration.minutes(15),
      environment: { MOBILINK_ROTATION_TASK: Stack.of(this).toJsonString(told(task, props)) },
      logRetention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      logKey: props.logKey,
    });
    this.function = runner.function;
    allowToRun(runner, task, props);
    this.allowSecret(runner, props.mobiLinkLogin);
    this.schedule(runner, props);
    this.alarm = new cloudwatch.Alarm(this, 'Failed', {
      alarmDescription: withRunbook('The password of the MobiLink login could not be changed.', 'rotation-failed'),
      metric: this.metricFailures(),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    if (props.alarmTopic) this.alarm.addAlarmAction(new SnsAction(props.alarmTopic));
  }

  /** Steps of rotations that failed; the sum over 5 minutes unless told otherwise. */
  public metricFailures(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.function.metricErrors(props);
  }

  private createTask({ mobiLinkLogin, imageUri, executionRole, environment, scratch, logGroup }: LoginRotatorProps) {
    const task = createOneOffTask(this, {
      command: 'rotate',
      container: 'Rotate',
      description: 'What the rotation of the login of MobiLink may do',
      size: SIZE,
      mobiLinkLogin,
      imageUri,
      executionRole,
      environment,
      scratch,
      logGroup,
    });
    task.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['secretsmanager:UpdateSecretVersionStage'],
        resources: [secretResourceOf(mobiLinkLogin)],
      }),
    );
    return task;
  }

  private allowSecret(runner: BundledFunction, secret: secretsmanager.ISecret): void {
    runner.allow(
      ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      [secretResourceOf(secret)],
    );
    const { encryptionKey } = secret;
    if (!encryptionKey) return;
    runner.allow(['kms:Decrypt', 'kms:GenerateDataKey'], [encryptionKey.keyArn], {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this).region}.amazonaws.com` },
    });
  }

  /** On this side, by ARN: what the secret's side would write makes two stacks need each other. */
  private schedule(runner: BundledFunction, { mobiLinkLogin, rotation }: LoginRotatorProps): void {
    const id = secretIdOf(mobiLinkLogin);
    runner.function.addPermission('SecretsManager', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      // Without its random end the ARN of a secret is no source; the account is one.
      sourceArn: mobiLinkLogin.secretFullArn,
    });
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: id,
      rotationLambdaArn: runner.function.functionArn,
      rotationRules: { automaticallyAfterDays: rotation.interval.toDays() },
      // A deployment rotates nothing: the login may not be there yet.
      rotateImmediatelyOnUpdate: false,
    });
    schedule.node.addDependency(runner);
  }
}

/** The task that the function runs, as it reads it. */
function told(task: OneOffTask, props: LoginRotatorProps): { [key: string]: unknown } {
  return {
    cluster: props.cluster.clusterArn,
    taskDefinition: task.definition.ref,
    subnets: props.subnets.map(({ subnetId }) => subnetId),
    securityGroups: props.securityGroups.map(({ securityGroupId }) => securityGroupId),
    container: task.container,
    logGroup: props.logGroup.logGroupName,
    logStreamPrefix: task.logStreamPrefix,
  };
}
