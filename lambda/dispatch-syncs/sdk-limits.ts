/** How long one call to AWS may take; without `throwOnRequestTimeout` the SDK only warns, and a hung call lasts until the function is killed. */
const requestHandler = { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true };

export const SDK_LIMITS = { maxAttempts: 3, requestHandler } as const;

/** SendCommand has no token that makes a repetition harmless: asked again, it starts the hosts again. */
export const ASKED_ONCE = { maxAttempts: 1, requestHandler: { ...requestHandler, requestTimeout: 10_000 } } as const;
