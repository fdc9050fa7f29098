/** Names under which the services say that they are asked too often. */
const NAMES = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ProvisionedThroughputExceededException',
]);

export function isThrottle(error: unknown): boolean {
  return error instanceof Error && (NAMES.has(error.name) || /\brate exceeded\b/i.test(error.message));
}
