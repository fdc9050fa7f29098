import * as path from 'node:path';
import * as v from 'valibot';
import { AssemblyError } from './assembly-error';

const assetManifest = v.object({
  files: v.optional(
    v.record(
      v.string(),
      v.object({
        source: v.object({
          path: v.optional(v.string()),
          packaging: v.optional(v.string()),
          executable: v.optional(v.array(v.string())),
        }),
        destinations: v.record(v.string(), v.object({ bucketName: v.string(), objectKey: v.string() })),
      }),
    ),
    {},
  ),
});

/** A file or folder that the CDK would upload to S3 before it deploys the stack. */
export interface FileAsset {
  /** Names of the S3 objects that it becomes, pseudo parameters not yet replaced; the last part holds the hash. */
  readonly objectKeys: readonly string[];
  /** Undefined where a command makes the file only when it is published. */
  readonly sourcePath?: string;
  /** True for a folder that is zipped when it is published. */
  readonly zipped: boolean;
}

export function readFileAssets(folder: string, content: unknown, file: string): FileAsset[] {
  const result = v.safeParse(assetManifest, content);
  if (!result.success) throw new AssemblyError(`${file} is no asset manifest: ${result.issues[0].message}`);
  return Object.values(result.output.files).map(({ source, destinations }) => ({
    objectKeys: Object.values(destinations).map((it) => it.objectKey),
    sourcePath: source.path === undefined ? undefined : path.resolve(folder, source.path),
    zipped: source.packaging === 'zip',
  }));
}

/** The names of the S3 objects that an asset becomes in one account and Region. */
export function objectKeysIn(asset: FileAsset, { accountId, region }: { accountId: string; region: string }): string[] {
  return asset.objectKeys.map((key) =>
    key.replace(/\$\{AWS::AccountId\}/g, accountId).replace(/\$\{AWS::Region\}/g, region),
  );
}
