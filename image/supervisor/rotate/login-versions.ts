import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SDK_LIMITS } from '../secrets';

/** One version of a secret. */
export interface SecretVersion {
  readonly text: string;
  readonly versionId: string;
}

/** The login that is in force, and the one that is to be. */
export interface LoginVersions {
  current(arn: string): Promise<SecretVersion>;
  /** Undefined when no rotation is under way. */
  pending(arn: string): Promise<SecretVersion | undefined>;
  /** From now on everybody who asks for the secret is given the second version. */
  promote(arn: string, from: SecretVersion, to: SecretVersion): Promise<void>;
}

/** Secrets Manager, as the role of the task. */
export function loginVersions(): LoginVersions {
  const client = new SecretsManagerClient(SDK_LIMITS);
  const fetch = async (arn: string, stage: string): Promise<SecretVersion> => {
    const { SecretString: text = '', VersionId: versionId = '' } = await client.send(
      new GetSecretValueCommand({ SecretId: arn, VersionStage: stage }),
    );
    return { text, versionId };
  };
  return {
    current: (arn) => fetch(arn, 'AWSCURRENT'),
    async pending(arn) {
      try {
        return await fetch(arn, 'AWSPENDING');
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    async promote(arn, from, to) {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId: from.versionId,
          MoveToVersionId: to.versionId,
        }),
      );
    },
  };
}
