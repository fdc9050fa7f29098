// Bundles every folder of lambda/ that has a handler.ts, and the supervisor of the image, into assets/<name>/index.js. It
// runs at package build and, by cdk.json, before every synth of this repository; a consumer of the package gets the finished
// bundles and builds nothing.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { thirdPartyNotices } from './third-party-notices.mjs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const functions = readdirSync('lambda').filter((name) => existsSync(`lambda/${name}/handler.ts`));
const programs = [
  ...functions.map((name) => ({ entry: `lambda/${name}/handler.ts`, name, target: 'node24' })),
  // Runs on the Node of the user's base image.
  { entry: 'image/supervisor/main.ts', name: 'supervisor', target: 'node20' },
  // Runs on the Node of whoever looks after the system.
  { entry: 'cli/main.ts', name: 'cli', target: 'node20', banner: '#!/usr/bin/env node' },
];

if (process.argv.includes('--clean')) {
  for (const folder of ['assets', 'dist', 'dist-jsii', 'cdk.out', '.rehearsal']) {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  const bundles = await Promise.all(
    programs.map(({ entry, name, target, banner }) =>
      build({
        entryPoints: [entry],
        outfile: `assets/${name}/index.js`,
        bundle: true,
        platform: 'node',
        target,
        format: 'cjs',
        ...(banner && { banner: { js: banner } }),
        define: { MOBILINK_HA_VERSION: JSON.stringify(version) },
        minify: true,
        // Without "module" first, esbuild takes the CommonJS builds of the SDK, which it cannot shake: 837 kB instead of 480.
        mainFields: ['module', 'main'],
        // Their licences go into one file beside the bundles.
        legalComments: 'none',
        metafile: true,
        logLevel: 'warning',
      }),
    ),
  );
  const inputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeFileSync('assets/THIRD-PARTY-NOTICES.txt', thirdPartyNotices(inputs));

  // What docker builds the image from, beside SAP's installer.
  mkdirSync('assets/image', { recursive: true });
  copyFileSync('image/Dockerfile', 'assets/image/Dockerfile');
  cpSync('image/steps', 'assets/image/steps', { recursive: true });
  copyFileSync('assets/supervisor/index.js', 'assets/image/supervisor.js');
}
