import * as client from '@aws-sdk/client-ecs';
import { type Call, type Permission, ServiceError, type ServiceStandIn } from './service';

/** What becomes of a task, in milliseconds since it was begun. */
export interface TaskCourse {
  readonly startsAfter: number;
  /** From then on. */
  readonly runsFor: number;
  /** @default - it never starts, and `stoppedReason` says why */
  readonly exitCode?: number;
  readonly stoppedReason?: string;
  /** What the container writes, at its end. */
  readonly says?: readonly string[];
  /** For how long ECS does not know it, though it was begun. @default 0 */
  readonly unknownFor?: number;
}

/** What a task definition says of roles and log. */
export interface TaskDefinition {
  readonly arn: string;
  readonly roleArns: readonly string[];
  readonly container: string;
  /** What the container is to do. @default - what its image says */
  readonly command?: string;
  readonly logGroup: string;
  readonly logStreamPrefix: string;
}

/** A service that keeps servers running. */
export interface EcsService {
  readonly arn: string;
  readonly name: string;
}

export interface EcsWorld {
  now(): number;
  readonly accountId: string;
  readonly region: string;
  readonly definitions: readonly TaskDefinition[];
  /** @default - none */
  readonly services?: readonly EcsService[];
  /** What a task does, nobody here knows. @default - nothing */
  readonly onBegun?: (task: { readonly definition: TaskDefinition; readonly course: TaskCourse }) => void;
}

interface RunningTask {
  readonly arn: string;
  readonly definition: TaskDefinition;
  readonly course: TaskCourse;
  readonly begunAt: number;
  readonly token: unknown;
  readonly asked: string;
  stoppedAt?: number;
}

/** About as long as Fargate takes for an image of this size, and the preparation for a database that needs nothing. UNSOURCED */
const USUAL: TaskCourse = { startsAfter: 45_000, runsFor: 8_000, exitCode: 0, says: ['{"event":"prepared"}'] };

/** From SIGTERM to the end of a task that hears it. */
const STOPS_AFTER = 2_000;

/** Amazon ECS on Fargate: tasks that somebody runs one by one, and services as those see them who deploy them again. */
export class Ecs {
  public readonly standIn: ServiceStandIn;
  /** What becomes of the next tasks; of those after them, the usual. */
  public readonly courses: TaskCourse[] = [];
  /** Why the next tasks are not begun (Amazon ECS API Reference, "API failure reasons"). */
  public readonly failures: string[] = [];
  public readonly tasks: RunningTask[] = [];
  /** Those that were asked for; each service has one from the beginning. */
  public readonly deployments: { readonly service: string; readonly at: number }[] = [];
  private readonly begun: number;

  constructor(private readonly world: EcsWorld) {
    this.begun = world.now();
    this.standIn = {
      kind: 'by-schema',
      signingName: 'ecs',
      client,
      protocol: 'aws-json-1.1',
      operations: {
        RunTask: { permissions: (call) => this.permissionsToRun(call), answer: (call) => this.runTask(call) },
        DescribeTasks: {
          permissions: ({ input }) => list(input.tasks).map((arn) => ofTask('ecs:DescribeTasks', arn, input)),
          answer: (call) => this.describeTasks(call),
        },
        DescribeServices: {
          permissions: ({ input }) =>
            list(input.services).map((name) =>
              ofTask('ecs:DescribeServices', this.serviceOf(name)?.arn ?? name, input),
            ),
          answer: ({ input }) => this.describeServices(list(input.services)),
        },
        UpdateService: {
          permissions: ({ input }) => {
            const name = String(input.service);
            return [ofTask('ecs:UpdateService', this.serviceOf(name)?.arn ?? name, input)];
          },
          answer: ({ input }) => this.updateService(input),
        },
        StopTask: {
          permissions: ({ input }) => [ofTask('ecs:StopTask', String(input.task), input)],
          answer: (call) => this.stopTask(call),
        },
      },
    };
  }

  /** The lines of a stream, once there are any. */
  public lines(logGroup: string, stream: string): string[] | undefined {
    const task = this.tasks.find(
      ({ arn, definition: it }) =>
        it.logGroup === logGroup && `${it.logStreamPrefix}/${it.container}/${arn.split('/').at(-1)}` === stream,
    );
    return task && this.hasEnded(task) && task.course.exitCode !== undefined
      ? [...(task.course.says ?? [])]
      : undefined;
  }

  private permissionsToRun({ input }: Call): Permission[] {
    const definition = this.definitionOf(input.taskDefinition);
    return [
      { action: 'ecs:RunTask', resource: definition.arn, context: { 'ecs:cluster': String(input.cluster) } },
      ...definition.roleArns.map((resource) => ({
        action: 'iam:PassRole',
        resource,
        context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      })),
    ];
  }

  private runTask({ input }: Call): Record<string, unknown> {
    const asked = JSON.stringify(input);
    const before = this.tasks.find(({ token }) => token !== undefined && token === input.clientToken);
    if (before) {
      if (before.asked === asked) return { tasks: [this.view(before)], failures: [] };
      throw new ServiceError('ConflictException', 'The clientToken was used with other parameters');
    }
    const failure = this.failures.shift();
    if (failure !== undefined) return { tasks: [], failures: [{ reason: failure }] };
    const definition = this.definitionOf(input.taskDefinition);
    const number = String(this.tasks.length + 1).padStart(32, '0');
    const cluster = String(input.cluster).split('/').at(-1);
    const task: RunningTask = {
      arn: `arn:aws:ecs:${this.world.region}:${this.world.accountId}:task/${cluster}/${number}`,
      definition,
      course: this.courses.shift() ?? USUAL,
      begunAt: this.world.now(),
      token: input.clientToken,
      asked,
    };
    this.tasks.push(task);
    this.world.onBegun?.(task);
    return { tasks: [this.view(task)], failures: [] };
  }

  private describeTasks({ input }: Call): Record<string, unknown> {
    const known = list(input.tasks).map((arn) => {
      const task = this.tasks.find((it) => it.arn === arn);
      const isKnown = task && this.world.now() >= task.begunAt + (task.course.unknownFor ?? 0);
      return isKnown ? { task: this.view(task) } : { failure: { arn, reason: 'MISSING' } };
    });
    return { tasks: known.flatMap((it) => it.task ?? []), failures: known.flatMap((it) => it.failure ?? []) };
  }

  private serviceOf(nameOrArn: string): EcsService | undefined {
    return (this.world.services ?? []).find(({ arn, name }) => nameOrArn === arn || nameOrArn === name);
  }

  private describeServices(names: readonly string[]): Record<string, unknown> {
    const found = names.map((name) => ({ name, service: this.serviceOf(name) }));
    return {
      services: found.flatMap(({ service }) => (service ? [this.viewOfService(service)] : [])),
      failures: found.flatMap(({ name, service }) => (service ? [] : [{ arn: name, reason: 'MISSING' }])),
    };
  }

  private updateService({ service, forceNewDeployment }: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const found = this.serviceOf(String(service));
    if (!found) throw new ServiceError('ServiceNotFoundException', 'Service not found.');
    if (forceNewDeployment === true) this.deployments.push({ service: found.name, at: this.world.now() });
    return { service: this.viewOfService(found) };
  }

  private viewOfService({ arn, name }: EcsService): Record<string, unknown> {
    const last = this.deployments.filter(({ service }) => service === name).at(-1);
    const createdAt = new Date(last?.at ?? this.begun);
    return {
      serviceArn: arn,
      serviceName: name,
      status: 'ACTIVE',
      deployments: [{ id: 'd', status: 'PRIMARY', createdAt }],
    };
  }

  private stopTask({ input }: Call): Record<string, unknown> {
    const task = this.tasks.find(({ arn }) => arn === input.task);
    if (!task) throw new ServiceError('InvalidParameterException', 'The referenced task was not found.');
    task.stoppedAt ??= this.world.now();
    return { task: this.view(task) };
  }

  private hasEnded(task: RunningTask): boolean {
    const { course, begunAt, stoppedAt } = task;
    const end = begunAt + course.startsAfter + course.runsFor;
    return this.world.now() >= Math.min(end, stoppedAt === undefined ? end : stoppedAt + STOPS_AFTER);
  }

  private view(task: RunningTask): Record<string, unknown> {
    const { arn, definition, course, begunAt, stoppedAt } = task;
    const isStarted = this.world.now() >= begunAt + course.startsAfter && course.exitCode !== undefined;
    const lastStatus = this.hasEnded(task) ? 'STOPPED' : isStarted ? 'RUNNING' : 'PENDING';
    const byUser = stoppedAt !== undefined && stoppedAt < begunAt + course.startsAfter + course.runsFor;
    const exitCode = byUser ? 143 : course.exitCode;
    return {
      taskArn: arn,
      taskDefinitionArn: definition.arn,
      lastStatus,
      desiredStatus: lastStatus === 'STOPPED' ? 'STOPPED' : 'RUNNING',
      containers: [
        {
          name: definition.container,
          lastStatus,
          ...(lastStatus === 'STOPPED' && exitCode !== undefined && { exitCode }),
        },
      ],
      ...(lastStatus === 'STOPPED' && {
        stopCode: byUser ? 'UserInitiated' : exitCode === undefined ? 'TaskFailedToStart' : 'EssentialContainerExited',
        stoppedReason: course.stoppedReason ?? 'Essential container in task exited',
      }),
    };
  }

  private definitionOf(arn: unknown): TaskDefinition {
    const definition = this.world.definitions.find((it) => it.arn === arn);
    if (!definition) throw new ServiceError('ClientException', 'TaskDefinition not found.');
    return definition;
  }
}

function ofTask(action: string, resource: string, { cluster }: Readonly<Record<string, unknown>>): Permission {
  return { action, resource, context: { 'ecs:cluster': String(cluster) } };
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
