import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { requestSchema } from '../custom-resource/request';
import { respond } from '../custom-resource/respond';
import { parse } from '../door/parse';
import { answerTo } from './custom-resource';
import { readEnvironment } from './environment';
import { keepHosts } from './keep-hosts';
import type { Ports } from './ports';
import { hostsChangedSchema } from './registration';
import { RegisteredRemotes } from './registry';
import { ScalingGroups } from './scaling-groups';

/*
 * Register-remote: keeps the hosts that the registry names equal to the instances of a remote's Auto Scaling groups. CloudFormation
 * registers a remote and removes it; EventBridge tells when a host was started, and asks each hour for what it did not tell.
 *
 * - Invoked asynchronously, with Lambda's retries: what is done twice changes nothing.
 * - What others write into the item stays: who is paused, how the last sync went.
 */

const environment = readEnvironment(process.env);
const logger = new Logger({ serviceName: 'register-remote' });
const world: Omit<Ports, 'remaining'> = {
  registry: new RegisteredRemotes(environment.registryTable, environment.shards),
  groups: new ScalingGroups(),
  told: (message, detail) => logger.info(message, detail as Record<string, string>),
  sleep: (millis) => new Promise((done) => setTimeout(done, millis)),
};

export async function handler(event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const ports = { ...world, remaining: () => context.getRemainingTimeInMillis() };
  if (typeof event === 'object' && event !== null && 'ResponseURL' in event) {
    const request = parse(requestSchema, event, 'A request of CloudFormation that cannot be answered');
    await respond(request.ResponseURL, await answerTo(ports, request), ports);
    return;
  }
  const { kind, ...registration } = parse(
    hostsChangedSchema,
    event,
    'Neither a request of CloudFormation nor of a rule',
  );
  await keepHosts(ports, registration, { kind });
}
