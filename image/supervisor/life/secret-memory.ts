import type { SecretSource } from '../secrets';

type Secret = Awaited<ReturnType<SecretSource['fetch']>>;

/**
 * Falls back on what was last known of a secret when it cannot be fetched in time: a database that has failed over must not wait for
 * Secrets Manager too.
 */
export function rememberingSecrets(
  source: SecretSource,
  patienceMillis: number,
  onFallback: (arn: string, reason: string) => void,
): SecretSource {
  const known = new Map<string, Secret>();
  return {
    async fetch(arn) {
      const fetched = source.fetch(arn).then((secret) => {
        known.set(arn, secret);
        return secret;
      });
      const last = known.get(arn);
      if (last === undefined) return fetched;
      return fallingBack(fetched, patienceMillis, (reason) => {
        onFallback(arn, reason);
        return known.get(arn) ?? last;
      });
    },
  };
}

async function fallingBack<T>(promise: Promise<T>, millis: number, instead: (reason: string) => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(instead(`no answer within ${millis} ms`)), millis);
  });
  const failed = promise.catch((error: unknown) => instead(error instanceof Error ? error.message : String(error)));
  return Promise.race([failed, late]).finally(() => clearTimeout(timer));
}
