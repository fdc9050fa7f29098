import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** By what the secret is fetched: its full ARN wherever that is known. */
export function secretIdOf(secret: secretsmanager.ISecret): string {
  return secret.secretFullArn ?? secret.secretArn;
}

/**
 * Allows to fetch these secrets and nothing else, for a policy of this stack. `secret.grantRead(role)` would write the role into the
 * policy of a customer's key, and with the key in another stack the two stacks would need each other; the key's own policy lets IAM of
 * its account decide, so statements on this side are enough.
 */
export function fetching(scope: Construct, secrets: secretsmanager.ISecret[]): iam.PolicyStatement[] {
  const statements = [
    new iam.PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [...new Set(secrets.map(secretResourceOf))],
    }),
  ];
  const keys = new Set(secrets.flatMap((secret) => secret.encryptionKey?.keyArn ?? []));
  if (keys.size > 0) {
    statements.push(
      new iam.PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [...keys],
        conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(scope).region}.amazonaws.com` } },
      }),
    );
  }
  return statements;
}

/** An ARN without its random suffix (`Secret.fromSecretNameV2`) matches only with six wildcards of one character. */
export function secretResourceOf(secret: secretsmanager.ISecret): string {
  return secret.secretFullArn ?? `${secret.secretArn}-??????`;
}
