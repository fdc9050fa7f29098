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
import type { Scenario } from './scenarios/scenario';
import { rehearseStages, type StageRun } from './stages';
import { synthesizeApp } from './synthesis';

/** The account and Region of stacks that leave them open. The account is AWS's own example. */
const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';

/** Which stage of the app each scenario is played on. */
const STAGES: Readonly<Record<Scenario['needs'], string>> = {
  'a primary tracker': 'dev',
  'a database that is prepared': 'dev',
  'a sync schedule': 'dev',
  'a login that is rotated': 'dev',
  'a mirrored pair': 'pair',
  'a Multi-AZ DB cluster': 'cluster',
  'a mirrored remote over a mirrored pair': 'bothMirrored',
  'a mirrored remote over RDS': 'mirroredRemotes',
  'a single remote over RDS': 'singleRemotes',
  'a single remote over a mirrored pair': 'mirroredConsolidated',
  'a mirrored remote over a single server': 'singleConsolidated',
};

async function main(): Promise<number> {
  const usual = SCENARIOS.filter(({ onDemand }) => onDemand === undefined);
  const options = parseOptions(
    process.argv.slice(2),
    SCENARIOS.map(({ name }) => name),
    usual.map(({ name }) => name),
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
  const scenarios = SCENARIOS.filter((scenario) => options.scenarios.includes(scenario.name));
  const stages = stagesOf(scenarios);
  if (options.assembly === undefined && stages.length > 1 && !options.hold && options.requests === undefined) {
    const more = ['--seed', String(options.seed), '--runs', String(options.runs)];
    return rehearseStages(stages, (stage) => synthesizeApp(process.cwd(), path.join(folder, stage), stage), more);
  }
  const assemblies = options.assembly === undefined ? await synthesize(folder, stages) : [options.assembly];
  const deployments = assemblies.map((assembly) =>
    deploy(readAssembly(assembly), {
      accountId: ACCOUNT,
      region: REGION,
      // The SDK calls the host of a queue's URL, whatever its endpoint is: this one leads to the rehearsal.
      queueEndpoint: `http://${WIRE_HOST}`,
    }),
  );
  return rehearse({
    deployments,
    scenarios,
    usual,
    bootstrap: await bundleBootstrap(folder),
    seeds: Array.from({ length: options.runs }, (_, index) => options.seed + index),
    accountId: ACCOUNT,
    region: REGION,
    print: (line) => console.log(line),
    hold: (environment) => (options.hold ? untilEnter(environment) : Promise.resolve()),
    keepRequests: (lines) => {
      if (options.requests) writeFileSync(options.requests, `${lines.join('\n')}\n`, { flag: 'a' });
    },
  });
}

/** The virtual clock stands still meanwhile. */
async function untilEnter(environment: Readonly<Record<string, string>>): Promise<void> {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  console.log(`\nIn another terminal, in this folder:\n\n  export ${settings.join(' ')}`);
  console.log('  npx mobilink-ha status\n  npx mobilink-ha doctor\n\nThe virtual clock stands still. Enter goes on.');
  process.stdin.resume();
  await new Promise((done) => process.stdin.once('data', done).once('end', done));
  process.stdin.pause();
}

/** The stages that hold what the scenarios need, each with those that are played there. */
function stagesOf(scenarios: readonly Scenario[]): StageRun[] {
  const needed = [...new Set(scenarios.map(({ needs }) => STAGES[needs]))];
  return needed.map((stage) => ({
    stage,
    scenarios: scenarios.filter(({ needs }) => STAGES[needs] === stage).map(({ name }) => name),
  }));
}

/** The stages of cdk.json that hold what the scenarios need. */
async function synthesize(folder: string, stages: readonly StageRun[]): Promise<string[]> {
  const assemblies: string[] = [];
  for (const { stage } of stages) {
    console.log(`synthesizing the stage ${stage} of the app ...`);
    assemblies.push(await synthesizeApp(process.cwd(), path.join(folder, stage), stage));
  }
  return assemblies;
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
