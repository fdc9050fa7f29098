import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';

export interface GeneratedLogin {
  readonly username: string;
  readonly encryptionKey?: kms.IKey;
  /** Why no calendar rotates it. */
  readonly notRotated: string;
}

/** A login that Secrets Manager makes up: `username` and a `password` of letters and digits. */
export function generateLogin(scope: Construct, id: string, login: GeneratedLogin): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(scope, id, {
    encryptionKey: login.encryptionKey,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username: login.username }),
      generateStringKey: 'password',
      // Letters and digits: it passes through connection strings and files of arguments, and 40 of them are plenty.
      excludePunctuation: true,
      passwordLength: 40,
    },
  });
  acknowledge(secret, 'AwsSolutions-SMG4', login.notRotated);
  return secret;
}
