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
  readonly nextStep?: string;
  readonly isEnd?: boolean;
  readonly inputs: Record<string, unknown>;
  readonly outputs?: { readonly Name: string }[];
}

const GROUPS = { arbiter: 'group-arbiter', first: 'group-first', second: 'group-second' };
const MEMBERS = ['arbiter', 'first', 'second'] as const;
type Member = (typeof MEMBERS)[number];

const steps = (
  replacementDocument({ roleArn: 'arn:role', commandDocument: 'Command', groups: GROUPS }) as { mainSteps: Step[] }
).mainSteps;

/**
 * A pair that does what the automation's steps ask of it, by the rules of Automation: a command to a tag returns no output and
 * succeeds without a host; a command to an instance that is gone fails.
 */
class Pair {
  public readonly done: string[] = [];
  public readonly failed: string[] = [];
  private readonly generation: Record<Member, number> = { arbiter: 1, first: 1, second: 1 };
  private alive: Record<Member, boolean> = { arbiter: true, first: true, second: true };
  /** Whether somebody waited for the pair since it was last touched. */
  private complete = true;
  private readonly outputs = new Map<string, string>();
  private readonly said = new Map<string, string>();

  constructor(
    public primary: 'first' | 'second',
    private readonly ails: string | undefined = undefined,
  ) {}

  /** Runs the document; returns the step with which it ended. */
  public run(): string {
    for (let at = 0, count = 0; ; count++) {
      const step = steps[at];
      if (!step) throw new Error('ran past the last step');
      if (count > 100) throw new Error('never ends');
      if (step.isEnd) return step.name;
      let next = step.nextStep;
      if (step.action === 'aws:branch') next = this.branch(step);
      else if (!this.does(step)) {
        this.failed.push(step.name);
        if (!step.onFailure?.startsWith('step:')) return `aborted at ${step.name}`;
        next = step.onFailure.slice('step:'.length);
      }
      at = next === undefined ? at + 1 : steps.findIndex(({ name }) => name === next);
    }
  }

  private idOf(member: Member): string {
    return `i-${member}-${this.generation[member]}`;
  }

  /** Puts outputs of earlier steps into a text, as Automation does; a step that failed has none. */
  private filled(text: unknown): string {
    return String(text).replace(/\{\{ (\S+) \}\}/g, (_, reference: string) => {
      const value = this.outputs.get(reference);
      if (value === undefined) throw new Error(`no output ${reference}`);
      return value;
    });
  }

  private branch(step: Step): string {
    const { Choices, Default } = step.inputs as {
      Choices: { NextStep: string; Variable: string; Contains: string }[];
      Default: string;
    };
    return Choices.find(({ Variable, Contains }) => this.filled(Variable).includes(Contains))?.NextStep ?? Default;
  }

  private does(step: Step): boolean {
    if (step.action === 'aws:runCommand') return this.command(step);
    if (step.action === 'aws:waitForAwsResourceProperty') {
      const [id] = step.inputs.InstanceIds as string[];
      return MEMBERS.some((member) => !this.alive[member] && this.filled(id) === this.idOf(member));
    }
    switch (step.inputs.Api) {
      case 'DescribeAutoScalingGroups': {
        const [group] = step.inputs.AutoScalingGroupNames as string[];
        const member = MEMBERS.find((it) => GROUPS[it] === group) as Member;
        if (this.ails === `${member} has no host`) return false;
        this.outputs.set(`${step.name}.${step.outputs?.[0]?.Name}`, this.idOf(member));
        return true;
      }
      case 'GetCommandInvocation': {
        const line = this.said.get(`${this.filled(step.inputs.CommandId)} ${this.filled(step.inputs.InstanceId)}`);
        if (line === undefined) return false;
        this.outputs.set(`${step.name}.${step.outputs?.[0]?.Name}`, line);
        return true;
      }
      case 'TerminateInstanceInAutoScalingGroup':
        return this.end(step);
      default:
        throw new Error(`unknown ${step.name}`);
    }
  }

  private end(step: Step): boolean {
    const member = MEMBERS.find((it) => this.idOf(it) === this.filled(step.inputs.InstanceId)) as Member;
    expect(member === this.primary, 'the primary is never ended').toBe(false);
    expect(this.complete, 'one at a time').toBe(true);
    expect(step.inputs.ShouldDecrementDesiredCapacity).toBe(false);
    this.alive[member] = false;
    this.complete = false;
    this.done.push(`replace ${member}`);
    return true;
  }

  private command(step: Step): boolean {
    const { Parameters, InstanceIds } = step.inputs as { Parameters: { Action: string[] }; InstanceIds?: string[] };
    this.outputs.set(`${step.name}.CommandId`, step.name);
    if (!InstanceIds) return true;
    const [id] = InstanceIds.map((it) => this.filled(it));
    const member = MEMBERS.find((it) => this.idOf(it) === id && this.alive[it]);
    if (!member) return false;
    const [action] = Parameters.Action;
    expect(PAIR_ACTIONS).toContain(action);
    if (action === 'mirror-status') return this.says(step.name, `${id}`, member);
    if (action === 'fail-over') {
      if (member !== this.primary || this.ails === 'no failover') return false;
      expect(this.complete, 'no failover to a mirror that is not there').toBe(true);
      this.primary = member === 'first' ? 'second' : 'first';
      this.complete = false;
      this.done.push(`fail over to ${this.primary}`);
      return true;
    }
    for (const it of MEMBERS) if (!this.alive[it]) this.generation[it]++;
    this.alive = { arbiter: true, first: true, second: true };
    this.complete = member === this.primary && this.ails !== 'never complete';
    return this.complete;
  }

  private says(command: string, id: string, member: Member): boolean {
    if (this.ails === 'silent') return false;
    if (member !== this.primary && this.ails === 'mirror refuses') return false;
    const role = member === this.primary ? 'primary' : 'mirror';
    const line = `server=x;${COMPLETE_PRIMARY.replace('primary', role)};mode=synchronous`;
    const ailing = this.ails === 'synchronizing' ? line.replace('synchronized', 'synchronizing') : line;
    this.said.set(
      `${command} ${id}`,
      this.ails === 'no arbiter' ? ailing.replace('arbiter=connected', 'arbiter=disconnected') : ailing,
    );
    return true;
  }
}

describe('the replacement of hosts', () => {
  it.each([
    ['first', 'second', undefined],
    ['second', 'first', undefined],
    ['first', 'second', 'mirror refuses'],
    ['second', 'first', 'mirror refuses'],
  ] as const)(
    'goes arbiter, mirror, planned failover, old primary when %s is the primary (%s, %s)',
    (primary, mirror, ails) => {
      const pair = new Pair(primary, ails);
      expect(pair.run()).toBe('Done');
      expect(pair.done).toEqual([
        'replace arbiter',
        `replace ${mirror}`,
        `fail over to ${mirror}`,
        `replace ${primary}`,
      ]);
      // What may fail on this way does not make the whole one a failure.
      for (const name of pair.failed)
        expect(steps.find((step) => step.name === name)).toMatchObject({ isCritical: false });
    },
  );

  it.each(['silent', 'synchronizing', 'no arbiter', 'first has no host'])(
    'touches nothing when the pair is: %s',
    (ails) => {
      const pair = new Pair('first', ails);
      expect(pair.run()).toBe('Refuse');
      expect(pair.done).toEqual([]);
    },
  );

  it.each([
    ['never complete', ['replace arbiter']],
    ['second has no host', ['replace arbiter']],
    ['no failover', ['replace arbiter', 'replace second']],
  ])('stops where it is and says so: %s', (ails, done) => {
    const pair = new Pair('first', ails);
    expect(pair.run()).toBe('Incomplete');
    expect(pair.done).toEqual(done);
  });

  it('ends as failed, with words, when it refuses or stops', () => {
    for (const name of ['Refuse', 'Incomplete']) {
      expect(steps.find((step) => step.name === name)?.inputs.Script).toMatch(/raise Exception\("(Refused|Stopped): /);
    }
  });

  it('waits until an instance is gone before it asks whether the pair is complete', () => {
    steps.forEach((step, at) => {
      if (step.inputs.Api !== 'TerminateInstanceInAutoScalingGroup') return;
      expect(steps[at + 1]).toMatchObject({ action: 'aws:waitForAwsResourceProperty' });
      expect(steps[at + 3]).toMatchObject({
        action: 'aws:runCommand',
        inputs: { Parameters: { Action: ['await-pair'] } },
      });
    });
  });

  it('leads to steps that exist', () => {
    const names = steps.map(({ name }) => name);
    for (const { onFailure, nextStep, inputs } of steps) {
      const choices = (inputs.Choices ?? []) as { NextStep: string }[];
      for (const next of [
        nextStep,
        onFailure?.replace('step:', ''),
        inputs.Default,
        ...choices.map((it) => it.NextStep),
      ]) {
        if (next !== undefined) expect(names).toContain(next);
      }
    }
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

  it('allows each call that a step makes', () => {
    const granted = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    const calls = steps.flatMap(({ inputs: { Service, Api } }) => (Api ? [`${Service}:${Api}`] : []));
    expect(new Set(calls).size).toBe(4);
    for (const call of calls) expect(granted).toContain(`"${call}"`);
  });

  it.each([
    [undefined, 60],
    [20, 60],
    [120, 240],
  ])(
    'runs nothing on a host but the three scripts; with links that break after %s s it is complete after %i s',
    (livenessSeconds, steady) => {
      const own = new Stack(new App(), 'Own');
      const of = (id: string) => autoscaling.AutoScalingGroup.fromAutoScalingGroupName(own, id, id);
      new PairReplacement(own, 'It', {
        databaseId: 'db',
        arbiter: of('a'),
        first: of('f'),
        second: of('s'),
        livenessSeconds,
      });
      Template.fromStack(own).hasResourceProperties('AWS::SSM::Document', {
        DocumentType: 'Command',
        Content: {
          parameters: { Action: { allowedValues: ['mirror-status', 'await-pair', 'fail-over'] } },
          mainSteps: [
            {
              inputs: {
                runCommand: [
                  `export STEADY_SECONDS=${steady}`,
                  'exec /bin/bash --norc /opt/mobilink-ha/{{ Action }}.sh',
                ],
              },
            },
          ],
        },
      });
    },
  );
});
