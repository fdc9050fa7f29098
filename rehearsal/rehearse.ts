import type { Deployment } from './assembly/deployment';
import { Checks } from './report/checks';
import { findings, fingerprint, permissionFindings, transportFindings } from './report/findings';
import { type ScenarioResult, summaryTable } from './report/summary';
import { Timeline } from './report/timeline';
import type { Scenario } from './scenarios/scenario';
import { Authority } from './world/authority';
import { describeFunctions } from './world/descriptions';
import { RecordWatch } from './world/record-watch';
import { startedRoles, startedTargets } from './world/started';
import { findSyncs } from './world/sync-system';
import { World } from './world/world';

export interface RehearsalOptions {
  readonly deployment: Deployment;
  readonly scenarios: readonly Scenario[];
  /** Whether these are all scenarios that there are. */
  readonly everything: boolean;
  readonly bootstrap: string;
  readonly seeds: readonly number[];
  readonly accountId: string;
  readonly region: string;
  print(line: string): void;
  /** Given every request of each scenario, one line of JSON each. */
  keepRequests(lines: string[]): void;
}

/** Plays the scenarios with each seed; 0 when everything that the design promises happened. */
export async function rehearse(options: RehearsalOptions): Promise<number> {
  const { print, deployment } = options;
  const authority = await Authority.load(deployment, startedRoles(deployment));
  const applicable = options.scenarios.filter((scenario) => makesSense(scenario, deployment));
  for (const { name, needs } of options.scenarios.filter((it) => !applicable.includes(it))) {
    print(`${name} is left out: it needs ${needs}, and the assembly has none`);
  }
  const results: ScenarioResult[] = [];
  const broken: string[] = [];
  let digests = '';
  for (const seed of options.seeds) {
    for (const scenario of applicable) {
      print(`\n${scenario.name} (seed ${seed}): ${scenario.story}`);
      const { checks, digest } = await play(options, authority, scenario, seed);
      digests += digest;
      results.push({ scenario: scenario.name, measures: checks.measures });
      for (const { promise, held, seen } of checks.checks) print(`  ${held ? 'ok  ' : 'FAIL'} ${promise}: ${seen}`);
      broken.push(...checks.broken.map(({ promise, seen }) => `${scenario.name} (seed ${seed}): ${promise}: ${seen}`));
    }
  }
  print(`\n${summaryTable(results).join('\n')}`);
  broken.push(
    ...permissionFindings(authority.report(), options.everything, print),
    ...transportFindings(deployment, authority),
  );
  print(`\nrequests: sha256 ${fingerprint(digests)}`);
  if (broken.length === 0) {
    print(`\nEverything that the design promises happened in ${results.length} of ${results.length} rehearsals.`);
    return 0;
  }
  print(`\nThe rehearsal failed:\n${broken.map((it) => `  - ${it}`).join('\n')}`);
  return 1;
}

async function play(
  options: RehearsalOptions,
  authority: Authority,
  scenario: Scenario,
  seed: number,
): Promise<{ checks: Checks; digest: string }> {
  const { deployment, bootstrap, accountId, region } = options;
  const world = await World.start({
    deployment,
    authority,
    bootstrap,
    seed,
    accountId,
    region,
    startsAt: scenario.startsAt,
  });
  const checks = new Checks();
  const record = new RecordWatch(world);
  const start = world.clock.now();
  const timeline = new Timeline(start, () => world.clock.now(), scenario.quiet ? () => {} : options.print);
  record.onChanged = ({ epoch, state, zone, cause }) =>
    timeline.say('record', `epoch ${epoch}, ${state}, primary in ${zone}: ${cause}`);
  world.bus.onPublished = (event) => timeline.say('event', `${event['detail-type']}: ${wordDetail(event.detail)}`);
  world.onDelivered = (target) => timeline.say('event', `delivered to ${target}`);
  world.onTrouble = (what) => timeline.say('trouble', what);
  try {
    await scenario.play({ world, record, checks, say: (what) => timeline.say('world', what) });
    findings(world, scenario, checks);
    options.keepRequests(world.wire.requests.lines());
    return { checks, digest: world.wire.requests.digest() };
  } finally {
    await world.dispose();
  }
}

/** A tracker is asked for by name when it is missing; a system without scheduled syncs is complete. */
function makesSense({ needs }: Scenario, deployment: Deployment): boolean {
  if (needs !== 'a sync schedule') return true;
  return findSyncs(deployment, describeFunctions(deployment, startedTargets(deployment))) !== undefined;
}

function wordDetail({ Message, runId, skipped, counts, epoch }: Readonly<Record<string, unknown>>): string {
  if (Message !== undefined) return String(Message);
  if (runId === undefined) return `epoch ${epoch}`;
  const worded = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  return `${runId}: ${skipped ?? worded.map(([name, count]) => `${count} ${name}`).join(', ')}`;
}
