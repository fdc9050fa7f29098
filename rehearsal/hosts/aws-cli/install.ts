import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { build } from 'esbuild';

let bundled: Promise<string> | undefined;

/** Puts the command `aws` into a folder, for the host whose own folder is given. */
export async function installAwsCli(folder: string, host: string): Promise<void> {
  bundled ??= bundle();
  const program = await bundled;
  mkdirSync(folder, { recursive: true });
  const lines = ['#!/bin/bash', `export MOBILINK_HA_HOST=${host}`, `exec ${process.execPath} ${program} "$@"`, ''];
  writeFileSync(path.join(folder, 'aws'), lines.join('\n'), { mode: 0o700 });
}

/** Once a process, into a folder that goes with it. */
async function bundle(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-aws-cli-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, 'main.ts')],
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  const file = path.join(folder, 'aws.js');
  writeFileSync(file, outputFiles[0]?.contents ?? '');
  return file;
}
