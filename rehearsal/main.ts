import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { deploy } from './assembly/deployment';
import { readAssembly } from './assembly/manifest';
import { bundleBootstrap } from './bundle-bootstrap';
import { WIRE_HOST } from './functions/protocol';
import { parseOptions, USAGE } from './options';
import { rehearse } from './rehearse';
import { SCENARIOS } from './scenarios';
import { synthesizeApp } from './synthesis';

/** The account and Region of stacks that leave them open. The account is AWS's own example. */
const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';

async function main(): Promise<number> {
  const usual = SCENARIOS.filter(({ onDemand }) => onDemand === undefined).map(({ name }) => name);
  const options = parseOptions(
    process.argv.slice(2),
    SCENARIOS.map(({ name }) => name),
    usual,
  );
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.list) {
    for (const { name, story, onDemand } of SCENARIOS) {
      console.log(`${name.padEnd(32)} ${story}${onDemand ? ` (Only by name: ${onDemand}.)` : ''}`);
    }
    return 0;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-rehearsal-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const assembly = options.assembly ?? (await synthesize(folder));
  const deployment = deploy(readAssembly(assembly), {
    accountId: ACCOUNT,
    region: REGION,
    // The SDK calls the host of a queue's URL, whatever its endpoint is: this one leads to the rehearsal.
    queueEndpoint: `http://${WIRE_HOST}`,
  });
  return rehearse({
    deployment,
    scenarios: SCENARIOS.filter((scenario) => options.scenarios.includes(scenario.name)),
    everything: usual.every((name) => options.scenarios.includes(name)),
    bootstrap: await bundleBootstrap(folder),
    seeds: Array.from({ length: options.runs }, (_, index) => options.seed + index),
    accountId: ACCOUNT,
    region: REGION,
    print: (line) => console.log(line),
    keepRequests: (lines) => {
      if (options.requests) writeFileSync(options.requests, `${lines.join('\n')}\n`, { flag: 'a' });
    },
  });
}

async function synthesize(folder: string): Promise<string> {
  console.log('synthesizing the app ...');
  return synthesizeApp(process.cwd(), path.join(folder, 'assembly'));
}

// Children end by themselves when this process does: their channel to it breaks.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.error(`\nstopped by ${signal}`);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? `rehearsal: ${error.message}` : error);
    process.exit(2);
  },
);
