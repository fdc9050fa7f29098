import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { build } from 'esbuild';

/** Bundles what runs in the process of a function before its own bundle, into a folder of this run. */
export async function bundleBootstrap(folder: string): Promise<string> {
  const outfile = path.join(folder, 'bootstrap.js');
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, 'functions', 'bootstrap.ts')],
    outfile,
    // Written here: esbuild's own process would write into a folder that an interrupted run has removed.
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  for (const { path: file, contents } of outputFiles) writeFileSync(file, contents);
  return outfile;
}
