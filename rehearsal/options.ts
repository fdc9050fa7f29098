import { parseArgs } from 'node:util';

export interface Options {
  readonly assembly?: string;
  readonly scenarios: string[];
  readonly seed: number;
  readonly runs: number;
  readonly list: boolean;
  readonly help: boolean;
  readonly hold: boolean;
  readonly requests?: string;
}

export const USAGE = `npm run rehearse -- [options]

  --list              names the scenarios
  --scenario NAME     rehearses one of them; may be given more than once (default: all
                      but those that the list calls "only by name")
  --seed N            the chance that latencies and failovers are drawn from (default: 1)
  --runs N            rehearses N times with seeds N, N+1, ... and shows medians (default: 1)
  --assembly DIR      rehearses a cloud assembly made elsewhere (default: synthesizes the stages of
                      this app, each for the scenarios that need it)
  --requests FILE     writes every request of every function to FILE, one line of JSON each
  --hold              stops the scenario "operator" in the middle of the failover, until you press Enter, and says
                      how another terminal looks at it with npx mobilink-ha
  --help              shows this`;

/** What the user asked for; throws an error that says what is wrong. */
export function parseOptions(args: string[], known: string[], usual: string[]): Options {
  const { values } = parseArgs({
    args,
    allowPositionals: false,
    options: {
      assembly: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      seed: { type: 'string' },
      runs: { type: 'string' },
      list: { type: 'boolean', default: false },
      requests: { type: 'string' },
      help: { type: 'boolean', default: false },
      hold: { type: 'boolean', default: false },
    },
  });
  const scenarios = values.scenario ?? usual;
  const unknown = scenarios.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`--scenario: there is no ${unknown.join(', ')}. There are: ${known.join(', ')}`);
  return {
    assembly: values.assembly,
    scenarios,
    seed: whole('--seed', values.seed ?? '1', 0, 2 ** 31 - 1),
    runs: whole('--runs', values.runs ?? '1', 1, 10_000),
    list: values.list,
    help: values.help,
    hold: values.hold,
    requests: values.requests,
  };
}

function whole(option: string, text: string, lowest: number, highest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < lowest || value > highest) {
    throw new Error(`${option}: must be a whole number from ${lowest} to ${highest}, got '${text}'`);
  }
  return value;
}
