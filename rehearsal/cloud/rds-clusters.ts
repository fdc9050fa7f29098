import { type Filters, filtered, page } from './rds-lists';
import { type Call, type Operation, type Permission, ServiceError } from './service';

/** One Multi-AZ DB cluster: what is so, and what the API says, which may lag. */
export interface DatabaseCluster {
  readonly identifier: string;
  readonly arn: string;
  readonly resourceId: string;
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  /** The identifiers of its members. */
  readonly members: readonly string[];
  /** What `DescribeDBClusters` answers. Between two writers it can name none. */
  api: { status: string; writers: readonly string[] };
  /** Where the name of the endpoint leads. */
  addresses: string[];
  /** When the failover that is under way has ended. */
  failingOverUntil?: number;
}

/** API reference of DescribeDBClusters, "Filters"; what belongs to Aurora and directories matches no cluster here. */
const FILTERS: Filters<DatabaseCluster> = {
  'db-cluster-id': (cluster, value) => cluster.arn === value || cluster.identifier === value.toLowerCase(),
  'db-cluster-resource-id': (cluster, value) => cluster.resourceId === value,
  engine: (cluster, value) => cluster.engine === value,
  'clone-group-id': () => false,
  domain: () => false,
};

/** The part of the control plane of RDS that tells of clusters. */
export function clusterOperations(
  clusters: readonly DatabaseCluster[],
  spendToken: () => void,
): Record<string, Operation> {
  return {
    DescribeDBClusters: {
      permissions: (call) => [permission(clusters, call)],
      answer: (call) => {
        spendToken();
        const { found, Marker } = page(filtered(named(clusters, call), FILTERS, call), call);
        return { DBClusters: found.map(render), Marker };
      },
    },
  };
}

function named(clusters: readonly DatabaseCluster[], { input }: Call): DatabaseCluster[] {
  const { DBClusterIdentifier: given } = input;
  if (typeof given !== 'string') return [...clusters];
  const found = clusters.filter((it) => it.arn === given || it.identifier === given.toLowerCase());
  if (found.length === 0) throw new ServiceError('DBClusterNotFoundFault', `DBCluster ${given} not found.`, 404);
  return found;
}

function permission(clusters: readonly DatabaseCluster[], { input, caller }: Call): Permission {
  const { DBClusterIdentifier: given } = input;
  const action = 'rds:DescribeDBClusters';
  if (typeof given === 'string' && given.startsWith('arn:')) return { action, resource: given };
  const [, , , , account = ''] = caller.roleArn.split(':');
  const sibling = clusters[0]?.arn ?? `arn:aws:rds::${account}:cluster:`;
  const identifier = typeof given === 'string' ? given.toLowerCase() : '*';
  return { action, resource: `${sibling.split(':').slice(0, 6).join(':')}:${identifier}` };
}

function render(cluster: DatabaseCluster): Record<string, unknown> {
  const { api } = cluster;
  return {
    DBClusterIdentifier: cluster.identifier,
    DBClusterArn: cluster.arn,
    DbClusterResourceId: cluster.resourceId,
    Engine: cluster.engine,
    Status: api.status,
    MultiAZ: true,
    Endpoint: cluster.host,
    Port: cluster.port,
    DBClusterMembers: cluster.members.map((member) => ({
      DBInstanceIdentifier: member,
      IsClusterWriter: api.writers.includes(member),
      DBClusterParameterGroupStatus: 'in-sync',
      PromotionTier: 1,
    })),
  };
}
