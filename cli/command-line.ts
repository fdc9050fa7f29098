import { parseArgs } from 'node:util';
import { CommandError } from './exit-code';

/** What every command understands. */
export interface CommonOptions {
  readonly stack: string;
  readonly system?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json: boolean;
}

export interface CommandLine extends CommonOptions {
  readonly command: string;
  readonly words: readonly string[];
  readonly group?: string;
  readonly all: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly last?: number;
  readonly staleAfterHours?: number;
}

/** The commands, each with the words that it takes. */
export const COMMANDS: Readonly<
  Record<string, { readonly least: number; readonly most: number; readonly words: string }>
> = {
  status: { least: 0, most: 0, words: '' },
  doctor: { least: 0, most: 0, words: '' },
  runs: { least: 0, most: 0, words: '' },
  run: { least: 1, most: 1, words: 'ID' },
  'remotes import': { least: 1, most: 1, words: 'FILE' },
  'remotes list': { least: 0, most: 0, words: '' },
  'remotes pause': { least: 0, most: 1_000, words: '[REMOTE...]' },
  'remotes resume': { least: 0, most: 1_000, words: '[REMOTE...]' },
  sync: { least: 1, most: 1_000, words: 'REMOTE...' },
};

const OPTIONS = {
  stack: { type: 'string' },
  system: { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
  json: { type: 'boolean', default: false },
  group: { type: 'string' },
  all: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  last: { type: 'string' },
  'stale-after': { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
  version: { type: 'boolean', default: false },
} as const;

/** What the user asked for; throws a {@link CommandError} that says what is wrong with it. */
export function parseCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): CommandLine | 'help' | 'version' {
  const { values, positionals } = parse(args);
  if (values.help || args.length === 0) return 'help';
  if (values.version) return 'version';
  const [first = '', second = ''] = positionals;
  const command = first === 'remotes' ? `remotes ${second}`.trim() : first;
  const known = COMMANDS[command];
  if (!known) {
    throw new CommandError(
      `There is no command '${command}'. There are: ${Object.keys(COMMANDS).join(', ')}. Try --help`,
    );
  }
  const words = positionals.slice(command.split(' ').length);
  if (words.length < known.least || words.length > known.most) {
    throw new CommandError(`Usage: mobilink-ha ${command} ${known.words}`.trim());
  }
  const stack = values.stack ?? env.MOBILINK_HA_STACK;
  if (stack === undefined || stack === '') {
    throw new CommandError(
      'Which stack? Fix: --stack NAME, or set MOBILINK_HA_STACK to the stack of the MobiLinkSystem',
    );
  }
  return {
    command,
    words,
    stack,
    system: values.system,
    region: values.region,
    profile: values.profile,
    json: values.json,
    group: values.group,
    all: values.all,
    dryRun: values['dry-run'],
    wait: values.wait,
    last: number('--last', values.last, 1, 1_000),
    staleAfterHours: number('--stale-after', values['stale-after'], 1, 10_000),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message.split('. To specify')[0] : error}. Try --help`);
  }
}

function number(option: string, text: string | undefined, lowest: number, highest: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < lowest || value > highest) {
    throw new CommandError(`${option}: must be a whole number from ${lowest} to ${highest}, got '${text}'`);
  }
  return value;
}
