import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { LONGEST_DOCUMENT, SetUpDocument } from '../../lib/remotes/set-up-document';

interface Content {
  readonly parameters: Record<string, { readonly allowedPattern: string; readonly interpolationType?: string }>;
  readonly mainSteps: { readonly inputs: { readonly runCommand: string[] } }[];
}

const stack = new Stack(new App(), 'Test');
const made = SetUpDocument.of(stack);
const [document] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Document'));
const content: Content = document?.Properties.Content;
const lines = content.mainSteps[0]?.inputs.runCommand ?? [];

const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-set-up-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the document that sets up hosts', () => {
  it('is one in a stack, of which each change is a new version', () => {
    expect(SetUpDocument.of(stack)).toBe(made);
    expect(document?.Properties).toMatchObject({ DocumentType: 'Command', UpdateMethod: 'NewVersion' });
  });

  it('fits into Systems Manager', () => {
    expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(LONGEST_DOCUMENT);
  });

  it('lets nothing be written into its text: parameters are environment variables of base64', () => {
    expect(JSON.stringify(content.mainSteps)).not.toMatch(/\{\{/);
    const { Scripts, ...others } = content.parameters;
    for (const { interpolationType, allowedPattern } of Object.values(others)) {
      expect(interpolationType).toBe('ENV_VAR');
      for (const text of ['$(reboot)', '`x`', "';x;'", 'a b', 'a\nb']) {
        expect(new RegExp(allowedPattern).test(text)).toBe(false);
      }
    }
    expect(Scripts?.allowedPattern).toBe('^[0-9a-f]{64}$');
  });

  it.each(['sh', 'dash', 'bash'])('unpacks the scripts as they stand, run by %s', (shell) => {
    // In place of the last line, which would run the first script.
    const script = [...lines.slice(0, -1), 'echo "$folder"'].join('\n');
    const file = path.join(folder, `${shell}.sh`);
    writeFileSync(file, script);
    const { stdout, status } = spawnSync(shell, [file], { encoding: 'utf8', env: { PATH: process.env.PATH } });
    expect(status).toBe(0);
    const unpacked = stdout.trim();
    const names = execFileSync('ls', [unpacked], { encoding: 'utf8' }).trim().split('\n');
    expect(names).toEqual([
      'define-remote.sh',
      'exchange-with-registry.sh',
      'install-remote.sh',
      'remote-configuration.sh',
      'sync-due.sh',
      'sync-remote.sh',
    ]);
    for (const name of names) {
      expect(readFileSync(path.join(unpacked, name), 'utf8')).toBe(readFileSync(path.join('host', name), 'utf8'));
    }
    rmSync(unpacked, { recursive: true, force: true });
  });

  it('runs the one that installs', () => {
    expect(lines.at(-1)).toBe('exec /bin/bash --norc "$folder/install-remote.sh" "$folder"');
  });
});
