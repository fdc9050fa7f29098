import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';

const examples = readdirSync('examples').filter((name) => name.endsWith('.ts'));

describe('the examples', () => {
  it.each(examples)('%s synthesizes through the public entry of the package, validated with errors on', (file) => {
    expect(existsSync('dist/index.js'), 'run npm run build before').toBe(true);
    const outdir = mkdtempSync(path.join(tmpdir(), 'mobilink-example-'));
    const strict = JSON.stringify({ '@aws-cdk/core:validateAgainstDefaultRules': true });
    execFileSync(process.execPath, ['--import', 'tsx', path.join('examples', file)], {
      env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: strict },
      stdio: 'pipe',
    });
    expect(readdirSync(outdir)).toContain('MobiLink.template.json');
    rmSync(outdir, { recursive: true, force: true });
  });
});
