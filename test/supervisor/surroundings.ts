import type { Machine } from '../../image/supervisor/machine';
import type { SecretSource } from '../../image/supervisor/secrets';

const ACCOUNT = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret';

export const IDENTITY_ARN = `${ACCOUNT}:farm/identity-AbCdEf`;
export const IDENTITY_PASSWORD_ARN = `${ACCOUNT}:farm/identity-password-AbCdEf`;

/** A container in which everything is there. */
export const MACHINE: Machine = {
  hostname: 'ip-10-0-0-1.internal',
  isWritableFolder: () => true,
  isFile: () => true,
  odbcinst: () => '[Vendor]\nDescription = of a hook\nDriver = /opt/vendor/libmyodbc9w.so\n',
};

/** Secrets that are only here. */
export function secretsOf(texts: Readonly<Record<string, string>>): SecretSource {
  return {
    fetch: async (arn) => {
      const text = texts[arn];
      if (text === undefined) throw new Error(`${arn} is not there`);
      return { text, versionId: `version of ${arn}` };
    },
  };
}
