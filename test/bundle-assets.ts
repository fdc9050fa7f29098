import { execFileSync } from 'node:child_process';

/** Code.fromAsset wants the bundles on disk, and tests must see the handlers as they are now. */
export function setup(): void {
  execFileSync(process.execPath, ['build.mjs'], { stdio: 'inherit' });
}
