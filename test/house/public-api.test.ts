import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

interface Docs {
  readonly summary?: string;
  readonly default?: string;
}
interface Member {
  readonly name: string;
  readonly docs?: Docs;
  readonly optional?: boolean;
  readonly overrides?: string;
}
interface Type extends Member {
  readonly datatype?: boolean;
  readonly properties?: Member[];
  readonly methods?: Member[];
  readonly members?: Member[];
}

describe('the public members of the package', () => {
  const { types } = JSON.parse(gunzipSync(readFileSync('.jsii.gz')).toString()) as { types: Record<string, Type> };

  it('are documented, every one', () => {
    const members = Object.values(types).flatMap((type) => [
      { place: type.name, docs: type.docs },
      ...[...(type.properties ?? []), ...(type.methods ?? []), ...(type.members ?? [])]
        .filter(({ overrides }) => overrides === undefined)
        .map(({ name, docs }) => ({ place: `${type.name}.${name}`, docs })),
    ]);
    expect(members.length).toBeGreaterThan(600);
    expect(members.filter(({ docs }) => !docs?.summary).map(({ place }) => place)).toEqual([]);
  });

  it('say what a prop is when it is left out', () => {
    const silent = Object.values(types)
      .filter(({ datatype }) => datatype)
      .flatMap((type) =>
        (type.properties ?? [])
          .filter(({ optional, overrides, docs }) => optional && !overrides && !docs?.default)
          .map(({ name }) => `${type.name}.${name}`),
      );
    expect(silent).toEqual([]);
  });

  it('are in API.md as they are: `npm run api` writes it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-api-'));
    const written = path.join(folder, 'API.md');
    execFileSync(process.execPath, ['node_modules/jsii-docgen/bin/jsii-docgen', '-o', written], { stdio: 'pipe' });
    expect(readFileSync('API.md', 'utf8') === readFileSync(written, 'utf8')).toBe(true);
    rmSync(folder, { recursive: true, force: true });
  });
});
