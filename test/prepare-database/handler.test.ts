import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TaskLog } from '../../lambda/one-off-task/task-log';
import { OneOffTasks } from '../../lambda/one-off-task/tasks';
import { Ecs } from '../../rehearsal/cloud/ecs';
import { LogEvents } from '../../rehearsal/cloud/log-events';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { ServiceError } from '../../rehearsal/cloud/service';
import { LoopbackStack, requestOf } from '../custom-resource/loopback-stack';
import { leadTo } from '../records/loopback-json';
import { WrittenLines } from '../records/written-lines';
import { TASK } from './preparation-bench';

/* The function as Lambda runs it: the bundle, and in it the SDK's own clients, over HTTP; ECS and CloudWatch Logs on loopback. */

const FAILED_LINE = '{"event":"failed","detail":"syncmys.sql failed: line 7"}';
const DEFINITION = {
  arn: TASK.taskDefinition,
  roleArns: [],
  container: TASK.container,
  logGroup: TASK.logGroup,
  logStreamPrefix: TASK.logStreamPrefix,
};

let now = 0;
const world = { now: () => now, accountId: '111122223333', region: 'eu-central-1' };
const ecs = new Ecs({ ...world, definitions: [DEFINITION] });
const logEvents = new LogEvents({ ...world, lines: (group, stream) => ecs.lines(group, stream) });
let ecsService: LoopbackService;
let logService: LoopbackService;
let stack: LoopbackStack;
let handler: (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<void>;

beforeAll(async () => {
  [ecsService, logService, stack] = await Promise.all([
    LoopbackService.start(ecs.standIn),
    LoopbackService.start(logEvents.standIn),
    LoopbackStack.start(),
  ]);
  leadTo('http://127.0.0.1:9');
  vi.stubEnv('AWS_ENDPOINT_URL_ECS', ecsService.endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', logService.endpoint);
  ({ handler } = await import('../../assets/prepare-database/index.js' as string));
});

afterEach(() => {
  vi.restoreAllMocks();
  stack.reset();
  for (const { calls, faults } of [ecsService, logService]) calls.length = faults.length = 0;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([ecsService.stop(), logService.stop(), stack.stop()]);
});

async function started(token: string, tasks = new OneOffTasks()): Promise<string> {
  const seen = await tasks.start(TASK, token);
  if (seen.kind !== 'started') throw new Error(seen.reason);
  return seen.task;
}

describe('tasks', () => {
  it('are begun once by a token, on Fargate, without a public address', async () => {
    const tasks = new OneOffTasks();
    const first = await tasks.start(TASK, 'token-a');
    expect(await tasks.start(TASK, 'token-a')).toEqual(first);
    expect(await tasks.start(TASK, 'token-b')).not.toEqual(first);
    expect(JSON.parse(ecs.tasks.at(-1)?.asked ?? '')).toEqual({
      cluster: TASK.cluster,
      taskDefinition: TASK.taskDefinition,
      clientToken: 'token-b',
      startedBy: 'token-b',
      count: 1,
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: TASK.subnets,
          securityGroups: TASK.securityGroups,
          assignPublicIp: 'DISABLED',
        },
      },
    });
    await expect(tasks.start({ ...TASK, subnets: ['other'] }, 'token-a')).rejects.toThrow('other parameters');
  });

  it('are one though ECS’s answer is lost', async () => {
    const before = ecs.tasks.length;
    ecsService.faults.push('hang up');
    await started('token-lost');
    expect(ecs.tasks.length).toBe(before + 1);
    expect(ecsService.calls).toEqual(['RunTask', 'RunTask']);
  });

  it('for which there is no room are told with the reason', async () => {
    ecs.failures.push('RESOURCE:MEMORY');
    expect(await new OneOffTasks().start(TASK, 'token-c')).toEqual({ kind: 'no-room', reason: 'RESOURCE:MEMORY' });
  });

  it('are seen as far as they have come', async () => {
    const tasks = new OneOffTasks();
    ecs.courses.push({ startsAfter: 10, runsFor: 10, exitCode: 3, unknownFor: 5 });
    const arn = await started('token-d', tasks);
    const look = () => tasks.look(TASK, arn);
    expect(await look()).toEqual({ kind: 'unseen', reason: 'ECS does not know it: MISSING' });
    now += 5;
    expect(await look()).toEqual({ kind: 'under-way', status: 'PENDING' });
    now += 5;
    expect(await look()).toEqual({ kind: 'under-way', status: 'RUNNING' });
    now += 10;
    expect(await look()).toEqual({
      kind: 'stopped',
      exitCode: 3,
      taken: false,
      reason: 'EssentialContainerExited: Essential container in task exited',
    });
  });

  it('that never ran have no exit code', async () => {
    ecs.courses.push({ startsAfter: 0, runsFor: 0, stoppedReason: 'CannotPullContainerError: not found' });
    const arn = await started('token-g');
    expect(await new OneOffTasks().look(TASK, arn)).toEqual({
      kind: 'stopped',
      exitCode: undefined,
      taken: false,
      reason: 'TaskFailedToStart: CannotPullContainerError: not found',
    });
  });

  it('can be stopped', async () => {
    const tasks = new OneOffTasks();
    ecs.courses.push({ startsAfter: 0, runsFor: 1_000_000, exitCode: 0 });
    const arn = await started('token-e', tasks);
    await tasks.stop(TASK, arn);
    now += 5_000;
    expect(await tasks.look(TASK, arn)).toMatchObject({ kind: 'stopped', exitCode: 143 });
  });
});

describe('the log of a task', () => {
  it('is its last 50 lines, and empty while there is no stream', async () => {
    const says = Array.from({ length: 80 }, (_, index) => `line ${index}`);
    ecs.courses.push({ startsAfter: 0, runsFor: 10, exitCode: 1, says });
    const stream = `prepare/Prepare/${(await started('token-f')).split('/').at(-1)}`;
    const log = new TaskLog();
    expect(await log.last('Logs', stream)).toEqual([]);
    now += 10;
    expect(await log.last('Logs', stream)).toEqual(says.slice(-50));
  });

  it('that may not be read is an error', async () => {
    logService.faults.push(new ServiceError('AccessDeniedException', 'not authorized'));
    await expect(new TaskLog().last('Logs', 'x')).rejects.toThrow('not authorized');
  });
});

describe('the function', () => {
  const ask = async (RequestType: string, RequestId: string) => {
    const log = new WrittenLines();
    await handler(requestOf(RequestType, TASK, { ResponseURL: stack.url, RequestId }), {
      getRemainingTimeInMillis: () => 900_000,
    });
    expect(log.text).not.toContain('X-Amz-Signature');
    return stack.puts.at(-1)?.answer;
  };

  it('answers CloudFormation when the database is prepared', async () => {
    ecs.courses.push({ startsAfter: 0, runsFor: 0, exitCode: 0 });
    expect(await ask('Create', 'request-1')).toMatchObject({ Status: 'SUCCESS', RequestId: 'request-1' });
    expect(ecsService.calls).toEqual(['RunTask', 'DescribeTasks']);
    expect(ecs.tasks.at(-1)?.token).toBe('request-1-1');
  });

  it('answers with the last words when it failed', async () => {
    ecs.courses.push({ startsAfter: 0, runsFor: 0, exitCode: 1, says: ['begun', FAILED_LINE] });
    expect(await ask('Update', 'request-2')).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('failed: syncmys.sql failed: line 7 (exit code 1'),
    });
  });

  it('refuses what is no request of CloudFormation', async () => {
    const context = { getRemainingTimeInMillis: () => 1 };
    await expect(handler({ RequestType: 'Create' }, context)).rejects.toThrow('ResponseURL');
  });
});
