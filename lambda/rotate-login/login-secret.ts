import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { Ports } from './ports';

/** Secrets Manager, as far as a rotation needs it. */
export function loginSecret(): Ports['secret'] {
  const client = new SecretsManagerClient(SDK_LIMITS);
  return {
    async stages(id) {
      const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: id }));
      return new Map(Object.entries(VersionIdsToStages));
    },
    async text(id, version) {
      try {
        const wanted = { SecretId: id, VersionId: version, VersionStage: 'AWSPENDING' };
        return (await client.send(new GetSecretValueCommand(wanted))).SecretString;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    async current(id) {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: id }));
      return SecretString;
    },
    async putPending(id, version, text) {
      await client.send(
        new PutSecretValueCommand({
          SecretId: id,
          ClientRequestToken: version,
          SecretString: text,
          VersionStages: ['AWSPENDING'],
        }),
      );
    },
  };
}
