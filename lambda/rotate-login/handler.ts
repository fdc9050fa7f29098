import { randomInt } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { parse } from '../door/parse';
import { runTask } from '../one-off-task/run-task';
import { TaskLog } from '../one-off-task/task-log';
import { OneOffTasks } from '../one-off-task/tasks';
import { readEnvironment } from './environment';
import { loginSecret } from './login-secret';
import { newPassword } from './new-password';
import { requestSchema } from './request';
import { rotate } from './rotate';

/*
 * Rotate-login: carries out the steps by which Secrets Manager rotates the login of MobiLink. It never sees the database: a task of the
 * servers' own image does, with the client, the certificates and the network that they have.
 */

const logger = new Logger({ serviceName: 'rotate-login' });
const told = (message: string, detail: Record<string, unknown>) =>
  logger.info(message, detail as Record<string, string>);
const { MOBILINK_ROTATION_TASK: task } = readEnvironment(process.env);
const secret = loginSecret();
const running = {
  tasks: new OneOffTasks(),
  log: new TaskLog(),
  told,
  sleep: (millis: number) => new Promise<void>((done) => setTimeout(done, millis)),
  now: () => performance.now(),
};

export async function handler(
  event: unknown,
  context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>,
): Promise<void> {
  const request = parse(requestSchema, event, 'A request of Secrets Manager that cannot be carried out');
  const remaining = () => context.getRemainingTimeInMillis();
  await rotate(
    {
      secret,
      told,
      newPassword: () => newPassword(randomInt),
      // Not by the version: a rotation that is begun again needs another task, and Lambda's own repetition the same one.
      setPassword: () => runTask({ ...running, remaining }, task, context.awsRequestId, 'The rotation of the login'),
    },
    request,
  );
}
