import { DescribeTasksCommand, ECSClient, RunTaskCommand, StopTaskCommand, type Task } from '@aws-sdk/client-ecs';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { Ports } from './ports';
import type { TaskToRun } from './task-to-run';

/** As the servers of a farm. */
const PLATFORM_VERSION = '1.4.0';

/** Whoever stopped it was AWS, for its own reasons (Amazon ECS API Reference, Task, stopCode). */
const TAKEN: ReadonlySet<string> = new Set(['TerminationNotice', 'SpotInterruption']);

/** ECS, which runs a task and tells how it is. */
export class OneOffTasks {
  private readonly client = new ECSClient(SDK_LIMITS);

  public readonly start: Ports['tasks']['start'] = async (task, token) => {
    const { tasks = [], failures = [] } = await this.client.send(
      new RunTaskCommand({
        cluster: task.cluster,
        taskDefinition: task.taskDefinition,
        launchType: 'FARGATE',
        platformVersion: PLATFORM_VERSION,
        count: 1,
        clientToken: token,
        startedBy: token,
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: task.subnets,
            securityGroups: task.securityGroups,
            assignPublicIp: 'DISABLED',
          },
        },
      }),
    );
    const [started] = tasks;
    if (started?.taskArn !== undefined) return { kind: 'started', task: started.taskArn };
    const reasons = failures.map(({ reason = 'no reason', detail }) => (detail ? `${reason}: ${detail}` : reason));
    return { kind: 'no-room', reason: reasons.join('; ') || 'ECS has started no task and says nothing' };
  };

  public readonly look: Ports['tasks']['look'] = async ({ cluster, container }, arn) => {
    const { tasks = [], failures = [] } = await this.client.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
    const found = tasks.find(({ taskArn }) => taskArn === arn);
    // A task that was just started may not be seen yet (API reference of RunTask, eventual consistency).
    if (!found) return { kind: 'unseen', reason: `ECS does not know it: ${failures[0]?.reason ?? 'no reason'}` };
    const { lastStatus = 'in no state' } = found;
    return lastStatus === 'STOPPED' ? ended(found, container) : { kind: 'under-way', status: lastStatus };
  };

  public readonly stop: Ports['tasks']['stop'] = async ({ cluster }, arn) => {
    await this.client.send(new StopTaskCommand({ cluster, task: arn, reason: 'Nobody waits for it any longer' }));
  };
}

function ended({ containers = [], stopCode, stoppedReason }: Task, name: TaskToRun['container']) {
  // AWS may put containers of its own beside it (Amazon GuardDuty User Guide, "Runtime Monitoring").
  const container = containers.find((it) => it.name === name);
  const reasons = [stopCode, stoppedReason, container?.reason].filter((it) => it !== undefined && it !== '');
  const taken = TAKEN.has(stopCode ?? '');
  return { kind: 'stopped', exitCode: container?.exitCode, taken, reason: [...new Set(reasons)].join(': ') } as const;
}
