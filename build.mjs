// Bundles every folder of lambda/ that has a handler.ts into assets/<name>/index.js. It runs at package build and, by
// cdk.json, before every synth of this repository; a consumer of the package gets the finished bundles and builds nothing.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const functions = readdirSync('lambda').filter((name) => existsSync(`lambda/${name}/handler.ts`));

if (process.argv.includes('--clean')) {
  for (const folder of ['assets', 'dist', 'dist-jsii', 'cdk.out', '.rehearsal']) {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  await Promise.all(
    functions.map((name) =>
      build({
        entryPoints: [`lambda/${name}/handler.ts`],
        outfile: `assets/${name}/index.js`,
        bundle: true,
        platform: 'node',
        target: 'node24',
        format: 'cjs',
        minify: true,
        // Without "module" first, esbuild takes the CommonJS builds of the SDK, which it cannot shake: 837 kB instead of 480.
        mainFields: ['module', 'main'],
        legalComments: 'none',
        logLevel: 'warning',
      }),
    ),
  );
}
