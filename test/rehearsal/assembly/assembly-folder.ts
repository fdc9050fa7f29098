import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { onTestFinished } from 'vitest';
import { type Deployment, type DeployOptions, deploy } from '../../../rehearsal/assembly/deployment';
import { readAssembly } from '../../../rehearsal/assembly/manifest';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';

/** Writes an assembly by hand, for as long as the test runs: files by name, objects as JSON. */
export function writeAssembly(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'assembly-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

export const stackArtifact = (templateFile: string, more: object = {}) => ({
  type: 'aws:cloudformation:stack',
  environment: 'aws://unknown-account/unknown-region',
  properties: { templateFile },
  ...more,
});

/** An assembly of one stack named Stack. */
export const oneStack = (template: object, properties: object = {}) =>
  writeAssembly({
    'manifest.json': {
      version: '55.0.0',
      artifacts: { Stack: stackArtifact('t.json', { properties: { templateFile: 't.json', ...properties } }) },
    },
    't.json': template,
  });

export function deployFolder(folder: string, options: Partial<DeployOptions> = {}): Deployment {
  return deploy(readAssembly(folder), { accountId: ACCOUNT, region: REGION, ...options });
}

/** One resource of a type that the table does not know holds the value to be resolved. */
export function resolved(value: unknown, template: object & { Resources?: object } = {}): unknown {
  const Resources = { Probe: { Type: 'Test::Probe', Properties: { value } }, ...template.Resources };
  const [probe] = deployFolder(oneStack({ ...template, Resources })).ofType('Test::Probe');
  return probe?.properties.value;
}
