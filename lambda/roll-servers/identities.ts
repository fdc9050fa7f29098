import {
  DescribeSecretCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { IdentitySecret } from './core';

/** When secrets were changed; what they hold is the servers' alone. */
export class Identities {
  private readonly client = new SecretsManagerClient(SDK_LIMITS);

  public async look(arns: readonly string[]): Promise<IdentitySecret[]> {
    return Promise.all(arns.map(async (arn) => ({ arn, changedAt: await this.changedAt(arn) })));
  }

  private async changedAt(SecretId: string): Promise<number | undefined> {
    try {
      const { LastChangedDate } = await this.client.send(new DescribeSecretCommand({ SecretId }));
      return LastChangedDate?.getTime();
    } catch (error) {
      // New servers could not start without it: those that run are the last ones.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }
}
