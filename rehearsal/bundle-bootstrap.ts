import * as path from 'node:path';
import { build } from 'esbuild';

/** Bundles what runs in the process of a function before its own bundle, into a folder of this run. */
export async function bundleBootstrap(folder: string): Promise<string> {
  const outfile = path.join(folder, 'bootstrap.js');
  await build({
    entryPoints: [path.join(__dirname, 'functions', 'bootstrap.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  return outfile;
}
