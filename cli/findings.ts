import { EVERYTHING } from '../lambda/records/pauses';
import type { Sight, SyncSight } from './look';
import { ago, lasting } from './terminal';

/** Something that keeps remotes from synchronizing, or will. */
export interface Finding {
  /** In the order of likelihood it comes from which check. */
  readonly check: string;
  readonly finding: string;
  readonly fix: string;
}

export interface Check {
  readonly name: string;
  /** What it looked at, when it found nothing. */
  readonly well: string;
  readonly findings: readonly Finding[];
}

/** RDS takes up to two minutes (RDS User Guide, "Failing over a Multi-AZ DB instance"); syncs are held back for ten. */
const LONG_FAILOVER = 180_000;
/** The tracker writes its record each minute. */
const SILENT_TRACKER = 180_000;
/** A run may end a little after its deadline: collect looks again within 15 minutes. */
const AFTER_DEADLINE = 20 * 60_000;

/** Why is nothing synchronizing? The checks in the order of likelihood. Pure. */
export function examine(sight: Sight): Check[] {
  const { syncs } = sight;
  return [
    ...(syncs ? [paused(syncs), registered(syncs), scheduled(syncs)] : []),
    primary(sight),
    farm(sight),
    ...(syncs
      ? [deadLetters(syncs), runs(sight, syncs), hosts(syncs), outcomes(syncs), stale(sight, syncs), damaged(syncs)]
      : []),
  ];
}

function check(name: string, well: string, found: readonly (Omit<Finding, 'check'> | undefined)[]): Check {
  return { name, well, findings: found.flatMap((it) => (it ? [{ check: name, ...it }] : [])) };
}

function paused({ pauses, remotes }: SyncSight): Check {
  const everything = pauses.some(({ remoteName }) => remoteName === EVERYTHING);
  const groups = pauses.filter(({ remoteName }) => remoteName !== EVERYTHING);
  const all = remotes.remotes > 0 && remotes.paused === remotes.remotes && pauses.length === 0;
  return check('pauses', 'nothing is paused', [
    everything ? { finding: 'everything is paused', fix: 'mobilink-ha remotes resume --all' } : undefined,
    ...groups.map(({ remoteName }) => ({
      finding: `the group ${remoteName} is paused`,
      fix: `mobilink-ha remotes resume --group ${remoteName}`,
    })),
    all
      ? {
          finding: `all ${remotes.remotes} remotes are paused, one by one`,
          fix: 'mobilink-ha remotes resume GROUP/NAME ...',
        }
      : undefined,
  ]);
}

function registered({ remotes, schedules }: SyncSight): Check {
  const groups = [...new Set(schedules.flatMap(({ schedule }) => schedule.groups))];
  return check('registry', `${remotes.remotes} remotes are registered`, [
    remotes.remotes === 0 && schedules.length > 0
      ? {
          finding: `no remote is registered in ${groups.join(', ')}`,
          fix: 'mobilink-ha remotes import FILE, with these groups',
        }
      : undefined,
  ]);
}

function scheduled({ schedules }: SyncSight): Check {
  return check('schedules', `${schedules.length} schedules are enabled`, [
    schedules.length === 0
      ? { finding: 'there is no schedule', fix: 'system.addSyncSchedule(...), then deploy' }
      : undefined,
    ...schedules
      .filter(({ enabled }) => !enabled)
      .map(({ schedule }) => ({
        finding: `the schedule ${schedule.name} is disabled`,
        fix: 'deploy it without enabled: false; if nobody disabled it there, enable it in EventBridge Scheduler',
      })),
  ]);
}

function primary({ isTracked, primary: record, now }: Sight): Check {
  if (!isTracked) return check('consolidated database', 'nobody tracks it', []);
  if (!record) {
    return check('consolidated database', '', [
      {
        finding: 'no primary has been seen yet',
        fix: 'look whether the database is available, and at the log of the primary tracker',
      },
    ]);
  }
  const since = now - Date.parse(record.stateSince);
  const silent = now - Date.parse(record.observedAt);
  const { memberId } = record.primary;
  const states: Readonly<Record<string, Omit<Finding, 'check'>>> = {
    'failing-over': {
      finding: `the database fails over, for ${lasting(since)} (${record.cause})`,
      fix:
        since < LONG_FAILOVER
          ? 'wait: it takes up to two minutes, and syncs are held back meanwhile'
          : 'it takes too long: docs/runbooks/failover-too-long.md',
    },
    'no-primary': {
      finding: `the database has no primary, for ${lasting(since)} (${record.cause})`,
      fix: 'docs/runbooks/no-primary.md',
    },
    'two-primaries': {
      finding: `two members say that they are primary, for ${lasting(since)}`,
      fix: 'docs/runbooks/two-primaries.md',
    },
  };
  return check('consolidated database', `${memberId} is primary since ${ago(record.since, now)}`, [
    states[record.state],
    silent > SILENT_TRACKER
      ? {
          finding: `nobody has looked for ${lasting(silent)}: the tracker is silent`,
          fix: 'docs/runbooks/tracker-silent.md',
        }
      : undefined,
  ]);
}

function farm({ farm: servers }: Sight): Check {
  if (!servers) {
    return check('MobiLink servers', '', [{ finding: 'the service is gone', fix: 'deploy the stack again' }]);
  }
  const { desired, running, pending, rollout, lastEvent } = servers;
  const said = lastEvent === undefined ? '' : ` (ECS: ${lastEvent})`;
  return check('MobiLink servers', `${running} of ${desired} run`, [
    desired === 0
      ? { finding: 'no server is wanted', fix: 'deploy again; somebody has set the desired count to 0' }
      : undefined,
    desired > 0 && running === 0
      ? {
          finding: `none of ${desired} servers runs, ${pending} begin${said}`,
          fix: 'read the log of the servers: they say why they end',
        }
      : undefined,
    running > 0 && running < desired
      ? {
          finding: `${running} of ${desired} servers run${said}`,
          fix: 'wait for ECS; if it lasts, read the log of the servers',
        }
      : undefined,
    rollout === 'FAILED'
      ? { finding: `the last deployment failed${said}`, fix: 'docs/runbooks/deployment-rollback.md' }
      : undefined,
  ]);
}

function deadLetters({ queues }: SyncSight): Check {
  return check(
    'dead letters',
    'there are none',
    queues
      .filter(({ name, visible }) => name.endsWith('dead letters') && visible > 0)
      .map(({ name, visible }) => ({
        finding: `${visible} messages lie in ${name}`,
        fix: 'docs/runbooks/dead-letters.md: mend the cause, then redrive',
      })),
  );
}

function runs({ now }: Sight, { latest, schedules, queues }: SyncSight): Check {
  const waiting = queues.find(({ name }) => name === 'dispatch')?.visible ?? 0;
  const found = latest.flatMap(({ schedule: name, run }): Omit<Finding, 'check'>[] => {
    const it = schedules.find(({ schedule }) => schedule.name === name);
    if (!it) return [];
    if (!run) {
      return it.enabled
        ? [{ finding: `${name} has not run yet`, fix: 'wait for its first time, or look at its expression' }]
        : [];
    }
    const age = now - Date.parse(run.scheduledAt);
    const gap = it.schedule.hourGap === undefined ? undefined : it.schedule.hourGap * 3_600_000;
    const missed = it.enabled && gap !== undefined && age > gap + AFTER_DEADLINE;
    const overdue = run.announcedAt === undefined && age > it.schedule.deadlineSeconds * 1000 + AFTER_DEADLINE;
    return [
      ...(missed
        ? [
            {
              finding: `${name} ran last ${lasting(age)} ago, though it is due each ${lasting(gap ?? 0)}`,
              fix: 'look at the schedule in EventBridge Scheduler, and at the dispatch queue',
            },
          ]
        : []),
      ...(overdue
        ? [
            {
              finding: `the run ${run.runId} is not finished long after its deadline`,
              fix: 'look for dead letters, then at the log of the collecting function',
            },
          ]
        : []),
    ];
  });
  return check('runs', 'each schedule runs', [
    ...found,
    waiting > 100
      ? {
          finding: `${waiting} orders wait in the dispatch queue`,
          fix: 'look whether its function runs, and at throttling of Systems Manager',
        }
      : undefined,
  ]);
}

function hosts({ pings, remotes }: SyncSight): Check {
  const asked = remotes.unreachedHosts.slice(0, 50);
  const missing = asked.filter((host) => !pings.has(host));
  const lost = asked.filter((host) => pings.has(host) && pings.get(host) !== 'Online');
  const named = (list: readonly string[]) =>
    `${list.slice(0, 3).join(', ')}${list.length > 3 ? ` and ${list.length - 3} more` : ''}`;
  return check('hosts', 'those that were asked are heard of', [
    missing.length > 0
      ? {
          finding: `Systems Manager has never heard of ${named(missing)}`,
          fix: 'docs/hosts.md: agent, role, network; or the registry names another host',
        }
      : undefined,
    lost.length > 0
      ? {
          finding: `Systems Manager does not hear of ${named(lost)} any more`,
          fix: 'is the host on, and its network? Then restart its SSM agent',
        }
      : undefined,
  ]);
}

function outcomes({ remotes }: SyncSight): Check {
  const worst = [...remotes.details].sort(([, one], [, other]) => other.count - one.count).slice(0, 5);
  return check(
    'last syncs',
    'no remote that was tried says why not',
    worst.map(([detail, { count, example }]) => ({
      finding: `${count} ${count === 1 ? 'remote says' : 'remotes say'}: ${detail} (${example})`,
      fix: 'docs/runbooks/sync-success-rate.md',
    })),
  );
}

function stale({ now }: Sight, { remotes }: SyncSight): Check {
  const [oldest] = remotes.stale;
  return check('stale remotes', 'no remote is stale', [
    oldest
      ? {
          finding: `${remotes.staleCount} of ${remotes.remotes} remotes are stale; ${oldest.remote} synchronized ${ago(oldest.lastSuccessAt, now)}`,
          fix: 'mobilink-ha remotes list; then mobilink-ha sync GROUP/NAME --wait for one of them',
        }
      : undefined,
  ]);
}

function damaged({ remotes }: SyncSight): Check {
  return check(
    'items of the registry',
    'all can be read',
    remotes.damaged.slice(0, 5).map(({ group, name, problem }) => ({
      finding: `${group}/${name}: ${problem}`,
      fix: 'register it again: mobilink-ha remotes import FILE',
    })),
  );
}
