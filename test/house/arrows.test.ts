import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, expect, it } from 'vitest';

/** A house in which each rule is broken once: the rule, who imports, and what. */
const WRONG: [rule: string, from: string, to: string][] = [
  ['no-circles', 'lambda/door/one.ts', 'lambda/door/other.ts'],
  ['no-missing-modules', 'lambda/door/missing.ts', 'lambda/door/nowhere'],
  ['lib-knows-no-other-room', 'lib/farm/reads-code.ts', 'lambda/door/door.ts'],
  ['lib-needs-its-peers-only', 'lib/farm/needs-more.ts', 'valibot'],
  ['lib-is-pure', 'lib/farm/starts-processes.ts', 'node:child_process'],
  ['lib-validation', 'lib/validation/up.ts', 'lib/farm/farm.ts'],
  ['lib-farm', 'lib/farm/up.ts', 'lib/remotes/registry.ts'],
  ['lib-consolidated', 'lib/consolidated/up.ts', 'lib/farm/farm.ts'],
  ['lib-remotes', 'lib/remotes/up.ts', 'lib/mobilink-system.ts'],
  ['examples-use-the-package', 'examples/inside.ts', 'lib/farm/farm.ts'],
  ['bin-uses-the-library', 'bin/functions.ts', 'lambda/door/door.ts'],
  ['no-way-in-but-the-index', 'bin/window.ts', 'lib/farm/farm.ts'],
  ['a-function-is-alone', 'lambda/collect-syncs/others.ts', 'lambda/dispatch-syncs/plan.ts'],
  ['shared-rooms-know-no-function', 'lambda/records/others.ts', 'lambda/dispatch-syncs/plan.ts'],
  ['functions-start-no-process', 'lambda/collect-syncs/processes.ts', 'node:child_process'],
  ['the-image-is-alone', 'image/supervisor/library.ts', 'lib/farm/farm.ts'],
  ['the-command-reads-records', 'cli/functions.ts', 'lambda/dispatch-syncs/plan.ts'],
  ['the-rehearsal-knows-the-assembly', 'rehearsal/library.ts', 'lib/farm/farm.ts'],
];

const house = mkdtempSync(path.join(tmpdir(), 'mobilink-house-'));
afterAll(() => rmSync(house, { recursive: true, force: true }));

it('each arrow that points the wrong way is refused, and nothing else is', () => {
  for (const [, , to] of WRONG) if (to.endsWith('.ts')) write(to, 'export const it = 1;');
  write('lambda/door/other.ts', "import { it } from './one'; export const other = it;");
  for (const [, from, to] of WRONG)
    write(from, `import * as it from '${reference(from, to)}'; export const used = it;`);
  write('lambda/collect-syncs/right.ts', "import { it } from '../door/door'; export const right = it;");
  write('node_modules/valibot/package.json', '{ "name": "valibot", "main": "index.js" }');
  write('node_modules/valibot/index.js', '');
  write('tsconfig.json', '{ "compilerOptions": { "module": "nodenext" } }');
  const found = arrowsOf(house).map(({ rule, from }) => `${rule.name}: ${from}`);
  const expected = WRONG.map(([rule, from]) => `${rule}: ${from}`);
  expect([...new Set(found)].sort()).toEqual(expected.sort());
});

function write(file: string, source: string): void {
  mkdirSync(path.join(house, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(house, file), source);
}

function reference(from: string, to: string): string {
  if (!to.includes('/')) return to;
  const relative = path.relative(path.dirname(from), to.replace(/\.ts$/, ''));
  return relative.startsWith('.') ? relative : `./${relative}`;
}

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

function arrowsOf(folder: string): Violation[] {
  const program = path.resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const rooms = ['bin', 'lib', 'lambda', 'image', 'cli', 'rehearsal', 'examples'];
  const args = [program, '--config', path.resolve('.dependency-cruiser.cjs'), '--output-type', 'json', ...rooms];
  try {
    return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })).summary.violations;
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout).summary.violations;
  }
}
