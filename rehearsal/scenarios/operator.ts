import { Operator } from '../world/operator';
import { oneEpochInTime, untilTracked } from './promises';
import { MINUTE, type Scenario, SECOND } from './scenario';
import { withFleet } from './sync-stage';

export const operator: Scenario = {
  name: 'operator',
  story: 'Somebody asks npx mobilink-ha what is going on while the database fails over, and then orders a sync.',
  needs: 'a sync schedule',
  partial: true,
  async play(stage) {
    const { world, record, checks, deployment } = stage;
    await untilTracked(stage);
    const it = await withFleet(stage, { singles: 1, pairs: 1 });
    const somebody = new Operator(world, deployment);
    const before = record.last?.epoch ?? 0;
    const well = await somebody.call('doctor', '--json');
    checks.promise(
      'before, doctor finds nothing of the database and the servers',
      !/consolidated database|MobiLink servers/.test(findings(well.stdout)),
      findings(well.stdout) || well.stderr,
    );
    stage.say('the primary’s zone goes dark');
    const course = world.failOver();
    await world.clock.run(40 * SECOND);
    await stage.hold(await somebody.environment());
    const during = await somebody.call('status');
    checks.promise(
      'status says that the database fails over, and ends with 1',
      /FAILING-OVER for \d+ s/.test(during.stdout) && during.code === 1,
      during.stdout.split('\n')[0] ?? during.stderr,
    );
    const cause = await somebody.call('doctor');
    checks.promise(
      'doctor names the failover, and says to wait',
      /FOUND consolidated database: the database fails over[^\n]*\n +fix: wait/.test(cause.stdout) && cause.code === 1,
      cause.stdout.split('\n').find((line) => line.startsWith('FOUND consolidated')) ?? cause.stderr,
    );
    await world.clock.run(8 * MINUTE);
    oneEpochInTime(stage, course, before);
    const after = await somebody.call('status', '--json');
    const seen = read(after.stdout).primary as { epoch?: number; state?: string } | undefined;
    checks.promise(
      'status knows the new primary',
      seen?.epoch === before + 1 && seen.state === 'stable',
      `epoch ${seen?.epoch}, ${seen?.state}`,
    );
    const remote = `${it.syncs.schedule.group}/single-0`;
    stage.say(`somebody orders a sync of ${remote}`);
    const ordered = await somebody.call('sync', remote, '--json');
    const runId = String(read(ordered.stdout).runId);
    await world.clock.run(5 * MINUTE);
    const end = await somebody.call('run', runId, '--json');
    const run = read(end.stdout);
    checks.promise(
      'a sync that is ordered by hand ends in one outcome, and the command says so',
      run.synchronized === 1 && run.remotes === 1 && run.announcedAt !== undefined && end.code === 0,
      `${run.synchronized} of ${run.remotes} synchronized${end.stderr}`,
    );
    const complaints = it.fleet.complaints();
    checks.promise('no host complains', complaints.length === 0, complaints.slice(0, 2).join('; ') || 'none does');
  },
};

function read(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function findings(text: string): string {
  const { findings: found = [] } = read(text) as { findings?: { check: string; finding: string }[] };
  return found.map(({ check, finding }) => `${check}: ${finding}`).join('; ');
}
