import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import { describe, expect, it } from 'vitest';
import { PairReplacement } from '../../lib/sql-anywhere/pair-replacement';
import { COMPLETE_PRIMARY, PAIR_ACTIONS, replacementDocument } from '../../lib/sql-anywhere/replacement-document';

interface Step {
  readonly name: string;
  readonly action: string;
  readonly onFailure?: string;
  readonly isEnd?: boolean;
  readonly inputs: Record<string, unknown>;
}

const GROUPS = { arbiter: 'group-arbiter', first: 'group-first', second: 'group-second' };
type Member = keyof typeof GROUPS;

const steps = (
  replacementDocument({ roleArn: 'arn:role', commandDocument: 'Command', databaseId: 'db', groups: GROUPS }) as {
    mainSteps: Step[];
  }
).mainSteps;

/** A pair that does what the automation's steps ask of it, and that a step can find in another state than it hopes for. */
class Pair {
  public readonly done: string[] = [];
  public alive: Record<Member, boolean> = { arbiter: true, first: true, second: true };

  constructor(
    public primary: 'first' | 'second',
    private readonly ails: string | undefined = undefined,
  ) {}

  private statusOf(member: string): string {
    if (this.ails === 'silent') return '';
    if (member !== this.primary) return 'server=x;role=mirror;state=synchronized;partner=connected;arbiter=connected';
    if (this.ails === 'synchronizing') return COMPLETE_PRIMARY.replace('synchronized', 'synchronizing');
    if (this.ails === 'no-arbiter') return COMPLETE_PRIMARY.replace('arbiter=connected', 'arbiter=disconnected');
    return `server=x;${COMPLETE_PRIMARY};mode=synchronous`;
  }

  /** Runs the document; returns how it ended. */
  public run(): string {
    const outputs = new Map<string, string>();
    for (let at = 0; ; at++) {
      const step = steps[at];
      if (!step) throw new Error('ran past the last step');
      switch (step.action) {
        case 'aws:executeScript':
          return step.name;
        case 'aws:branch': {
          const { Choices, Default } = step.inputs as {
            Choices: { NextStep: string; Variable: string; Contains: string }[];
            Default: string;
          };
          const choice = Choices.find(({ Variable, Contains }) => {
            const variable = Variable.match(/^\{\{ (\w+)\.Output \}\}$/)?.[1] ?? '';
            return outputs.get(variable)?.includes(Contains);
          });
          const next = choice?.NextStep ?? Default;
          at = steps.findIndex(({ name }) => name === next) - 1;
          continue;
        }
        case 'aws:runCommand':
          if (!this.command(step, outputs) && step.onFailure !== 'Continue') return 'aborted';
          break;
        default:
          this.api(step);
      }
      if (step.isEnd) return step.name;
    }
  }

  private command(step: Step, outputs: Map<string, string>): boolean {
    const { Parameters, Targets } = step.inputs as {
      Parameters: { Action: string[] };
      Targets: { Key: string; Values: string[] }[];
    };
    const [action] = Parameters.Action;
    expect(PAIR_ACTIONS).toContain(action);
    expect(Targets[0]).toEqual({ Key: 'tag:mobilink-ha:pair', Values: ['db'] });
    const member = Targets[1]?.Values[0] ?? '';
    outputs.set(step.name, this.statusOf(member));
    if (action === 'mirror-status') return true;
    if (action === 'fail-over') {
      if (member !== this.primary) return false;
      this.primary = member === 'first' ? 'second' : 'first';
      this.done.push(`fail over to ${this.primary}`);
      return true;
    }
    if (this.ails === 'no-host' && this.done.length > 0) {
      outputs.set(step.name, '');
      return true;
    }
    // Whoever was ended came back meanwhile.
    this.alive = { arbiter: true, first: true, second: true };
    if (this.ails === 'never-complete' && this.done.length > 0) return false;
    return member === this.primary;
  }

  private api(step: Step): void {
    if (step.inputs.Api === 'TerminateInstanceInAutoScalingGroup') {
      const find = String(step.inputs.InstanceId).match(/^\{\{ (\w+)\.InstanceId \}\}$/)?.[1];
      const group = steps.find(({ name }) => name === find)?.inputs.AutoScalingGroupNames as string[];
      const member = (Object.keys(GROUPS) as Member[]).find((it) => GROUPS[it] === group[0]) as Member;
      expect(member === this.primary, 'the primary is never ended').toBe(false);
      expect(Object.values(this.alive), 'one at a time').toEqual([true, true, true]);
      expect(step.inputs.ShouldDecrementDesiredCapacity).toBe(false);
      this.alive[member] = false;
      this.done.push(`replace ${member}`);
    }
  }
}

describe('the replacement of hosts', () => {
  it.each([
    ['first', 'second'],
    ['second', 'first'],
  ] as const)('goes arbiter, mirror, planned failover, old primary when %s is the primary', (primary, mirror) => {
    const pair = new Pair(primary);
    expect(pair.run()).toBe('Done');
    expect(pair.done).toEqual(['replace arbiter', `replace ${mirror}`, `fail over to ${mirror}`, `replace ${primary}`]);
  });

  it.each(['silent', 'synchronizing', 'no-arbiter'])('touches nothing when the pair is %s', (ails) => {
    const pair = new Pair('first', ails);
    expect(pair.run()).toBe('Refuse');
    expect(pair.done).toEqual([]);
  });

  it('stops after the first host when the pair does not become complete again', () => {
    const pair = new Pair('first', 'never-complete');
    expect(pair.run()).toBe('aborted');
    expect(pair.done).toEqual(['replace arbiter']);
  });

  it('stops when the command found no host: it then succeeds without a word', () => {
    const pair = new Pair('first', 'no-host');
    expect(pair.run()).toBe('Incomplete');
    expect(pair.done).toEqual(['replace arbiter']);
  });

  it('waits until an instance is gone before it asks whether the pair is complete', () => {
    steps.forEach((step, at) => {
      if (step.inputs.Api !== 'TerminateInstanceInAutoScalingGroup') return;
      expect(steps[at + 1]).toMatchObject({ action: 'aws:waitForAwsResourceProperty', onFailure: 'Abort' });
      expect(steps[at + 2]).toMatchObject({
        action: 'aws:runCommand',
        inputs: { Parameters: { Action: ['await-pair'] } },
      });
    });
  });

  it('has names of steps that are unique and allowed', () => {
    const names = steps.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_]{3,128}$/);
  });
});

describe('PairReplacement', () => {
  const stack = new Stack(new App(), 'Test');
  const group = (id: string) => autoscaling.AutoScalingGroup.fromAutoScalingGroupName(stack, id, id);
  new PairReplacement(stack, 'Replacement', {
    databaseId: 'db',
    arbiter: group('a'),
    first: group('f'),
    second: group('s'),
  });
  const template = Template.fromStack(stack);

  it('lets the automation end instances of these groups alone, and command hosts of this pair alone', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'ssm:SendCommand',
            Condition: { StringEquals: { 'ssm:resourceTag/mobilink-ha:pair': 'db' } },
          }),
          Match.objectLike({
            Action: 'autoscaling:TerminateInstanceInAutoScalingGroup',
            Resource: ['a', 'f', 's'].map((name) => ({
              'Fn::Join': [
                '',
                Match.arrayWith([Match.stringLikeRegexp(`:autoScalingGroup:\\*:autoScalingGroupName/${name}$`)]),
              ],
            })),
          }),
        ]),
      },
    });
  });

  it('runs nothing on a host but the three scripts', () => {
    template.hasResourceProperties('AWS::SSM::Document', {
      DocumentType: 'Command',
      Content: {
        parameters: { Action: { allowedValues: ['mirror-status', 'await-pair', 'fail-over'] } },
        mainSteps: [{ inputs: { runCommand: ['exec /bin/bash --norc /opt/mobilink-ha/{{ Action }}.sh'] } }],
      },
    });
  });
});
