import type { Deployment } from './assembly/deployment';
import { Checks } from './report/checks';
import { findings, fingerprint, permissionFindings, transportFindings } from './report/findings';
import { type ScenarioResult, summaryTable } from './report/summary';
import { Timeline } from './report/timeline';
import type { Scenario } from './scenarios/scenario';
import { Authority } from './world/authority';
import { deployedRemotes } from './world/custom-resources';
import { describeFunctions, describeSchedules } from './world/descriptions';
import { RecordWatch } from './world/record-watch';
import { rotatedSecrets } from './world/rotations';
import { startedRoles, startedTargets } from './world/started';
import { findSyncs } from './world/sync-system';
import { findTracker } from './world/tracked-database';
import { World } from './world/world';

export interface RehearsalOptions {
  /** A scenario is played on the first of them that has what it needs. */
  readonly deployments: readonly Deployment[];
  readonly scenarios: readonly Scenario[];
  /** All that are usually played: only when those that a deployment can play are played, all that it grants must be used. */
  readonly usual: readonly Scenario[];
  readonly bootstrap: string;
  readonly seeds: readonly number[];
  readonly accountId: string;
  readonly region: string;
  print(line: string): void;
  /** Waits while somebody looks around; the environment is for his commands. */
  hold(environment: Readonly<Record<string, string>>): Promise<void>;
  /** Given every request of each scenario, one line of JSON each. */
  keepRequests(lines: string[]): void;
}

interface House {
  readonly deployment: Deployment;
  readonly authority: Authority;
}

/** Plays the scenarios with each seed; 0 when everything that the design promises happened. */
export async function rehearse(options: RehearsalOptions): Promise<number> {
  const { print, deployments } = options;
  const houses = await Promise.all(
    deployments.map(async (deployment) => ({
      deployment,
      authority: await Authority.load(deployment, rolesInPlay(deployment)),
    })),
  );
  const playable = options.scenarios.flatMap((scenario) => {
    const house = houses.find(({ deployment }) => makesSense(scenario, deployment));
    if (!house) print(`${scenario.name} is left out: it needs ${scenario.needs}, and the assembly has none`);
    return house ? [{ scenario, house }] : [];
  });
  const results: ScenarioResult[] = [];
  const broken: string[] = [];
  let digests = '';
  for (const seed of options.seeds) {
    for (const { scenario, house } of playable) {
      print(`\n${scenario.name} (seed ${seed}): ${scenario.story}`);
      const { checks, digest } = await play(options, house, scenario, seed);
      digests += digest;
      results.push({ scenario: scenario.name, measures: checks.measures });
      for (const { promise, held, seen } of checks.checks) print(`  ${held ? 'ok  ' : 'FAIL'} ${promise}: ${seen}`);
      broken.push(...checks.broken.map(({ promise, seen }) => `${scenario.name} (seed ${seed}): ${promise}: ${seen}`));
    }
  }
  print(`\n${summaryTable(results).join('\n')}`);
  for (const house of houses) {
    const played = playable.filter((it) => it.house === house).map(({ scenario }) => scenario);
    if (played.length === 0) continue;
    const { deployment, authority } = house;
    const everything =
      played.every(({ partial }) => !partial) &&
      options.usual.every((it) => it.partial || played.includes(it) || !makesSense(it, deployment));
    broken.push(
      ...permissionFindings(authority.report(), everything, print),
      ...transportFindings(deployment, authority),
    );
  }
  print(`\nrequests: sha256 ${fingerprint(digests)}`);
  if (broken.length === 0) {
    print(`\nEverything that the design promises happened in ${results.length} of ${results.length} rehearsals.`);
    return 0;
  }
  print(`\nThe rehearsal failed:\n${broken.map((it) => `  - ${it}`).join('\n')}`);
  return 1;
}

/**
 * Whose permissions are counted. Over a pair without a schedule only what the tracker needs is played.
 */
function rolesInPlay(deployment: Deployment): string[] {
  const functions = describeFunctions(deployment, startedTargets(deployment));
  const tracker = findTracker(functions);
  if (!tracker?.tracksPair || findSyncs(deployment, functions)) return startedRoles(deployment);
  const fn = functions.find(({ description }) => description.name === tracker.functionName)?.description;
  const starts = describeSchedules(deployment).filter(({ targetArn }) => targetArn === fn?.arn);
  return [...(fn ? [fn.roleArn] : []), ...starts.map(({ roleArn }) => roleArn)];
}

async function play(
  options: RehearsalOptions,
  { deployment, authority }: House,
  scenario: Scenario,
  seed: number,
): Promise<{ checks: Checks; digest: string }> {
  const { bootstrap, accountId, region } = options;
  const world = await World.start({
    deployment,
    authority,
    bootstrap,
    seed,
    accountId,
    region,
    startsAt: scenario.startsAt,
    pairVariants: scenario.pairVariants,
  });
  const checks = new Checks();
  const record = new RecordWatch(world);
  const start = world.clock.now();
  const timeline = new Timeline(start, () => world.clock.now(), scenario.quiet ? () => {} : options.print);
  record.onChanged = ({ epoch, state, zone, memberId, cause }) =>
    timeline.say('record', `epoch ${epoch}, ${state}, primary ${zone === '' ? memberId : `in ${zone}`}: ${cause}`);
  world.bus.onPublished = (event) => timeline.say('event', `${event['detail-type']}: ${wordDetail(event.detail)}`);
  world.onDelivered = (target) => timeline.say('event', `delivered to ${target}`);
  world.onTrouble = (what) => timeline.say('trouble', what);
  try {
    await scenario.play({
      world,
      record,
      checks,
      deployment,
      hold: options.hold,
      say: (what) => timeline.say('world', what),
    });
    findings(world, scenario, checks);
    options.keepRequests(world.wire.requests.lines());
    return { checks, digest: world.wire.requests.digest() };
  } finally {
    await world.dispose();
  }
}

/** A tracker is asked for by name when it is missing; a system without scheduled syncs is complete. */
function makesSense({ needs }: Scenario, deployment: Deployment): boolean {
  const functions = describeFunctions(deployment, startedTargets(deployment));
  const { tracksPair: ofPair = false, tracksServer: ofServer = false, clusterArn } = findTracker(functions) ?? {};
  const ofCluster = clusterArn !== undefined;
  const ofRds = !ofPair && !ofServer && !ofCluster;
  const hosts = deployedRemotes(deployment)[0]?.autoScalingGroups.length ?? 0;
  const has = {
    'a primary tracker': () => ofRds,
    'a database that is prepared': () => deployment.ofType('Custom::MobiLinkDatabase').length > 0,
    'a mirrored pair': () => ofPair,
    'a Multi-AZ DB cluster': () => ofCluster,
    'a mirrored remote over a mirrored pair': () => ofPair && hosts === 2,
    'a mirrored remote over RDS': () => ofRds && hosts === 2,
    'a single remote over RDS': () => ofRds && hosts === 1,
    'a single remote over a mirrored pair': () => ofPair && hosts === 1,
    'a mirrored remote over a single server': () => ofServer && hosts === 2,
    // Its databases fail over as RDS does.
    'a sync schedule': () => ofRds && findSyncs(deployment, functions) !== undefined,
    'a login that is rotated': () => ofRds && rotatedSecrets(deployment).length > 0,
  };
  return has[needs]();
}

function wordDetail({ Message, runId, skipped, counts, epoch }: Readonly<Record<string, unknown>>): string {
  if (Message !== undefined) return String(Message);
  if (runId === undefined) return `epoch ${epoch}`;
  const worded = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  return `${runId}: ${skipped ?? worded.map(([name, count]) => `${count} ${name}`).join(', ')}`;
}
