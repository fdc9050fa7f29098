import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { requestSchema } from '../custom-resource/request';
import { respond } from '../custom-resource/respond';
import { parse } from '../door/parse';
import type { Ports } from '../one-off-task/ports';
import { TaskLog } from '../one-off-task/task-log';
import { OneOffTasks } from '../one-off-task/tasks';
import { answerTo } from './custom-resource';

/*
 * Prepare-database: has the consolidated database prepared by a task of ECS, whenever CloudFormation asks for it, and tells it how that
 * ended, with the last words of a task that failed.
 *
 * - Invoked asynchronously, with Lambda's retries: a request that comes again finds the task that it has started.
 * - Two tasks at once do no harm: the task itself takes a lock in the database and does only what is missing.
 */

const logger = new Logger({ serviceName: 'prepare-database' });
const world: Omit<Ports, 'remaining'> = {
  tasks: new OneOffTasks(),
  log: new TaskLog(),
  told: (message, detail) => logger.info(message, detail as Record<string, string>),
  sleep: (millis) => new Promise((done) => setTimeout(done, millis)),
  now: () => performance.now(),
};

export async function handler(event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const request = parse(requestSchema, event, 'A request of CloudFormation that cannot be answered');
  const ports = { ...world, remaining: () => context.getRemainingTimeInMillis() };
  await respond(request.ResponseURL, await answerTo(ports, request), ports);
}
