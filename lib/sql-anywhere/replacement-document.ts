/** What the replacement of a pair's hosts needs to know; each value may be a token. */
export interface ReplacementTargets {
  /** The role that the document assumes. */
  readonly roleArn: string;
  /** The command document of the pair, whose one parameter `Action` is one of `PAIR_ACTIONS`. */
  readonly commandDocument: string;
  /** The group of each host, by which its instance is found at the moment it is needed. */
  readonly groups: { readonly arbiter: string; readonly first: string; readonly second: string };
}

/** What the command document may run: each is the name of a script in `/opt/mobilink-ha`. */
export const PAIR_ACTIONS = ['mirror-status', 'await-pair', 'fail-over'] as const;

/** The tags by which commands find the host of a role. */
export const PAIR_TAG = 'mobilink-ha:pair';
export const MEMBER_TAG = 'mobilink-ha:member';

/** A primary whose mirror is synchronized and which sees both others: only then does losing one host not stop the database. */
export const COMPLETE_PRIMARY = 'role=primary;state=synchronized;partner=connected;arbiter=connected';

type Action = (typeof PAIR_ACTIONS)[number];
type Partner = 'first' | 'second';
type Member = Partner | 'arbiter';
interface Step {
  readonly name: string;
  readonly action: string;
  readonly [key: string]: unknown;
}

/** Longer than `await-pair.sh` waits (one hour), so that its own words reach the operator. */
const COMMAND_SECONDS = 3900;

/** Within this time the agent of a host takes a command, or the host is not there. */
const DELIVERY_SECONDS = 120;

/**
 * The content of the Automation document that replaces all three hosts one at a time: arbiter, mirror, planned failover, old
 * primary. It refuses unless one partner is a primary that sees a synchronized mirror and the arbiter, and waits for just that
 * after each host before it touches the next.
 *
 * Commands go to instances by id: a command to a tag succeeds when it finds no host, and returns no output (Systems Manager User
 * Guide, "aws:runCommand").
 */
export function replacementDocument(targets: ReplacementTargets): object {
  return {
    schemaVersion: '0.3',
    description: 'Replaces the hosts of a mirrored pair, one at a time, from their present launch templates',
    assumeRole: targets.roleArn,
    mainSteps: [
      ...isPrimary(targets, 'first', 'FindArbiterA', 'LookForSecond'),
      ...isPrimary(targets, 'second', 'FindArbiterB', 'Refuse'),
      ...course(targets, 'A', 'first', 'second'),
      ...course(targets, 'B', 'second', 'first'),
      raise('Refuse', REFUSAL),
      raise('Incomplete', INCOMPLETE),
      { name: 'Done', action: 'aws:sleep', inputs: { Duration: 'PT1S' }, isEnd: true },
    ],
  };
}

const REFUSAL =
  'Refused: no partner says that it is primary, that its mirror is synchronized and that it sees the arbiter. Losing a host now ' +
  'would stop the database. Nothing was touched. Read the output of AskFirst and AskSecond.';
const INCOMPLETE =
  'Stopped: a step failed after the replacement had begun, or the pair is not complete. The hosts after it were not touched. Read the ' +
  'output of the last step, mend what it says, and start this document again.';

/** Ends the automation as failed, with words for the operator. */
function raise(name: string, words: string): Step {
  return {
    name,
    action: 'aws:executeScript',
    inputs: {
      Runtime: 'python3.11',
      Handler: 'stop',
      Script: `def stop(events, context):\n    raise Exception(${JSON.stringify(words)})`,
    },
    isEnd: true,
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Asks a partner whether it is a primary with all that belongs to it, and goes to one step or the other. */
function isPrimary(targets: ReplacementTargets, partner: Partner, yes: string, no: string): Step[] {
  const role = capital(partner);
  return [
    { ...find(targets, `LookFor${role}`, partner), onFailure: `step:${no}`, isCritical: false },
    {
      ...command(targets, `Ask${role}`, `LookFor${role}`, 'mirror-status'),
      // A mirror may refuse the question.
      onFailure: `step:${no}`,
      isCritical: false,
    },
    {
      name: `AnswerOf${role}`,
      action: 'aws:executeAwsApi',
      onFailure: `step:${no}`,
      isCritical: false,
      inputs: {
        Service: 'ssm',
        Api: 'GetCommandInvocation',
        CommandId: `{{ Ask${role}.CommandId }}`,
        InstanceId: `{{ LookFor${role}.InstanceId }}`,
      },
      outputs: [{ Name: 'Line', Selector: '$.StandardOutputContent', Type: 'String' }],
    },
    {
      name: `Is${role}Primary`,
      action: 'aws:branch',
      inputs: {
        Choices: [{ NextStep: yes, Variable: `{{ AnswerOf${role}.Line }}`, Contains: COMPLETE_PRIMARY }],
        Default: no,
      },
    },
  ];
}

/** The steps in order when `primary` is the primary at the beginning. */
function course(targets: ReplacementTargets, letter: string, primary: Partner, mirror: Partner): Step[] {
  const steps = [
    ...replace(targets, letter, 'arbiter'),
    ...onHost(targets, `ArbiterIsBack${letter}`, primary, 'await-pair'),
    ...replace(targets, letter, mirror),
    ...onHost(targets, `MirrorIsBack${letter}`, primary, 'await-pair'),
    ...onHost(targets, `FailOver${letter}`, primary, 'fail-over'),
    ...onHost(targets, `HasFailedOver${letter}`, mirror, 'await-pair'),
    ...replace(targets, letter, primary),
    ...onHost(targets, `OldPrimaryIsBack${letter}`, mirror, 'await-pair'),
  ];
  return steps.map((step, at) => ({
    ...step,
    onFailure: 'step:Incomplete',
    nextStep: steps[at + 1]?.name ?? 'Done',
  }));
}

/** Finds the one instance of a group and ends it, waits until it is gone; the group starts the next one by itself. */
function replace(targets: ReplacementTargets, letter: string, member: Member): Step[] {
  const role = capital(member);
  const found = find(targets, `Find${role}${letter}`, member);
  const instance = `{{ ${found.name}.InstanceId }}`;
  return [
    found,
    {
      name: `End${role}${letter}`,
      action: 'aws:executeAwsApi',
      inputs: {
        Service: 'autoscaling',
        Api: 'TerminateInstanceInAutoScalingGroup',
        InstanceId: instance,
        ShouldDecrementDesiredCapacity: false,
      },
    },
    {
      name: `${role}IsGone${letter}`,
      action: 'aws:waitForAwsResourceProperty',
      timeoutSeconds: 900,
      inputs: {
        Service: 'ec2',
        Api: 'DescribeInstances',
        InstanceIds: [instance],
        PropertySelector: '$.Reservations[0].Instances[0].State.Name',
        DesiredValues: ['terminated'],
      },
    },
  ];
}

/** Runs a script on the present host of a partner; fails when there is none or when the script fails. */
function onHost(targets: ReplacementTargets, name: string, partner: Partner, action: Action): Step[] {
  return [find(targets, `HostOf${name}`, partner), command(targets, name, `HostOf${name}`, action)];
}

function find(targets: ReplacementTargets, name: string, member: Member): Step {
  return {
    name,
    action: 'aws:executeAwsApi',
    inputs: {
      Service: 'autoscaling',
      Api: 'DescribeAutoScalingGroups',
      AutoScalingGroupNames: [targets.groups[member]],
    },
    outputs: [{ Name: 'InstanceId', Selector: '$.AutoScalingGroups[0].Instances[0].InstanceId', Type: 'String' }],
  };
}

function command(targets: ReplacementTargets, name: string, found: string, action: Action): Step {
  return {
    name,
    action: 'aws:runCommand',
    timeoutSeconds: COMMAND_SECONDS + DELIVERY_SECONDS,
    inputs: {
      DocumentName: targets.commandDocument,
      Parameters: { Action: [action] },
      InstanceIds: [`{{ ${found}.InstanceId }}`],
      TimeoutSeconds: DELIVERY_SECONDS,
    },
  };
}

/**
 * The content of the command document: it runs one of three scripts that are on the host, and nothing else.
 *
 * @param livenessSeconds for how long a link that is gone can look connected; a pair counts as complete after twice that
 */
export function pairCommandDocument(livenessSeconds: number): object {
  return {
    schemaVersion: '2.2',
    description:
      'Asks a host of a mirrored pair for its role, waits for its pair to be complete, or begins a planned failover',
    parameters: {
      Action: {
        type: 'String',
        description: 'Which script of the host runs',
        // Nothing but one of these words can become part of the command.
        allowedValues: [...PAIR_ACTIONS],
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'PairCommand',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: String(COMMAND_SECONDS - 100),
          runCommand: [
            `export STEADY_SECONDS=${Math.max(60, 2 * livenessSeconds)}`,
            'exec /bin/bash --norc /opt/mobilink-ha/{{ Action }}.sh',
          ],
        },
      },
    ],
  };
}
