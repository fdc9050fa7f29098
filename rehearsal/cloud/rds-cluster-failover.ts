import { eventId, eventTime } from './event-bus-event';
import type { DatabaseCluster } from './rds-clusters';
import type { FailoverWorld } from './rds-failover';

/** When what happened; each moment in milliseconds since 1970. */
export interface ClusterCourse {
  readonly startedAt: number;
  readonly completedAt: number;
  /** When the API first names the new writer: the truth that a tracker can know. */
  readonly apiTellsAt: number;
  readonly from: string;
  readonly to: string;
}

/** How long the steps take, in milliseconds. */
const STEPS = {
  /** From start to completion, which is when both readers have applied what was committed: RDS User Guide, "typically under 35 seconds". */
  failover: [10_000, 35_000],
  /** From start until the status says so. UNSOURCED. */
  statusLag: [1_000, 5_000],
  /** From start until the name leads to the new writer. UNSOURCED. */
  addressMoves: [5_000, 30_000],
  /** From completion until the API names the new writer. UNSOURCED. */
  apiLag: [1_000, 20_000],
  /** For how long before that it names none. UNSOURCED. */
  unnamed: [0, 15_000],
} as const;

/** A failover to the next member, each step at its own time. */
export function failOverCluster(cluster: DatabaseCluster, world: FailoverWorld): ClusterCourse {
  const { clock, chance } = world;
  const startedAt = clock.now();
  if ((cluster.failingOverUntil ?? 0) > startedAt) throw new Error(`${cluster.identifier} is failing over already`);
  const between = (step: keyof typeof STEPS) => chance.between(STEPS[step][0], STEPS[step][1]);
  const [from = ''] = cluster.api.writers;
  const to = cluster.members[(cluster.members.indexOf(from) + 1) % cluster.members.length] ?? '';
  const completedAt = startedAt + between('failover');
  const apiTellsAt = completedAt + between('apiLag');
  const unnamedAt = Math.max(startedAt, apiTellsAt - between('unnamed'));
  cluster.failingOverUntil = apiTellsAt;
  const show = (api: Partial<DatabaseCluster['api']>) => () => {
    cluster.api = { ...cluster.api, ...api };
  };
  tell(cluster, world, 'RDS-EVENT-0073', 'failover', `Started cross AZ failover to DB instance: ${to}`);
  clock.at(startedAt + between('statusLag'), 'status failing-over', show({ status: 'failing-over' }));
  clock.at(startedAt + between('addressMoves'), 'address moved', () => {
    const [a = '', b = '', c = '', d = ''] = (cluster.addresses[0] ?? '').split('.');
    cluster.addresses = [[a, b, String((Number(c) + 16) % 256), d].join('.')];
  });
  clock.at(completedAt, 'failover completed', () => {
    show({ status: 'available' })();
    tell(cluster, world, 'RDS-EVENT-0071', 'failover', `Completed failover to DB instance: ${to}`);
  });
  clock.at(unnamedAt, 'API names no writer', show({ writers: [] }));
  clock.at(apiTellsAt, 'API names the new writer', show({ writers: [to] }));
  return { startedAt, completedAt, apiTellsAt, from, to };
}

/** A failover that RDS begins, gives up, and takes back: the writer stays. */
export function failedFailover(cluster: DatabaseCluster, world: FailoverWorld): void {
  const { clock } = world;
  const [writer = ''] = cluster.api.writers;
  tell(cluster, world, 'RDS-EVENT-0073', 'failover', 'Started cross AZ failover.');
  clock.at(clock.now() + 20_000, 'failover failed', () => {
    tell(cluster, world, 'RDS-EVENT-0069', 'failover', 'Cluster failover failed, check the health of your cluster.');
    tell(cluster, world, 'RDS-EVENT-0070', 'failover', `Promoting previous primary again: ${writer}`);
  });
}

/** RDS User Guide, "Amazon RDS event categories and event messages", DB cluster events. */
function tell(
  cluster: DatabaseCluster,
  { clock, chance, emit }: FailoverWorld,
  id: string,
  category: string,
  message: string,
): void {
  const [, , , region = '', account = ''] = cluster.arn.split(':');
  const at = clock.now();
  emit({
    version: '0',
    id: eventId(chance),
    'detail-type': 'RDS DB Cluster Event',
    source: 'aws.rds',
    account,
    time: eventTime(at),
    region,
    resources: [cluster.arn],
    detail: {
      EventCategories: [category],
      SourceType: 'CLUSTER',
      SourceArn: cluster.arn,
      Date: new Date(at).toISOString(),
      Message: message,
      SourceIdentifier: cluster.identifier,
      EventID: id,
    },
  });
}
