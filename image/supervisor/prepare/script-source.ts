import { createHash } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PreparationError } from './preparation-error';
import type { Script } from './settings';

/** Where the customer's files come from. */
export interface ScriptSource {
  fetch(bucket: string, key: string): Promise<Uint8Array>;
}

/** For one call of a file of a few megabytes at most; without `throwOnRequestTimeout` the SDK only warns. */
const SDK_LIMITS = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
} as const;

/** S3, as the role of the task. */
export function s3(): ScriptSource {
  const client = new S3Client(SDK_LIMITS);
  return {
    async fetch(bucket, key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body === undefined) throw new Error('the answer has no body');
      return Body.transformToByteArray();
    },
  };
}

/** All files, by their scripts, before anything is run; throws one error that names every file that is missing or is another one. */
export async function fetchScripts(
  scripts: readonly Script[],
  source: ScriptSource,
): Promise<ReadonlyMap<Script, Uint8Array>> {
  const results = await Promise.allSettled(scripts.map((script) => fetchScript(script, source)));
  const problems = results.flatMap((it) => (it.status === 'rejected' ? [wordOf(it.reason)] : []));
  if (problems.length > 0) throw new PreparationError(problems.join('; '));
  const texts = results.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
  return new Map(scripts.map((script, index) => [script, texts[index] as Uint8Array]));
}

async function fetchScript({ name, version, bucket, key, sha256 }: Script, source: ScriptSource): Promise<Uint8Array> {
  const what = `script ${name} ${version} (s3://${bucket}/${key})`;
  const bytes = await source.fetch(bucket, key).catch((error: unknown) => {
    const { name: kind, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    throw new Error(
      `${what} could not be fetched: ${kind}: ${message}. Fix: let the role of the task read it, and let its subnets reach S3`,
    );
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return bytes;
  throw new Error(`${what} has the checksum ${found} instead of ${sha256}. Fix: deploy again`);
}

function wordOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
