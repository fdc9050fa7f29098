/** What the replacement of a pair's hosts needs to know; each value may be a token. */
export interface ReplacementTargets {
  /** The role that the document assumes. */
  readonly roleArn: string;
  /** The command document of the pair, whose one parameter `Action` is one of `PAIR_ACTIONS`. */
  readonly commandDocument: string;
  /** Value of the tag `mobilink-ha:pair` of the hosts. */
  readonly databaseId: string;
  /** The group of each host. */
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

/**
 * The content of the Automation document that replaces all three hosts one at a time: arbiter, mirror, planned failover, old
 * primary. It refuses unless one partner is a primary that sees a synchronized mirror and the arbiter, and waits for just that
 * after each host before it touches the next.
 */
export function replacementDocument(targets: ReplacementTargets): object {
  return {
    schemaVersion: '0.3',
    description: 'Replaces the hosts of a mirrored pair, one at a time, from their present launch templates',
    assumeRole: targets.roleArn,
    mainSteps: [
      command(targets, 'StatusOfFirst', 'first', 'mirror-status', { onFailure: 'Continue' }),
      command(targets, 'StatusOfSecond', 'second', 'mirror-status', { onFailure: 'Continue' }),
      {
        name: 'WhoIsPrimary',
        action: 'aws:branch',
        inputs: {
          Choices: [
            { NextStep: 'FirstHostOfArbiterA', Variable: '{{ StatusOfFirst.Output }}', Contains: COMPLETE_PRIMARY },
            { NextStep: 'FirstHostOfArbiterB', Variable: '{{ StatusOfSecond.Output }}', Contains: COMPLETE_PRIMARY },
          ],
          Default: 'Refuse',
        },
      },
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
  'would stop the database. Nothing was touched. Read the output of StatusOfFirst and StatusOfSecond.';
const INCOMPLETE =
  'Stopped: the pair is not complete after a host was replaced. The hosts after it were not touched. Read the output of the last ' +
  'command, mend what it says, and start this document again.';

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

/** The steps in order when `primary` is the primary at the beginning. */
function course(targets: ReplacementTargets, letter: string, primary: Partner, mirror: Partner): Step[] {
  return [
    ...replace(targets, letter, 'arbiter'),
    ...complete(targets, `ArbiterIsBack${letter}`, primary, `FirstHostOf${capital(mirror)}${letter}`),
    ...replace(targets, letter, mirror),
    ...complete(targets, `MirrorIsBack${letter}`, primary, `FailOver${letter}`),
    command(targets, `FailOver${letter}`, primary, 'fail-over'),
    ...complete(targets, `HasFailedOver${letter}`, mirror, `FirstHostOf${capital(primary)}${letter}`),
    ...replace(targets, letter, primary),
    ...complete(targets, `OldPrimaryIsBack${letter}`, mirror, 'Done'),
  ];
}

/**
 * Waits until this partner is a primary with all that belongs to it, and goes on only on its own word: a command that finds no host
 * with these tags succeeds, too.
 */
function complete(targets: ReplacementTargets, name: string, partner: Partner, next: string): Step[] {
  return [
    command(targets, name, partner, 'await-pair'),
    {
      name: `Check${name}`,
      action: 'aws:branch',
      inputs: {
        Choices: [{ NextStep: next, Variable: `{{ ${name}.Output }}`, Contains: COMPLETE_PRIMARY }],
        Default: 'Incomplete',
      },
    },
  ];
}

/** Ends the one instance of a group and waits until it is gone; the group starts the next one by itself. */
function replace(targets: ReplacementTargets, letter: string, member: Member): Step[] {
  const role = capital(member);
  const find = `FirstHostOf${role}${letter}`;
  const instance = `{{ ${find}.InstanceId }}`;
  return [
    {
      name: find,
      action: 'aws:executeAwsApi',
      onFailure: 'Abort',
      inputs: {
        Service: 'autoscaling',
        Api: 'DescribeAutoScalingGroups',
        AutoScalingGroupNames: [targets.groups[member]],
      },
      outputs: [{ Name: 'InstanceId', Selector: '$.AutoScalingGroups[0].Instances[0].InstanceId', Type: 'String' }],
    },
    {
      name: `End${role}${letter}`,
      action: 'aws:executeAwsApi',
      onFailure: 'Abort',
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
      onFailure: 'Abort',
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

function command(
  targets: ReplacementTargets,
  name: string,
  partner: Partner,
  action: Action,
  more: { readonly onFailure?: string } = {},
): Step {
  return {
    name,
    action: 'aws:runCommand',
    onFailure: 'Abort',
    timeoutSeconds: COMMAND_SECONDS,
    inputs: {
      DocumentName: targets.commandDocument,
      Parameters: { Action: [action] },
      Targets: [
        { Key: `tag:${PAIR_TAG}`, Values: [targets.databaseId] },
        { Key: `tag:${MEMBER_TAG}`, Values: [partner] },
      ],
    },
    ...more,
  };
}

/** The content of the command document: it runs one of three scripts that are on the host, and nothing else. */
export function pairCommandDocument(): object {
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
          runCommand: ['exec /bin/bash --norc /opt/mobilink-ha/{{ Action }}.sh'],
        },
      },
    ],
  };
}
