import { App, Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { AssemblyError } from '../../../rehearsal/assembly/assembly-error';
import { NEWEST_KNOWN_SCHEMA, readAssembly } from '../../../rehearsal/assembly/manifest';
import { stackArtifact, writeAssembly } from './assembly-folder';

const empty = { Resources: {} };

describe('reading a cloud assembly', () => {
  test.each<[what: string, files: Record<string, unknown>, why: string]>([
    ['a folder without manifest', { 'a.txt': '' }, 'it has no manifest.json. Fix'],
    ['a manifest that is no JSON', { 'manifest.json': '{' }, 'cannot be read'],
    ['a manifest without version', { 'manifest.json': {} }, 'version'],
    [
      'a newer schema',
      { 'manifest.json': { version: `${NEWEST_KNOWN_SCHEMA + 1}.0.0` } },
      `${NEWEST_KNOWN_SCHEMA + 1}.0.0`,
    ],
    ['no stack', { 'manifest.json': { version: '55.0.0', artifacts: {} } }, 'has no stack'],
    [
      'missing look-ups',
      { 'manifest.json': { version: '55.0.0', missing: [{ key: 'availability-zones:account=1' }] } },
      'availability-zones:account=1',
    ],
    [
      'a missing template',
      { 'manifest.json': { version: '55.0.0', artifacts: { S: stackArtifact('gone.json') } } },
      'stack S: its template',
    ],
    [
      'a template outside of the folder',
      { 'manifest.json': { version: '55.0.0', artifacts: { S: stackArtifact('../t.json') } } },
      'lies outside',
    ],
    [
      'a stack without environment',
      {
        'manifest.json': { version: '55.0.0', artifacts: { S: stackArtifact('t.json', { environment: 'x' }) } },
        't.json': empty,
      },
      'aws://ACCOUNT/REGION',
    ],
    [
      'a template that is none',
      {
        'manifest.json': { version: '55.0.0', artifacts: { S: stackArtifact('t.json') } },
        't.json': { Resources: { A: {} } },
      },
      'Resources.A.Type',
    ],
    [
      'a transform that rewrites the template',
      {
        'manifest.json': { version: '55.0.0', artifacts: { S: stackArtifact('t.json') } },
        't.json': { Transform: 'AWS::Serverless-2016-10-31', Resources: {} },
      },
      'AWS::Serverless-2016-10-31',
    ],
    [
      'stacks that depend on each other',
      {
        'manifest.json': {
          version: '55.0.0',
          artifacts: {
            A: stackArtifact('t.json', { dependencies: ['B'] }),
            B: stackArtifact('t.json', { dependencies: ['A'] }),
          },
        },
        't.json': empty,
      },
      'A -> B -> A',
    ],
  ])('refuses %s', (_, files, why) => {
    const folder = writeAssembly(files);
    expect(() => readAssembly(folder)).toThrow(AssemblyError);
    expect(() => readAssembly(folder)).toThrow(why);
  });

  test('refuses a folder that does not exist', () => {
    expect(() => readAssembly('no/such/folder')).toThrow('there is no folder no/such/folder');
  });

  test('knows the schema that the installed aws-cdk-lib writes', () => {
    const app = new App();
    new Stack(app, 'Stack');
    expect(Number.parseInt(app.synth().manifest.version, 10)).toBe(NEWEST_KNOWN_SCHEMA);
  });

  test('orders stacks by their dependencies, those of nested assemblies included', () => {
    const folder = writeAssembly({
      'manifest.json': {
        version: '55.0.0',
        artifacts: {
          Last: stackArtifact('t.json', { dependencies: ['stage'] }),
          stage: {
            type: 'cdk:cloud-assembly',
            properties: { directoryName: 'assembly-stage' },
            dependencies: ['First'],
          },
          First: stackArtifact('t.json'),
        },
      },
      't.json': empty,
      'assembly-stage/manifest.json': {
        version: '55.0.0',
        artifacts: {
          B: stackArtifact('t.json', {
            dependencies: ['A'],
            properties: { templateFile: 't.json', stackName: 'stage-B' },
          }),
          A: stackArtifact('t.json', { environment: 'aws://111111111111/us-east-1' }),
        },
      },
      'assembly-stage/t.json': empty,
    });
    const { stacks } = readAssembly(folder);
    expect(stacks.map((it) => it.stackName)).toEqual(['First', 'A', 'stage-B', 'Last']);
    expect(stacks.map((it) => [it.accountId, it.region])[1]).toEqual(['111111111111', 'us-east-1']);
    expect(stacks.map((it) => [it.accountId, it.region])[0]).toEqual([undefined, undefined]);
  });
});
