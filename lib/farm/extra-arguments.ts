import { Token } from 'aws-cdk-lib';
import { known, type Problems } from '../validation/problems';

interface RefusedOption {
  readonly option: string;
  /** Its value may follow without a space, letters included. */
  readonly isJoined?: boolean;
  readonly reason: string;
}

const SERVER_INITIATED =
  'server-initiated synchronization needs an arbiter that shuts a healthy server down when their link breaks';
const ofProp = (prop: string) => `the prop \`${prop}\` sets it`;

/** Options of mlsrv17 that belong to the farm, or that break it (SAP, "MobiLink server options", 17.0). */
const REFUSED: RefusedOption[] = [
  {
    option: '-ud',
    reason:
      'it makes mlsrv17 a daemon: the supervisor would take its end for a crash and ECS would restart the container',
  },
  {
    option: '-os',
    reason: 'it keeps an unlimited number of log files, which fills the disk; the log goes to CloudWatch anyway',
  },
  { option: '-notifier', reason: SERVER_INITIATED },
  { option: '-ca', reason: SERVER_INITIATED },
  { option: '-lsc', reason: SERVER_INITIATED },
  { option: '-x', isJoined: true, reason: 'listeners, ports and firewall rules come from the prop `streams`' },
  {
    option: '-zs',
    isJoined: true,
    reason:
      'every start needs a fresh name: one that was killed leaves its row in the database, and its namesake cannot start',
  },
  { option: '-wm', reason: `the connection budget is checked against it: ${ofProp('maxWorkers')}` },
  { option: '-wu', reason: ofProp('uploadWorkers') },
  { option: '-w', reason: `the connection budget is checked against it: ${ofProp('workers')}` },
  { option: '-cn', reason: 'it follows from the props `scriptVersions` and `maxWorkers`' },
  { option: '-sm', reason: ofProp('maxActiveSyncs') },
  { option: '-nc', reason: ofProp('maxNetworkConnections') },
  { option: '-tx', reason: ofProp('uploadGroup') },
  { option: '-ppv', reason: ofProp('periodicInterval') },
  { option: '-v', isJoined: true, reason: ofProp('verbosity') },
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
    const argument = known(each);
    const rule = argument === undefined ? undefined : ruleBrokenBy(argument.trim());
    problems.require(rule === undefined, {
      id: 'MobiLink:Farm:ExtraArguments',
      prop: 'extraArguments',
      rule: rule ?? '',
      value: argument,
      fix: 'leave it out',
    });
  }
}

/** The supervisor refuses the same, however the argument came to it; test/farm compares the two. */
function ruleBrokenBy(argument: string): string | undefined {
  if (argument === '') return 'must not be empty';
  if (/["\p{Cc}]/u.test(argument)) {
    return 'must hold no double quote and no control character: a file of arguments has no way to write them';
  }
  if (/\s[-@]/.test(argument)) return 'must each hold one option: a second one would escape these checks';
  if (/^[@#]/.test(argument)) {
    return 'must not begin with @ or #: options from a file or variable would escape these checks';
  }
  if (/^-c(?![a-z])|^-c[a-z]+\s*=/i.test(argument)) {
    return 'must not hold -c: the supervisor writes the connection string from `database` and its login secret; here it would show the password';
  }
  const refused = REFUSED.find((it) => isOption(argument, it));
  return refused && `must not hold ${refused.option}: ${refused.reason}`;
}

function isOption(argument: string, { option, isJoined = false }: RefusedOption): boolean {
  if (!argument.toLowerCase().startsWith(option)) return false;
  return isJoined || !/[a-z]/i.test(argument.charAt(option.length));
}
