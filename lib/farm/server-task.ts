import { Duration, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { fetching } from '../secret-access/secret-access';
import { acknowledge } from '../validation/acknowledgement';
import { SCRATCH_FOLDER } from './farm-environment';
import type { BoundImage } from './image-source';

export interface ServerTaskProps {
  readonly image: BoundImage;
  readonly cpu: number;
  readonly memoryLimitMiB: number;
  readonly ephemeralStorageGiB?: number;
  readonly ports: number[];
  readonly environment: { [name: string]: string };
  readonly secrets: secretsmanager.ISecret[];
  readonly logGroup: logs.LogGroup;
}

export interface ServerTask {
  readonly taskDefinition: ecs.FargateTaskDefinition;
  readonly container: ecs.ContainerDefinition;
  readonly executionRole: iam.Role;
}

/** Fargate's longest time between SIGTERM and SIGKILL (Amazon ECS API Reference, ContainerDefinition.stopTimeout). */
const STOP_TIMEOUT = Duration.seconds(120);

/**
 * AWS's advice for noticing within some 5 s a database host that vanished without a word; it acts on sockets whose driver
 * sets SO_KEEPALIVE (AWS Database Blog, "Improve application availability on Amazon RDS and Aurora").
 */
const KEEPALIVE: ecs.SystemControl[] = [
  { namespace: 'net.ipv4.tcp_keepalive_time', value: '1' },
  { namespace: 'net.ipv4.tcp_keepalive_intvl', value: '1' },
  { namespace: 'net.ipv4.tcp_keepalive_probes', value: '5' },
];

/** One MobiLink server as a Fargate task. */
export function createServerTask(farm: Construct, props: ServerTaskProps): ServerTask {
  const executionRole = createExecutionRole(farm, props);
  const taskRole = new iam.Role(farm, 'TaskRole', {
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(farm).account } },
    }),
    description: 'What a MobiLink server and its supervisor may do',
  });
  for (const statement of fetching(taskRole, props.secrets)) taskRole.addToPolicy(statement);

  const taskDefinition = new ecs.FargateTaskDefinition(farm, 'TaskDefinition', {
    cpu: props.cpu,
    memoryLimitMiB: props.memoryLimitMiB,
    ephemeralStorageGiB: props.ephemeralStorageGiB,
    // SAP ships mlsrv17 for x86-64 only.
    runtimePlatform: {
      cpuArchitecture: ecs.CpuArchitecture.X86_64,
      operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
    },
    taskRole,
    executionRole,
    volumes: [{ name: 'Scratch' }],
  });
  acknowledge(
    taskDefinition,
    'AwsSolutions-ECS2',
    'The environment names secrets by ARN and holds none; the supervisor fetches them before each start of mlsrv17.',
  );
  const container = taskDefinition.addContainer('Server', {
    image: new NamedImage(props.image.uri),
    essential: true,
    healthCheck: props.image.healthCheck,
    environment: props.environment,
    // The execution role is given its statements by hand; the L2 driver would add its own.
    logging: new GivenLogGroup(props.logGroup),
    portMappings: props.ports.map((containerPort) => ({ containerPort, protocol: ecs.Protocol.TCP })),
    readonlyRootFilesystem: true,
    systemControls: KEEPALIVE,
    stopTimeout: STOP_TIMEOUT,
    // In place: same address, same target, no new task while the database fails over.
    enableRestartPolicy: true,
    restartAttemptPeriod: Duration.seconds(60),
  });
  container.addMountPoints({ containerPath: SCRATCH_FOLDER, sourceVolume: 'Scratch', readOnly: false });
  return { taskDefinition, container, executionRole };
}

function createExecutionRole(farm: Construct, { image, logGroup }: ServerTaskProps): iam.Role {
  const role = new iam.Role(farm, 'ExecutionRole', {
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    description: 'Lets ECS pull the image of the MobiLink servers and write their log',
  });
  // ecr:GetAuthorizationToken knows no resource (Service Authorization Reference, Amazon ECR).
  role.addToPolicy(new iam.PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }));
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      resources: [image.repositoryArn],
    }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  acknowledge(role, 'AwsSolutions-IAM5', 'ecr:GetAuthorizationToken knows no resource.', () => ['Resource::*']);
  return role;
}

/** An image by name alone: the L2 one would write its own statements, also into the policy of the repository. */
class NamedImage extends ecs.ContainerImage {
  constructor(private readonly imageName: string) {
    super();
  }

  public override bind(): ecs.ContainerImageConfig {
    return { imageName: this.imageName };
  }
}

class GivenLogGroup extends ecs.LogDriver {
  constructor(private readonly logGroup: logs.LogGroup) {
    super();
  }

  public override bind(scope: Construct): ecs.LogDriverConfig {
    return {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': this.logGroup.logGroupName,
        'awslogs-region': Stack.of(scope).region,
        'awslogs-stream-prefix': 'mobilink',
        // A farm must go on synchronizing while CloudWatch Logs is slow.
        mode: 'non-blocking',
        'max-buffer-size': '25m',
      },
    };
  }
}
