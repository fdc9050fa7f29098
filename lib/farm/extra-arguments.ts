import { Token } from 'aws-cdk-lib';
import { known, type Problems } from '../validation/problems';

interface RefusedArgument {
  /** The option in every way in which it can be written: alone, or joined with its value. */
  readonly pattern: RegExp;
  readonly option: string;
  readonly reason: string;
}

/** Options of mlsrv17 that belong to the farm, or that break it (SAP, "MobiLink server options", 17.0). */
const REFUSED: RefusedArgument[] = [
  {
    option: '-ud',
    pattern: /^-ud\b/,
    reason:
      'it makes mlsrv17 a daemon: the supervisor would take its end for a crash and ECS would restart the container',
  },
  {
    option: '-os',
    pattern: /^-os(\b|\d)/,
    reason: 'it keeps an unlimited number of log files, which fills the disk; the log goes to CloudWatch anyway',
  },
  {
    option: '-notifier',
    pattern: /^-notifier\b/,
    reason: 'server-initiated synchronization needs an arbiter that shuts a healthy server down when their link breaks',
  },
  {
    option: '-ca',
    pattern: /^-ca\b/,
    reason: 'with an arbiter of MobiLink, losing the link to it shuts the primary server down',
  },
  {
    option: '-lsc',
    pattern: /^-lsc\b/,
    reason: 'it belongs to server-initiated synchronization, which the farm does not offer',
  },
  {
    option: '-c',
    pattern: /^-c(?=$|[\s"'=]|[A-Za-z]+=)/,
    reason:
      'the supervisor writes the connection string from `database` and its login secret; here it would show the password',
  },
  {
    option: '-x',
    pattern: /^-x(?=$|[\s"'=]|tcpip|tls|https?)/,
    reason: 'listeners, ports and firewall rules come from `streams`',
  },
  {
    option: '-zs',
    pattern: /^-zs(?=$|[\s"'=-]|\w)/,
    reason:
      'every start needs a fresh name: one that was killed leaves its row in the database, and its namesake cannot start',
  },
  {
    option: '-w, -wm',
    pattern: /^-wm?(?=$|[\s=]|\d)/,
    reason: 'the connection budget is checked against `workers` and `maxWorkers`',
  },
  {
    option: '-cn',
    pattern: /^-cn(?=$|[\s=]|\d)/,
    reason: 'it follows from `scriptVersions` and `maxWorkers`, which the connection budget is checked against',
  },
  {
    option: '@',
    pattern: /^@/,
    reason: 'options from a file or variable would escape these checks',
  },
];

/** Notes the arguments that the farm cannot allow. */
export function validateExtraArguments(problems: Problems, given: string[] = []): void {
  const listed = !Token.isUnresolved(given);
  problems.require(listed, {
    id: 'MobiLink:Farm:ExtraArguments',
    prop: 'extraArguments',
    rule: 'must be a list that is known at synth; some options would break the farm',
    value: 'a token',
    fix: 'list the arguments one by one',
  });
  if (!listed) return;
  for (const each of given) {
    const argument = known(each)?.trim();
    if (argument === undefined) continue;
    const refused = REFUSED.find(({ pattern }) => pattern.test(argument));
    problems.require(refused === undefined, {
      id: 'MobiLink:Farm:ExtraArguments',
      prop: 'extraArguments',
      rule: `must not hold ${refused?.option}: ${refused?.reason}`,
      value: argument,
      fix: 'leave it out',
    });
  }
}
