import { readdirSync, readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SyncDocument } from '../../../lib/remotes/sync-document';
import { Chance } from '../../../rehearsal/cloud/chance';
import { Latencies } from '../../../rehearsal/cloud/latencies';
import type { Role } from '../../../rehearsal/hosts/host-tools';
import { sqlAnywhereTools } from '../../../rehearsal/hosts/sql-anywhere-tools';
import { HostBench, type HostBenchOptions } from './host-bench';

const RUN = 'nightly@2026-01-05T09:00:00.000Z';
const NEXT_RUN = 'nightly@2026-01-06T09:00:00.000Z';

let document: unknown;
beforeAll(() => {
  const stack = new Stack(new App(), 'Hosts');
  new SyncDocument(stack, 'Sync');
  const [found] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Document'));
  document = found?.Properties.Content;
});

let bench: HostBench;
afterEach(() => bench.close());

async function start(roles: Role[], options: Partial<HostBenchOptions> = {}): Promise<HostBench> {
  bench = await HostBench.start({ document, tools: sqlAnywhereTools, roles, ...options });
  return bench;
}

/** The project's document with its script changed, as a mistake would change it. */
function broken(search: RegExp, replacement: string): unknown {
  const copy = structuredClone(document) as { mainSteps: { inputs: { runCommand: string[] } }[] };
  const [step] = copy.mainSteps;
  const lines = step?.inputs.runCommand ?? [];
  expect(lines.filter((line) => search.test(line))).toHaveLength(1);
  for (const [index, line] of lines.entries()) lines[index] = line.replace(search, replacement);
  return copy;
}

const report = (output: string) => JSON.parse(output.split('\n')[0] ?? '');

describe('the project’s own script on a host', () => {
  it('synchronizes on a primary for as long as the scenario says, and not twice in one run', async () => {
    await start(['primary']);
    bench.host(0).plan({ seconds: 300, exitCode: 0 });
    const first = await bench.order(RUN, [0]);
    await bench.run(290);
    expect(await bench.outcome(first)).toMatchObject({ details: 'InProgress', code: -1 });
    await bench.run(20);
    const { details, code, output } = await bench.outcome(first);
    expect([details, code, report(output).result, report(output).run]).toEqual(['Success', 0, 'synchronized', RUN]);
    const again = await bench.order(RUN, [0]);
    await bench.run(10);
    expect(await bench.outcome(again)).toMatchObject({ code: 77 });
    const [sync] = bench.host(0).syncs;
    expect(bench.host(0).syncs).toHaveLength(1);
    expect([sync?.exitCode, ((sync?.endedAt ?? 0) - (sync?.startedAt ?? 0)) / 1000]).toEqual([0, 300]);
    expect(bench.violations).toEqual([]);
  });

  it.each<[Role, RegExp]>([
    ['mirror', /not-primary/],
    ['absent', /does not answer/],
  ])('does nothing where the database is %s', async (role, expected) => {
    await start([role]);
    const command = await bench.order(RUN, [0]);
    await bench.run(10);
    expect(await bench.outcome(command)).toMatchObject({ details: 'Failed', code: 75 });
    expect((await bench.outcome(command)).output).toMatch(expected);
    expect(bench.host(0).syncs).toEqual([]);
    expect(bench.violations).toEqual([]);
  });

  it('finds the lock taken while a sync of another run is under way, and free after it', async () => {
    await start(['primary']);
    bench.host(0).plan({ seconds: 100, exitCode: 0 });
    await bench.order(RUN, [0]);
    await bench.run(50);
    const busy = await bench.order(NEXT_RUN, [0]);
    await bench.run(10);
    expect(await bench.outcome(busy)).toMatchObject({ code: 76 });
    await bench.run(60);
    const free = await bench.order(NEXT_RUN, [0]);
    await bench.run(60);
    expect(await bench.outcome(free)).toMatchObject({ code: 0 });
    expect(bench.violations).toEqual([]);
  });

  it.each([1, 12, 194, 255])('never passes on dbmlsync’s own code %i', async (exitCode) => {
    await start(['primary']);
    bench.host(0).plan({ seconds: 5, exitCode });
    const command = await bench.order(RUN, [0]);
    await bench.run(20);
    const { code, output } = await bench.outcome(command);
    expect([code, report(output).code]).toEqual([1, exitCode]);
    expect(bench.violations).toEqual([]);
  });

  it('fails at once when its database becomes the mirror; the partner’s sync then runs', async () => {
    await start(['primary', 'mirror']);
    bench.host(0).plan({ seconds: 600, exitCode: 0 });
    const command = await bench.order(RUN, [0]);
    await bench.run(60);
    await bench.host(0).become('mirror');
    await bench.host(1).become('primary');
    await bench.run(5);
    expect(await bench.outcome(command)).toMatchObject({ details: 'Failed', code: 1 });
    const next = await bench.order(RUN, [0, 1]);
    await bench.run(60);
    expect(await bench.outcome(next, 0)).toMatchObject({ code: 75 });
    expect(await bench.outcome(next, 1)).toMatchObject({ code: 0 });
    expect(bench.violations).toEqual([]);
  });

  it('leaves a sync that holds the lock when the agent kills it at its time-out', async () => {
    await start(['primary']);
    bench.host(0).plan({ seconds: 200, exitCode: 0 });
    const command = await bench.order(RUN, [0], 60);
    await bench.run(100);
    expect(await bench.outcome(command)).toMatchObject({ details: 'ExecutionTimedOut', code: 137 });
    expect(bench.host(0).syncs).toMatchObject([{ outlivedScript: true }]);
    const busy = await bench.order(NEXT_RUN, [0]);
    await bench.run(10);
    expect(await bench.outcome(busy)).toMatchObject({ code: 76 });
    await bench.run(100);
    const free = await bench.order(NEXT_RUN, [0]);
    await bench.run(60);
    expect(await bench.outcome(free)).toMatchObject({ code: 0 });
    expect(bench.violations).toEqual([]);
  });

  it('leaves it also when it is cancelled as soon as it has begun', async () => {
    const latencies = { sample: (purpose: string) => (purpose === 'host-script' ? 5_000 : 0) };
    await start(['primary'], { latencies });
    const command = await bench.order(RUN, [0]);
    await bench.run(1);
    await bench.cancel(command);
    await bench.run(10);
    expect(await bench.outcome(command)).toMatchObject({ details: 'Cancelled' });
    expect(bench.host(0).syncs).toMatchObject([{ outlivedScript: true }]);
    await bench.run(60);
    const free = await bench.order(NEXT_RUN, [0]);
    await bench.run(60);
    expect(await bench.outcome(free)).toMatchObject({ code: 0 });
    expect(bench.violations).toEqual([]);
  });

  it('does not run twice in one run, even on orders that should never have been given', async () => {
    await start(['primary']);
    bench.host(0).plan({ seconds: 100, exitCode: 0 });
    await bench.order(RUN, [0]);
    await bench.order(RUN, [0]);
    await bench.run(200);
    expect(bench.host(0).syncs).toHaveLength(1);
    expect(bench.violations).toEqual([expect.stringContaining(`two commands of ${RUN} at once`)]);
  });
});

describe('a mistake in the script is noted:', () => {
  it('the role is not asked', async () => {
    await start(['mirror'], { document: broken(/^require_primary$/, ':') });
    await bench.order(RUN, [0]);
    await bench.run(30);
    expect(bench.violations).toEqual([
      expect.stringContaining('a sync while the database is mirror'),
      expect.stringContaining('violation: asked to synchronize a mirror'),
    ]);
  });

  it('the lock is not taken', async () => {
    await start(['primary'], { document: broken(/! flock -n 9/, 'false') });
    await bench.order(RUN, [0]);
    await bench.run(10);
    await bench.order(NEXT_RUN, [0]);
    await bench.run(10);
    expect(bench.violations).toEqual([expect.stringContaining('two syncs at once')]);
  });

  it('-is is forgotten', async () => {
    await start(['primary'], { document: broken(/ -is -qc/, ' -qc') });
    await bench.order(RUN, [0]);
    await bench.run(10);
    expect(bench.violations).toEqual([expect.stringContaining('refused: without -is')]);
  });

  it('dbmlsync’s code is passed on', async () => {
    await start(['primary'], { document: broken(/exit "\$exit_code"/, 'exit "$code"') });
    bench.host(0).plan({ seconds: 5, exitCode: 194 });
    await bench.order(RUN, [0]);
    await bench.run(20);
    expect(bench.violations).toEqual([expect.stringContaining('the script ended with 194')]);
  });
});

describe('a round', () => {
  /** Everything that Systems Manager tells of a round, and when each sync was. */
  async function round(scriptsAtOnce: number): Promise<string> {
    const roles = Array.from(
      { length: 16 },
      (_, index): Role => (['primary', 'mirror', 'absent'] as const)[index % 3] ?? 'primary',
    );
    await start(roles, { scriptsAtOnce, latencies: new Latencies(new Chance('round')) });
    for (const host of bench.hosts) host.usualSync = { seconds: 30, exitCode: 0 };
    bench.host(15).disconnect();
    const commands = [
      await bench.order(
        RUN,
        roles.map((_, index) => index),
      ),
    ];
    await bench.run(20);
    await bench.host(3).become('mirror');
    commands.push(await bench.order(NEXT_RUN, [0, 6, 9]));
    await bench.run(90);
    const told = await Promise.all(commands.map((CommandId) => bench.invocations({ CommandId })));
    const text = JSON.stringify([
      told.map(({ CommandInvocations }) => CommandInvocations),
      bench.hosts.map(({ syncs }) => syncs),
      bench.violations,
    ]);
    // What the script reads from the real clock.
    return text.replaceAll(/startedAt[^,]*,|seconds[^,]*,|after \d+ seconds/g, '');
  }

  it('tells the same whether its scripts run one by one or side by side', async () => {
    const alone = await round(1);
    await bench.close();
    expect(await round(8)).toBe(alone);
    expect(alone).toContain('synchronized');
    expect(alone).toContain('not-primary');
  });
});

describe('what the stand-ins wrote', () => {
  it('is where the scripts were told to write, and nowhere else', async () => {
    await start(['primary']);
    await bench.order(RUN, [0]);
    await bench.run(60);
    const folder = bench.site.folderOf(bench.host(0).id);
    expect(readdirSync(`${folder}/state`).sort()).toEqual(['lock', 'synchronized-once', 'synchronized-runs']);
    expect(readFileSync(`${folder}/state/synchronized-runs`, 'utf8')).toBe(`${RUN}\n`);
    expect(readdirSync(`${folder}/sync-logs`)).toHaveLength(1);
  });
});
