import { CommandError, EXIT } from './exit-code';

/** What every client of the SDK is made with. */
export interface AwsSettings {
  readonly region?: string;
  readonly profile?: string;
  readonly maxAttempts: number;
  readonly retryMode: 'standard';
}

/** Throttled calls are tried again, slower each time; eight attempts are about a minute. */
export function awsSettings({ region, profile }: { region?: string; profile?: string }): AwsSettings {
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    maxAttempts: 8,
    retryMode: 'standard',
  };
}

/** By class of error: what went wrong, and what to do. */
const CAUSES: readonly (readonly [RegExp, (message: string) => string])[] = [
  [
    /^(CredentialsProviderError|UnrecognizedClientException|InvalidClientTokenId|ExpiredToken(Exception)?|InvalidSignatureException)$/,
    (message) =>
      `AWS does not know you: ${message}. Fix: log in (aws sso login), or name another profile with --profile`,
  ],
  [
    /^(AccessDenied(Exception)?|UnauthorizedOperation)$/,
    (message) =>
      `AWS does not allow it: ${message}. Fix: let your role look with system.directory.grantLook(role), and change with .grantOperate(role)`,
  ],
  [
    /^(Throttling(Exception)?|TooManyRequestsException|ProvisionedThroughputExceededException|RequestLimitExceeded)$/,
    (message) => `AWS throttles, also after eight attempts: ${message}. Fix: try again in a minute`,
  ],
  [
    /^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|TimeoutError|EAI_AGAIN|NetworkingError)$/,
    (message) => `AWS cannot be reached: ${message}. Fix: look at the network, and at the Region (--region)`,
  ],
];

/** An error of the SDK in the words of somebody who has to do something about it; others come back as they are. */
export function worded(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CommandError) return error;
  if (/Region (is missing|not accepted)/.test(error.message)) {
    return new CommandError('There is no Region. Fix: give --region, or set AWS_REGION', EXIT.usage);
  }
  const names = [error.name, 'code' in error ? String(error.code) : ''];
  for (const [pattern, words] of CAUSES) {
    if (names.some((name) => pattern.test(name))) return new CommandError(words(error.message.trim()), EXIT.aws);
  }
  const isService = '$metadata' in error;
  return isService ? new CommandError(`AWS refuses (${error.name}): ${error.message}`, EXIT.aws) : error;
}
