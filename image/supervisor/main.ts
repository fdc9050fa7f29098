import { randomInt } from 'node:crypto';
import { CONFIGURATION_EXIT_CODE, type Configuration, ConfigurationError, parseConfiguration } from './configuration';
import { answerHealthchecks, healthcheck } from './healthcheck';
import { live } from './life/live';
import type { Timing } from './life/timing';
import { timingOf } from './life/timing-override';
import { outputTo } from './log/output';
import { prepare } from './prepare';
import { rotate } from './rotate';
import { secretsManager } from './secrets';

/** EX_SOFTWARE of sysexits.h: a fault of the supervisor itself. */
const FAULT = 70;

const COMMANDS: Readonly<Record<string, () => Promise<number>>> = {
  run,
  healthcheck: () => healthcheck(process.env.SATMP ?? '.', console.log),
  prepare: () => prepare(process.env),
  rotate: () => rotate(process.env),
};

/** Keeps mlsrv17 running until SIGTERM; gives the exit code. */
async function run(): Promise<number> {
  const told = toldOrProblems();
  if (told === undefined) return CONFIGURATION_EXIT_CODE;
  const { configuration, timing } = told;
  // What mlsrv17 writes, its log above all, is for nobody else.
  process.umask(0o077);
  const output = outputTo(process.stdout);
  const life = live({
    configuration,
    secrets: secretsManager(),
    output,
    timing,
    chance: Math.random,
    suffix,
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => life.terminate(signal));
  process.on('uncaughtException', (error) => {
    console.error(error);
    life.abandon();
    process.exit(FAULT);
  });
  const answering = answerHealthchecks(configuration.scratch, life.state, (error) => console.error(error.message));
  const code = await life.ended;
  answering.close();
  return code;
}

function toldOrProblems(): { configuration: Configuration; timing: Timing } | undefined {
  try {
    return { configuration: parseConfiguration(process.env), timing: timingOf(process.env) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return undefined;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function suffix(): string {
  return Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

async function main(): Promise<void> {
  const [command = 'run', ...rest] = process.argv.slice(2);
  const carryOut = COMMANDS[command];
  if (carryOut === undefined || rest.length > 0) {
    console.error(`There is no "${[command, ...rest].join(' ')}". Fix: one of ${Object.keys(COMMANDS).join(', ')}`);
    process.exit(CONFIGURATION_EXIT_CODE);
  }
  // The loop may be held open by a child that cannot be killed.
  process.exit(await carryOut());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(FAULT);
});
