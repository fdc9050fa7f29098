import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { minutesAgo, OperatorSite } from './operator-site';

let site: OperatorSite;
beforeEach(async () => {
  site = await OperatorSite.open();
});
afterEach(() => site.close());

async function healthy(): Promise<void> {
  await site.primary();
  await site.remote('store-1');
  await site.remote('store-2', { lastSuccessAt: minutesAgo(25) });
  await site.run(minutesAgo(60), {
    announcedAt: minutesAgo(50),
    remotes: 2,
    synchronized: 2,
    closedShards: ['a', 'b', 'c', 'd'],
  });
  await site.run(minutesAgo(0), { previousAt: minutesAgo(60), closedShards: ['stores/0'] });
  await site.latest(minutesAgo(0));
}

describe('status', () => {
  it('says who is primary, the servers, the runs and the remotes', async () => {
    await healthy();
    const { code, stdout, stderr } = await site.call(['status']);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'consolidated database  stable',
      `  primary              db-ABC/eu-central-1b in eu-central-1b, since ${minutesAgo(300)} (5 h ago)`,
      '  epoch                3: the source names it',
      '  last looked          30 s ago',
      'MobiLink servers       2 of 2 run',
      '',
      'schedule  planned for               ago      state               remotes  synchronized  not',
      `Hourly    ${minutesAgo(0)}  0 s ago  1 of 4 shards done  0        0             0`,
      '',
      '2 remotes, 0 paused, 0 stale',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('in a failover, with servers missing and a stale remote, ends with 1', async () => {
    await site.primary({
      state: 'failing-over',
      stateSince: minutesAgo(1.5),
      cause: 'RDS-EVENT-0013 says that a failover began',
    });
    await site.remote('store-1', {
      lastSuccessAt: minutesAgo(26 * 60),
      lastOutcome: 'failed',
      lastDetail: 'dbmlsync ended with 8',
    });
    await site.remote('store-2');
    site.service = { desired: 2, running: 1, pending: 1, rollout: 'IN_PROGRESS' };
    const { code, stdout } = await site.call(['status']);
    expect(stdout).toContain('consolidated database  FAILING-OVER for 1 min 30 s');
    expect(stdout).toContain('MobiLink servers       1 of 2 run, 1 begin, deployment in_progress');
    expect(stdout).toMatch(
      /stale remote +synchronized +last outcome +detail\nstores\/store-1 +1 d 2 h ago +failed +dbmlsync ended with 8/,
    );
    expect(code).toBe(1);
    const json = JSON.parse((await site.call(['status', '--json'])).stdout);
    expect(json).toMatchObject({
      troubled: true,
      primary: { epoch: 3, state: 'failing-over' },
      farm: { desired: 2, running: 1 },
      remotes: {
        count: 2,
        staleCount: 1,
        stale: [{ remote: 'stores/store-1' }],
        outcomes: { failed: 1, synchronized: 1 },
      },
    });
  });

  it('counts ages by the clock of AWS', async () => {
    await healthy();
    const { stdout } = await site.call(['status']);
    // This machine's clock is elsewhere.
    expect(stdout).toContain('(5 h ago)');
  });
});

describe('doctor', () => {
  it('finds nothing where all is well', async () => {
    await healthy();
    const { code, stdout } = await site.call(['doctor']);
    expect(stdout).not.toContain('FOUND');
    expect(stdout).toContain('Nothing found.');
    expect(stdout.match(/^ok /gm)?.length).toBeGreaterThanOrEqual(10);
    expect(code).toBe(0);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'everything is paused',
      () => site.put('registry', { groupShard: '#paused', remoteName: '*', paused: true }),
      /FOUND pauses: everything is paused\n +fix: mobilink-ha remotes resume --all/,
    ],
    [
      'a group is paused',
      () => site.put('registry', { groupShard: '#paused', remoteName: 'stores', paused: true }),
      /the group stores is paused\n +fix: .*--group stores/,
    ],
    [
      'the schedule is disabled',
      async () => {
        site.isEnabled = false;
      },
      /FOUND schedules: the schedule Hourly is disabled/,
    ],
    [
      'dead letters',
      async () => site.sqs.put('arn:aws:sqs:eu-central-1:111122223333:dispatch-dlq', { body: '{}', senderId: 'x' }),
      /FOUND dead letters: 1 messages lie in dispatch dead letters\n.*dead-letters\.md/,
    ],
    [
      'a failover',
      () => site.primary({ state: 'failing-over', stateSince: minutesAgo(1) }),
      /FOUND consolidated database: the database fails over, for 1 min .*\n +fix: wait/,
    ],
    [
      'a long failover',
      () => site.primary({ state: 'failing-over', stateSince: minutesAgo(9) }),
      /for 9 min .*\n +fix: it takes too long: docs\/runbooks\/failover-too-long\.md/,
    ],
    [
      'two primaries',
      () => site.primary({ state: 'two-primaries', stateSince: minutesAgo(1) }),
      /two members say that they are primary/,
    ],
    [
      'a silent tracker',
      () => site.primary({ observedAt: minutesAgo(40) }),
      /nobody has looked for 40 min: the tracker is silent/,
    ],
    [
      'no server is wanted',
      async () => {
        site.service = { desired: 0, running: 0, pending: 0, rollout: 'COMPLETED' };
      },
      /FOUND MobiLink servers: no server is wanted/,
    ],
    [
      'no server runs',
      async () => {
        site.service = { desired: 2, running: 0, pending: 2, rollout: 'IN_PROGRESS', said: 'unable to pull' };
      },
      /none of 2 servers runs, 2 begin \(ECS: unable to pull\)/,
    ],
    [
      'a failed deployment',
      async () => {
        site.service = { desired: 2, running: 2, pending: 0, rollout: 'FAILED' };
      },
      /the last deployment failed/,
    ],
    [
      'a host that nobody knows',
      () => site.remote('store-3', { lastOutcome: 'unreachable', hosts: ['i-0000000000000dead'] }),
      /FOUND hosts: Systems Manager has never heard of i-0000000000000dead/,
    ],
    [
      'a host that is off',
      async () => {
        site.pings.set('i-0000000000000beef', 'ConnectionLost');
        await site.remote('store-3', { lastOutcome: 'unreachable', hosts: ['i-0000000000000beef'] });
      },
      /does not hear of i-0000000000000beef any more/,
    ],
    [
      'a login that is wrong',
      () => site.remote('store-3', { lastOutcome: 'failed', lastDetail: 'invalid user ID' }),
      /FOUND last syncs: 1 remote says: invalid user ID \(stores\/store-3\)/,
    ],
    [
      'a stale remote',
      () => site.remote('store-3', { lastSuccessAt: minutesAgo(500) }),
      /1 of 3 remotes are stale; stores\/store-3 synchronized 8 h 20 min ago/,
    ],
    [
      'a damaged item',
      () => site.remote('store-3', { hosts: ['nowhere'] }),
      /FOUND items of the registry: stores\/store-3: hosts\.0 must be an instance id/,
    ],
    [
      'a schedule that has stopped',
      async () => {
        await site.run(minutesAgo(300), { announcedAt: minutesAgo(290) });
        await site.latest(minutesAgo(300));
      },
      /Hourly ran last 5 h ago, though it is due each 1 h/,
    ],
    [
      'a run that never ends',
      async () => {
        await site.run(minutesAgo(80), {});
        await site.latest(minutesAgo(80));
      },
      /the run Hourly@.* is not finished long after its deadline/,
    ],
  ])('%s', async (_what, harm, words) => {
    await healthy();
    await harm();
    const { code, stdout } = await site.call(['doctor']);
    expect(stdout).toMatch(words);
    expect(code).toBe(1);
  });

  it('of a system that is new says what comes first', async () => {
    const { code, stdout } = await site.call(['doctor']);
    const found = stdout.split('\n').filter((line) => line.startsWith('FOUND'));
    expect(found[0]).toBe('FOUND registry: no remote is registered in stores');
    expect(found.join('\n')).toContain('no primary has been seen yet');
    expect(found.join('\n')).toContain('Hourly has not run yet');
    expect(code).toBe(1);
  });
});

describe('runs', () => {
  it('are a chain from the newest', async () => {
    await healthy();
    const { stdout } = await site.call(['runs']);
    expect(
      stdout
        .split('\n')
        .slice(1, 3)
        .map((line) => line.split(/ {2,}/)[1]),
    ).toEqual([minutesAgo(0), minutesAgo(60)]);
    expect(JSON.parse((await site.call(['runs', '--last', '1', '--json'])).stdout)[0].runs).toHaveLength(1);
  });

  it('one of them says how far it is, and what became of its remotes', async () => {
    await healthy();
    const id = `Hourly@${minutesAgo(0)}`;
    await site.put('runs', { runId: id, item: 'shard/stores/0', remotes: 3, synchronized: 2, failed: 1, ordered: 4 });
    const underWay = await site.call(['run', id]);
    expect(underWay.stdout).toContain('under way 1 of 4 shards done; 4 ordered, 3 ended, 2 of them synchronized');
    expect(underWay.stdout).toMatch(/failed +1\n/);
    expect(underWay.code).toBe(0);
    const finished = await site.call(['run', `Hourly@${minutesAgo(60)}`, '--json']);
    expect(JSON.parse(finished.stdout)).toMatchObject({ synchronized: 2, announcedAt: minutesAgo(50) });
    const missing = await site.call(['run', 'Hourly@never']);
    expect(missing.stderr).toMatch(/There is no run Hourly@never/);
    expect(missing.code).toBe(2);
  });
});
