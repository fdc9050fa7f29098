// The licences of what the bundles contain: the package redistributes that code, and its licences ask that their texts go with it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

/** What may be redistributed in a package under Apache-2.0 for no more than its notice. */
const MAY_BE_BUNDLED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'];

/** @param inputs the files that esbuild took into the bundles. */
export function thirdPartyNotices(inputs) {
  const folders = new Set(inputs.map(packageFolder).filter(Boolean));
  const packages = [...folders].sort().map(read);
  const refused = packages.filter(({ license }) => !MAY_BE_BUNDLED.includes(license));
  if (refused.length > 0) {
    const named = refused.map(({ name, license }) => `${name} (${license})`).join(', ');
    throw new Error(
      `A bundle may hold packages under ${MAY_BE_BUNDLED.join(', ')} only, and holds ${named}. Use another package.`,
    );
  }
  const byText = new Map();
  for (const it of packages) byText.set(it.text, [...(byText.get(it.text) ?? []), it]);
  return [...byText].map(([text, its]) => `${its.map(nameOf).join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

function nameOf({ name, version, license }) {
  return `${name} ${version} (${license})`;
}

function packageFolder(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function read(folder) {
  const { name, version, license = 'no licence' } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const texts = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => /^(licen[cs]e|notice)/i.test(file))
        .sort()
    : [];
  const text = texts.map((file) => readFileSync(path.join(folder, file), 'utf8').trim()).join('\n\n');
  return { name, version, license, text: text || `Licence: ${license}` };
}
