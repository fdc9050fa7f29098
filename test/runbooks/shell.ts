import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/* Runs the commands of a page in bash, with nothing behind them: every program is only noted, with its arguments. */

const HARNESS = `
set -u
PATH=/nowhere
command_not_found_handle() {
  local line
  printf -v line '%s\\x1f' "$@"
  printf '%s\\x1e' "$line" >>"$NOTED"
  if [[ $1 == aws && $2 == cloudformation && $3 == list-stack-resources && $* =~ ResourceType==\\'([A-Za-z0-9:]+)\\'.*LogicalResourceId,\\ \\'([A-Za-z]+)\\' ]]; then
    printf 'resource/%s/%s/%s' "\${5##*-}" "\${BASH_REMATCH[1]}" "\${BASH_REMATCH[2]}"
  elif [[ $1 == aws ]]; then
    printf 'answer'
  fi
}
sleep() { :; }
`;

export interface Ran {
  /** Programs with their arguments, in their order but for those of one pipe. */
  readonly commands: readonly (readonly string[])[];
  readonly complaint: string;
}

/** The blocks of shell of a page. */
export function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}

/** What a person fills in: names in capitals that no command of the page sets. */
export function placeholdersOf(script: string): string[] {
  const used = [...script.matchAll(/\$\{?([A-Z][A-Z_]*)\b/g)].map(([, name = '']) => name);
  return [...new Set(used)].filter((name) => !new RegExp(`^\\s*${name}=`, 'm').test(script));
}

export function run(script: string, given: Readonly<Record<string, string>>): Ran {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-runbook-'));
  const noted = path.join(folder, 'noted');
  try {
    const { stderr } = spawnSync('bash', ['--noprofile', '--norc', '-c', `${HARNESS}\n${script}`], {
      cwd: folder,
      env: { ...given, NOTED: noted },
      encoding: 'utf8',
      timeout: 20_000,
    });
    return { commands: readNoted(noted), complaint: stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readNoted(file: string): string[][] {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\x1e')
    .filter((line) => line !== '')
    .map((line) => line.split('\x1f').slice(0, -1));
}
