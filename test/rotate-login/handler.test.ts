import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Ecs } from '../../rehearsal/cloud/ecs';
import { LogEvents } from '../../rehearsal/cloud/log-events';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { SecretsManager } from '../../rehearsal/cloud/secrets-manager';
import { leadTo } from '../records/loopback-json';
import { WrittenLines } from '../records/written-lines';

/* The function as Lambda runs it: the bundle, and in it the SDK's own clients, over HTTP. */

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf';
const OLD = JSON.stringify({ username: 'mobilink', password: 'oldPassword1234567890', host: 'db' });
const TASK = {
  cluster: 'cluster',
  taskDefinition: 'arn:aws:ecs:eu-central-1:111122223333:task-definition/Rotate:1',
  subnets: ['subnet-1'],
  securityGroups: ['sg-1'],
  container: 'Rotate',
  logGroup: 'servers',
  logStreamPrefix: 'rotate',
};

const stored = new SecretsManager(Date);
const world = { now: () => Date.now(), accountId: '111122223333', region: 'eu-central-1' };
const { taskDefinition: arn, container, logGroup, logStreamPrefix } = TASK;
const ecs = new Ecs({
  ...world,
  definitions: [{ arn, roleArns: [], container, logGroup, logStreamPrefix }],
  onBegun: ({ course }) => {
    if (course.exitCode === 0) stored.promote(SECRET, stored.versionOf(SECRET, 'AWSPENDING') ?? '');
  },
});
const services: LoopbackService[] = [];
let handler: (event: unknown, context: object) => Promise<void>;

beforeAll(async () => {
  const logs = new LogEvents({ ...world, lines: (group, stream) => ecs.lines(group, stream) });
  for (const standIn of [ecs.standIn, logs.standIn, stored.standIn])
    services.push(await LoopbackService.start(standIn));
  leadTo('http://127.0.0.1:9');
  for (const [index, name] of ['ECS', 'CLOUDWATCH_LOGS', 'SECRETS_MANAGER'].entries())
    vi.stubEnv(`AWS_ENDPOINT_URL_${name}`, services[index]?.endpoint);
  vi.stubEnv('MOBILINK_ROTATION_TASK', JSON.stringify(TASK));
  ({ handler } = await import('../../assets/rotate-login/index.js' as string));
  stored.put(SECRET, OLD);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all(services.map((it) => it.stop()));
});

let invocations = 0;

const step = (Step: string, ClientRequestToken: string) =>
  handler(
    { SecretId: SECRET, ClientRequestToken, Step },
    { awsRequestId: `00000000-0000-4000-9000-00000000000${++invocations}`, getRemainingTimeInMillis: () => 900_000 },
  );

it('rotates the login in four steps, and says nothing of it', async () => {
  const lines = new WrittenLines();
  const token = stored.beginRotation(SECRET);
  ecs.courses.push({ startsAfter: 0, runsFor: 0, exitCode: 0 });
  for (const name of ['createSecret', 'setSecret', 'testSecret', 'finishSecret']) await step(name, token);
  expect(stored.versionOf(SECRET, 'AWSCURRENT')).toBe(token);
  const { password, ...kept } = JSON.parse(stored.current(SECRET) ?? '');
  expect(password).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(kept).toEqual({ username: 'mobilink', host: 'db' });
  expect(ecs.tasks).toHaveLength(1);
  expect(lines.text).not.toContain(password);
  vi.restoreAllMocks();
});

it('fails with the last words of its task, and begins another one when it is asked again', async () => {
  const before = ecs.tasks.length;
  const token = stored.beginRotation(SECRET);
  await step('createSecret', token);
  const says = ['{"event":"failed","detail":"the database refuses the current password"}'];
  ecs.courses.push({ startsAfter: 0, runsFor: 0, exitCode: 1, says });
  await expect(step('setSecret', token)).rejects.toThrow(
    /^The rotation of the login failed: the database refuses the current password .*log servers rotate\/Rotate\//,
  );
  ecs.courses.push({ startsAfter: 0, runsFor: 0, exitCode: 0 });
  await step('setSecret', token);
  expect(ecs.tasks).toHaveLength(before + 2);
  expect(stored.versionOf(SECRET, 'AWSCURRENT')).toBe(token);
});

it('names everything that is wrong with a request', async () => {
  await expect(handler({ SecretId: '', Step: 'dance' }, {})).rejects.toThrow(
    /SecretId: must not be empty.*ClientRequestToken: .*Step: must be one of createSecret/,
  );
});
