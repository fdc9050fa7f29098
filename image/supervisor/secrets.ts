import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** Where secrets come from. */
export interface SecretSource {
  fetch(arn: string): Promise<{ readonly text: string; readonly versionId: string }>;
}

/** A secret that could not be had, or that cannot be used; the message names its ARN and never its text. */
export class SecretError extends Error {
  public override readonly name = 'SecretError';
}

/**
 * How long one call may take. While the database fails over, the start waits for it, so a lost packet must not cost more than a few
 * seconds; `throwOnRequestTimeout` because the SDK only warns otherwise.
 */
export const SDK_LIMITS = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

/** What to do about an error, by its name (API reference of GetSecretValue). */
const FIXES: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'check the ARN and that the secret has a value',
  AccessDeniedException: 'allow the role of the task secretsmanager:GetSecretValue on it, and kms:Decrypt on its key',
  DecryptionFailure: 'check that its KMS key is enabled and may be used by the role of the task',
  InvalidRequestException: 'check whether it is scheduled for deletion',
};

/** Secrets Manager, as the role of the task. */
export function secretsManager(): SecretSource {
  const client = new SecretsManagerClient(SDK_LIMITS);
  return {
    async fetch(arn) {
      const answer = await client.send(new GetSecretValueCommand({ SecretId: arn })).catch((error: unknown) => {
        throw refused(arn, error);
      });
      const { SecretString, VersionId } = answer;
      if (SecretString === undefined) {
        throw new SecretError(`${arn} is a binary secret. Fix: store it as text`);
      }
      if (VersionId === undefined) throw new SecretError(`${arn} came without the id of its version`);
      return { text: SecretString, versionId: VersionId };
    },
  };
}

function refused(arn: string, error: unknown): SecretError {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const fix = FIXES[name] === undefined ? '' : `. Fix: ${FIXES[name]}`;
  return new SecretError(`${arn} could not be fetched: ${name}: ${message.replace(/\.$/, '')}${fix}`, { cause: error });
}
