import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { fetching } from '../secret-access/secret-access';
import { acknowledge } from '../validation/acknowledgement';
import type { BoundScript } from './bound-script';

export interface PreparationTaskProps {
  readonly imageUri: string;
  readonly executionRole: iam.IRole;
  readonly mobiLinkLogin: secretsmanager.ISecret;
  readonly environment: { [name: string]: string };
  /** The folder that can be written. */
  readonly scratch: string;
  readonly logGroup: logs.ILogGroup;
  readonly setUp: boolean;
  readonly scripts: BoundScript[];
}

export interface PreparationTask {
  readonly definition: ecs.CfnTaskDefinition;
  readonly role: iam.Role;
  readonly container: string;
  readonly logStreamPrefix: string;
}

const CONTAINER = 'Prepare';
const STREAM_PREFIX = 'prepare';

/** Of the variables that servers are told, those that a preparation needs: a change of another one must not prepare the database again. */
const NEEDED = ['MOBILINK_DATABASE', 'MOBILINK_LOGIN_SECRET_ARN', 'MOBILINK_ODBC_DRIVER', 'SATMP'];

/** The least pair of Fargate with 2 GiB, which dbisql's Java runtime is content with. UNSOURCED */
const SIZE = { cpu: '1024', memory: '2048' };

/** One preparation as a Fargate task. It may read what is applied, which servers may not. */
export function createPreparationTask(scope: Construct, props: PreparationTaskProps): PreparationTask {
  const { scripts } = props;
  const stack = Stack.of(scope);
  const role = new iam.Role(scope, 'TaskRole', {
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
    description: 'What the preparation of a consolidated database may do',
  });
  for (const statement of fetching(role, [props.mobiLinkLogin])) role.addToPolicy(statement);
  if (scripts.length > 0) {
    const resources = [...new Set(scripts.map(({ objectArn }) => objectArn))];
    role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources }));
  }
  const told = {
    setUp: props.setUp ? 'run' : 'never',
    scripts: scripts.map(({ objectArn, ...script }) => script),
  };
  const variables = Object.entries(props.environment).filter(([name]) => NEEDED.includes(name));
  const definition = new ecs.CfnTaskDefinition(scope, 'TaskDefinition', {
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    ...SIZE,
    runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
    taskRoleArn: role.roleArn,
    executionRoleArn: props.executionRole.roleArn,
    volumes: [{ name: 'Scratch' }],
    containerDefinitions: [
      {
        name: CONTAINER,
        image: props.imageUri,
        command: ['prepare'],
        essential: true,
        environment: [...variables, ['MOBILINK_PREPARATION', stack.toJsonString(told)]].map(([name, value]) => ({
          name,
          value,
        })),
        readonlyRootFilesystem: true,
        mountPoints: [{ containerPath: props.scratch, sourceVolume: 'Scratch', readOnly: false }],
        stopTimeout: 120,
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': props.logGroup.logGroupName,
            'awslogs-region': stack.region,
            'awslogs-stream-prefix': STREAM_PREFIX,
            // A deployment that fails is told by these lines: none may be lost.
            mode: 'blocking',
          },
        },
      },
    ],
  });
  acknowledge(
    definition,
    'AwsSolutions-ECS2',
    'The environment names the login by its ARN and holds no secret; the preparation fetches it.',
  );
  return { definition, role, container: CONTAINER, logStreamPrefix: STREAM_PREFIX };
}
