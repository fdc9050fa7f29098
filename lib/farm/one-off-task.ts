import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { BundledFunction } from '../bundled-function/bundled-function';
import { fetching } from '../secret-access/secret-access';
import { acknowledge } from '../validation/acknowledgement';

export interface OneOffTaskProps {
  /** Of the supervisor in the image; also the prefix of the log's streams. */
  readonly command: string;
  readonly container: string;
  readonly description: string;
  readonly size: { readonly cpu: string; readonly memory: string };
  readonly imageUri: string;
  readonly executionRole: iam.IRole;
  readonly mobiLinkLogin: secretsmanager.ISecret;
  /** What servers are told; of it, the task is told what leads to the database: a change of anything else must not change the task. */
  readonly environment: { [name: string]: string };
  /** What only this task is told. */
  readonly told?: { [name: string]: string };
  /** The folder that can be written. */
  readonly scratch: string;
  readonly logGroup: logs.ILogGroup;
  readonly stopTimeout?: number;
}

/** A Fargate task that is run once and again, and ends by itself. */
export interface OneOffTask {
  readonly definition: ecs.CfnTaskDefinition;
  readonly role: iam.Role;
  readonly container: string;
  readonly logStreamPrefix: string;
}

const NEEDED = ['MOBILINK_DATABASE', 'MOBILINK_LOGIN_SECRET_ARN', 'MOBILINK_ODBC_DRIVER', 'SATMP'];

/** One that has the servers' image and may read the login. */
export function createOneOffTask(scope: Construct, props: OneOffTaskProps): OneOffTask {
  const { command, container } = props;
  const stack = Stack.of(scope);
  const role = new iam.Role(scope, 'TaskRole', {
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
    description: props.description,
  });
  for (const statement of fetching(role, [props.mobiLinkLogin])) role.addToPolicy(statement);
  const needed = Object.entries(props.environment).filter(([name]) => NEEDED.includes(name));
  const definition = new ecs.CfnTaskDefinition(scope, 'TaskDefinition', {
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    ...props.size,
    runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
    taskRoleArn: role.roleArn,
    executionRoleArn: props.executionRole.roleArn,
    volumes: [{ name: 'Scratch' }],
    containerDefinitions: [
      {
        name: container,
        image: props.imageUri,
        command: [command],
        essential: true,
        environment: [...needed, ...Object.entries(props.told ?? {})].map(([name, value]) => ({ name, value })),
        readonlyRootFilesystem: true,
        mountPoints: [{ containerPath: props.scratch, sourceVolume: 'Scratch', readOnly: false }],
        stopTimeout: props.stopTimeout,
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': props.logGroup.logGroupName,
            'awslogs-region': stack.region,
            'awslogs-stream-prefix': command,
            // A task that fails is told by these lines: none may be lost.
            mode: 'blocking',
          },
        },
      },
    ],
  });
  acknowledge(
    definition,
    'AwsSolutions-ECS2',
    `The environment names the login by its ARN and holds no secret; the command ${command} fetches it.`,
  );
  return { definition, role, container, logStreamPrefix: command };
}

export interface TaskPlace {
  readonly cluster: ecs.ICluster;
  readonly executionRole: iam.IRole;
  readonly logGroup: logs.ILogGroup;
}

/** Lets a function run the task, look at it, stop it and read its log. */
export function allowToRun(runner: BundledFunction, task: OneOffTask, place: TaskPlace): void {
  const { cluster, executionRole, logGroup } = place;
  const ofCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
  runner.allow(['ecs:RunTask'], [task.definition.ref], ofCluster);
  runner.allow(['iam:PassRole'], [task.role.roleArn, executionRole.roleArn], {
    StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  });
  const tasks = Stack.of(runner).formatArn({
    service: 'ecs',
    resource: 'task',
    resourceName: `${cluster.clusterName}/*`,
  });
  runner.allow(['ecs:DescribeTasks', 'ecs:StopTask'], [tasks], ofCluster);
  acknowledge(runner.role, 'AwsSolutions-IAM5', 'The id of a task is known once it runs.', () => [
    `Resource::${tasks}`,
  ]);
  runner.allow(['logs:GetLogEvents'], [logGroup.logGroupArn]);
}
