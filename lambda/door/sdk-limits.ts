/** How long one call to AWS may take; without `throwOnRequestTimeout` the SDK only warns, and a hung call lasts until the function is killed. */
export const SDK_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
} as const;
