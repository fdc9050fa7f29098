import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { SyncDocument } from '../../lib';

interface Content {
  readonly schemaVersion: string;
  readonly parameters: Record<
    string,
    { type: string; allowedPattern: string; interpolationType?: string; default?: string }
  >;
  readonly mainSteps: {
    readonly action: string;
    readonly precondition: unknown;
    readonly inputs: { readonly timeoutSeconds: string; readonly runCommand: string[] };
  }[];
}

const stack = new Stack(new App(), 'Test');
new SyncDocument(stack, 'Sync');
const [document] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Document'));
const content: Content = document?.Properties.Content;
const [step] = content.mainSteps;
const lines = step?.inputs.runCommand ?? [];
const script = ['remote-configuration.sh', 'sync-remote.sh']
  .map((name) => readFileSync(`host/${name}`, 'utf8'))
  .join('');

const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-document-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the agent does: the lines in a file, run by a shell. */
function run(shell: string, commands: string[], environment: Record<string, string> = {}) {
  const file = path.join(folder, 'script.sh');
  writeFileSync(file, commands.join('\n'));
  return spawnSync(shell, [file], { env: { PATH: process.env.PATH ?? '', ...environment }, encoding: 'utf8' });
}

describe('the document', () => {
  it('is a command of Systems Manager of which each change is a new version', () => {
    expect(document?.Properties).toMatchObject({
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      UpdateMethod: 'NewVersion',
    });
    expect(document?.Properties.Name).toBeUndefined();
    expect(content.schemaVersion).toBe('2.2');
    expect(content.mainSteps).toHaveLength(1);
    expect(step).toMatchObject({
      action: 'aws:runShellScript',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: { timeoutSeconds: '{{ ExecutionTimeout }}' },
    });
  });

  it('holds the scripts as they stand, and fits into Systems Manager', () => {
    expect(lines.slice(1, -1).join('\n')).toBe(script.replace(/\n+$/, ''));
    // AWS General Reference, "AWS Systems Manager endpoints and quotas": 64 KB a document.
    expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(64 * 1024);
  });

  it('lets nothing but the time-out be written into the text', () => {
    const written = JSON.stringify(content.mainSteps).match(/\{\{[^}]*\}\}/g);
    expect(written).toEqual(['{{ ExecutionTimeout }}']);
    expect(Object.entries(content.parameters).map(([name, it]) => [name, it.type, it.interpolationType])).toEqual([
      ['RunId', 'String', 'ENV_VAR'],
      ['Profile', 'String', 'ENV_VAR'],
      ['ExecutionTimeout', 'String', undefined],
    ]);
  });

  const hostile = ['$(reboot)', '`reboot`', "';reboot;'", 'a b', 'a\nb', '{{ x }}'];
  it.each<[name: string, accepted: string[], refused: string[]]>([
    [
      'RunId',
      ['hourly@2026-01-05T09:00:00.000Z', 'MobiLink-dev-hourly@2026-01-05T09:00:00.000Z'],
      ['', 'hourly', '@2026-01-05T09:00:00.000Z', 'hourly@2026-01-05T09:00:00Z', ...hostile],
    ],
    ['Profile', ['', 'nightly', '_a.b-c'], ['.a', 'n'.repeat(129), ...hostile]],
    ['ExecutionTimeout', ['60', '172800'], ['', '1', '1e5', '1234567', ...hostile]],
  ])('%s takes what it should and nothing that a shell would run', (name, accepted, refused) => {
    const { allowedPattern, default: given } = content.parameters[name] ?? {};
    const pattern = new RegExp(allowedPattern ?? '');
    if (given !== undefined) expect(given).toMatch(pattern);
    for (const value of accepted) expect(value).toMatch(pattern);
    for (const value of refused) expect(value).not.toMatch(pattern);
  });

  it.each(['sh', 'dash', 'bash'])('run by %s gives bash the text, whatever is in it', (shell) => {
    const body = [
      `# it's "quoted" (once`,
      'case x in x) true;; esac',
      "cat <<'EOF' >/dev/null",
      '`unclosed $( ${ \\',
      'EOF',
      'printf %s "$BASH_EXECUTION_STRING|$0|$SSM_RunId"',
    ];
    const result = run(shell, [...lines.slice(0, 1), ...body, ...lines.slice(-1)], { SSM_RunId: 'r' });
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe(`${body.join('\n')}|sync-remote.sh|r`);
  });

  it('has no here-document inside a command substitution, which bash 4.2 spoils when it runs as sh', () => {
    expect(lines[0]).toMatch(/^exec .* <<'[A-Z_]+'$/);
    expect(lines.at(-1)).toBe(lines[0]?.match(/<<'([A-Z_]+)'$/)?.[1]);
  });

  it('keeps what a user’s start-up file prints out of the script’s word', () => {
    writeFileSync(path.join(folder, '.bashrc'), 'echo hello\n');
    // Its input is a socket here, as under a remote shell: then bash reads the file unless told otherwise.
    const result = run('sh', [...lines.slice(0, 1), 'echo word', ...lines.slice(-1)], { HOME: folder });
    expect(result.stdout).toBe('word\n');
  });

  it('gives back the exit code of the script', () => {
    expect(run('sh', [...lines.slice(0, 1), 'exit 75', ...lines.slice(-1)]).status).toBe(75);
  });

  it('runs the real script, which says in one line that this host has no configuration', () => {
    const result = run('sh', lines, {
      SSM_RunId: 'hourly@2026-01-05T09:00:00.000Z',
      SSM_Profile: '',
      MOBILINK_HA_CONFIG: path.join(folder, 'absent.conf'),
    });
    expect(result.stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(result.stdout)).toMatchObject({
      version: 1,
      result: 'failed',
      run: 'hourly@2026-01-05T09:00:00.000Z',
    });
    expect(result.status).toBe(1);
  });

  it('is bash, by its own word', () => {
    expect(() => execFileSync('bash', ['-n', 'host/sync-remote.sh'])).not.toThrow();
  });
});
