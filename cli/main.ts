import { awsSettings, worded } from './aws';
import { Clock } from './clock';
import { type CommandLine, parseCommandLine } from './command-line';
import { doctor } from './commands/doctor';
import { importRemotes } from './commands/remotes-import';
import { listRemotes } from './commands/remotes-list';
import { pauseRemotes } from './commands/remotes-pause';
import { run, runs } from './commands/runs';
import { status } from './commands/status';
import { sync } from './commands/sync';
import { findDirectory } from './directory';
import { CommandError, EXIT } from './exit-code';
import { HELP } from './help';
import { System } from './system';
import type { Terminal } from './terminal';

/** Set by the bundler. */
declare const MOBILINK_HA_VERSION: string;

// The bundle holds its SDK: what becomes of later ones is not the user's business.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

async function main(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args, process.env);
  if (line === 'help') return say(HELP.trimEnd());
  if (line === 'version') return say(MOBILINK_HA_VERSION);
  const settings = awsSettings(line);
  const directory = await findDirectory(settings, line.stack, line.system);
  return carryOut(line, new System(directory, settings, new Clock()), terminalOf(line.json));
}

function carryOut(line: CommandLine, system: System, terminal: Terminal): Promise<number> {
  const [first = ''] = line.words;
  switch (line.command) {
    case 'status':
      return status(system, terminal, line.staleAfterHours);
    case 'doctor':
      return doctor(system, terminal, line.staleAfterHours);
    case 'runs':
      return runs(system, terminal, line.last);
    case 'run':
      return run(system, terminal, first, line.wait);
    case 'remotes import':
      return importRemotes(system, terminal, first, line.dryRun);
    case 'remotes list':
      return listRemotes(system, terminal, line.group);
    case 'remotes pause':
      return pauseRemotes(system, terminal, line, true);
    case 'remotes resume':
      return pauseRemotes(system, terminal, line, false);
    default:
      return sync(system, terminal, line.words, line.wait);
  }
}

function terminalOf(isJson: boolean): Terminal {
  return {
    isJson,
    print: (text) => void process.stdout.write(`${text}\n`),
    progress: (text) => void process.stderr.write(`${text}\n`),
  };
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.well;
}

// Each call of AWS is done or not; nothing is half written.
process.once('SIGINT', () => {
  process.stderr.write('interrupted\n');
  process.exit(EXIT.interrupted);
});
// Whoever reads the answer may have enough of it.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.well : EXIT.aws),
);

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const told = worded(error);
    process.stderr.write(`${told instanceof CommandError ? `mobilink-ha: ${told.message}` : (told as Error)?.stack}\n`);
    process.exitCode = told instanceof CommandError ? told.exitCode : EXIT.aws;
  },
);
