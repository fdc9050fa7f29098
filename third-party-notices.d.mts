/** @param inputs the files that esbuild took into the bundles; throws if a licence among them does not allow that. */
export function thirdPartyNotices(inputs: readonly string[]): string;
