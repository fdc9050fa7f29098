import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { build } from 'esbuild';

/** The executables: each hands over to the program, by its path from `bin64`. */
const EXECUTABLES = path.join(__dirname, '..', '..', 'host', 'bin64');

let bundled: Promise<string> | undefined;

/** The program behind the executables, bundled once a process into a folder that goes with it. */
export function standInProgram(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

/**
 * Lays an installation of SQL Anywhere down: `bin64` with the executables, `stand-in` with what they run. Links only, so it can be
 * copied, or packed with links followed.
 */
export async function installStandIns(folder: string): Promise<void> {
  for (const name of ['bin64', 'stand-in']) mkdirSync(path.join(folder, name), { recursive: true });
  for (const name of readdirSync(EXECUTABLES)) {
    symlinkSync(path.join(EXECUTABLES, name), path.join(folder, 'bin64', name));
  }
  symlinkSync(process.execPath, path.join(folder, 'stand-in', 'node'));
  symlinkSync(await standInProgram(), path.join(folder, 'stand-in', 'main.js'));
}

async function bundle(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sql-anywhere-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, '..', 'main.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  const file = path.join(folder, 'main.js');
  writeFileSync(file, outputFiles[0]?.contents ?? '');
  return file;
}
