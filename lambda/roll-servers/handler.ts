import { Logger } from '@aws-lambda-powertools/logger';
import { decide } from './core';
import { readEnvironment } from './environment';
import { FarmService } from './farm-service';
import { Identities } from './identities';

/*
 * Roll-servers: replaces the servers of a farm, one after another, when the certificate of a stream is another one. An event of Secrets
 * Manager is a hint, and each hour is looked without one: the truth is read back, so what is told twice or too late changes nothing.
 *
 * - Invoked asynchronously, with Lambda's retries: what is done twice begins one more deployment at most, which does no harm.
 */

const environment = readEnvironment(process.env);
const logger = new Logger({ serviceName: 'roll-servers' });
const service = new FarmService(environment.cluster, environment.service);
const identities = new Identities();

export async function handler(): Promise<void> {
  // The secrets first: one that changes between the two looks is seen by the next one.
  const secrets = await identities.look(environment.secrets);
  const decision = decide(await service.look(), secrets);
  if (decision.kind === 'roll') await service.roll();
  logger.info(decision.kind === 'roll' ? 'the servers are being replaced' : 'the servers stay', { ...decision });
}
