import { describe, expect, it } from 'vitest';
import { CommandDocument } from '../../../rehearsal/cloud/ssm-document';
import { pluginOutput } from '../../../rehearsal/cloud/ssm-output';
import { DOCUMENT } from './ssm-bench';

const [step] = DOCUMENT.mainSteps;

function document(changes: object) {
  return () => new CommandDocument('sync', 'arn', { ...DOCUMENT, ...changes });
}

function timeout(timeoutSeconds: unknown): number {
  const { inputs } = step ?? {};
  const mainSteps = [{ ...step, inputs: { ...inputs, timeoutSeconds } }];
  return document({ mainSteps })().script({ RunId: ['a@1'] }).timeoutSeconds;
}

describe('a document', () => {
  it('is read from text as well', () => {
    const read = new CommandDocument('sync', 'arn', JSON.stringify(DOCUMENT));
    expect(read.script({ RunId: ['a@1'], Greeting: ['bye'] }).lines[0]).toBe('echo bye');
  });

  it.each([
    [{ schemaVersion: '1.2' }, /schemaVersion/],
    [{ mainSteps: [] }, /mainSteps/],
    [{ mainSteps: [step, step] }, /mainSteps/],
    [{ mainSteps: [{ ...step, action: 'aws:downloadContent' }] }, /only aws:runShellScript/],
    [{ parameters: { RunId: { type: 'StringList' } } }, /only parameters of type String/],
    [{ parameters: {} }, /\{\{ Greeting \}\} is no parameter/],
  ])('that cannot be rehearsed is refused: %j', (changes, expected) => {
    expect(document(changes)).toThrow(expected);
  });

  it('must not fill a parameter into its text that goes by the environment', () => {
    const mainSteps = [{ ...step, inputs: { runCommand: ['echo {{ RunId }}'] } }];
    expect(document({ mainSteps })).toThrow(/\{\{ RunId \}\}/);
  });

  it.each([
    [undefined, 3_600],
    [4, 3_600],
    [5, 5],
    ['{{ ExecutionTimeout }}', 600],
    [172_800, 172_800],
    [172_801, 3_600],
    ['soon', 3_600],
  ])('has the time-out %s, which the agent takes for %i s', (given, expected) => {
    expect(timeout(given)).toBe(expected);
  });
});

describe('the output of a script', () => {
  const output = (stdout: number, stderr: number, exitCode = 0) =>
    pluginOutput({ exitCode, stdout: 'o'.repeat(stdout), stderr: 'e'.repeat(stderr) });
  const count = (text: string, letter: string) => text.split(letter).length - 1;

  it.each([
    ['fits', 2_000, 400, 2_000, 400],
    ['a long error gives way to a short output', 1_238, 5_000, 1_238, 1_215],
    ['a long output gives way to a short error', 2_000, 1_000, 1_453, 1_000],
    ['both are long: each keeps half', 2_000, 2_000, 1_215, 1_215],
  ])('%s', (_, stdout, stderr, keptOutput, keptError) => {
    const text = output(stdout, stderr).replaceAll(/\n-.*-(?=\n|$)/g, '');
    expect([count(text, 'o'), count(text, 'e')]).toEqual([keptOutput, keptError]);
    expect(output(stdout, stderr).length).toBeLessThanOrEqual(2_500);
  });

  it('ends with the agent’s own line after a failure, but not after a kill', () => {
    expect(output(1, 1, 75)).toMatch(/e\nfailed to run commands: exit status 75$/);
    expect(output(1, 0, 137)).toBe('o');
  });
});
