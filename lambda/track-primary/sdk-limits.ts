/**
 * How long one call to AWS may take. Two attempts of at most 3 s and the SDK's pause between them end well before the next poll,
 * 10 s later. Without `throwOnRequestTimeout` the SDK only warns, and a hung call lasts until the function is killed.
 */
export const SDK_LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
} as const;
