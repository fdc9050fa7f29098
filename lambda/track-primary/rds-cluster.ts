import {
  type DBCluster,
  DBClusterNotFoundFault,
  DescribeDBClustersCommand,
  paginateDescribeDBClusters,
  RDSClient,
} from '@aws-sdk/client-rds';
import { addressesOf } from './endpoint-addresses';
import type { Observation } from './observation';
import type { Source } from './ports';
import { SDK_LIMITS } from './sdk-limits';
import { unanswered } from './unanswered';

/**
 * What the RDS API and the name service say of one Multi-AZ DB cluster. Its writer is the one member that `IsClusterWriter` names; the
 * host is the cluster's own endpoint, which follows the writer. The API does not tell here in which zone a member stands.
 */
export class RdsCluster implements Source {
  constructor(
    private readonly identifier: string,
    private readonly now: () => number,
    private readonly client = new RDSClient(SDK_LIMITS),
  ) {}

  public async observe(abortSignal: AbortSignal): Promise<Observation> {
    const at = this.now();
    try {
      const { DBClusters } = await this.client.send(
        new DescribeDBClustersCommand({ DBClusterIdentifier: this.identifier }),
        { abortSignal },
      );
      return await clusterSeen(DBClusters?.[0], at, abortSignal);
    } catch (error) {
      if (error instanceof DBClusterNotFoundFault) return { kind: 'absent', at };
      return unanswered(at, error);
    }
  }
}

/** What one answer says of a cluster; its name is looked up only if it names a primary. */
export async function clusterSeen(
  cluster: DBCluster | undefined,
  at: number,
  abortSignal: AbortSignal,
): Promise<Observation> {
  const status = cluster?.Status;
  if (!cluster || !status) return { kind: 'unknown', at, reason: 'the answer holds no cluster with a status' };
  const { DbClusterResourceId, Endpoint, Port, DBClusterMembers = [] } = cluster;
  const writers = DBClusterMembers.filter(({ IsClusterWriter }) => IsClusterWriter === true);
  const writer = writers.length === 1 ? writers[0]?.DBInstanceIdentifier : undefined;
  // Between two writers there can be none, or both: nobody is named then.
  if (!writer || !DbClusterResourceId || !Endpoint || !Port) return { kind: 'seen', at, status };
  return {
    kind: 'seen',
    at,
    status,
    member: { memberId: `${DbClusterResourceId}/${writer}`, host: Endpoint, port: Port },
    addresses: await addressesOf(Endpoint, abortSignal),
  };
}

/** Those of the clusters that the API knows, by identifier. */
export async function listClusters(
  client: RDSClient,
  identifiers: readonly string[],
  abortSignal: AbortSignal,
): Promise<Map<string, DBCluster>> {
  const Filters = [{ Name: 'db-cluster-id', Values: [...identifiers] }];
  const found = new Map<string, DBCluster>();
  for await (const page of paginateDescribeDBClusters({ client }, { Filters, MaxRecords: 100 }, { abortSignal })) {
    for (const it of page.DBClusters ?? []) found.set(it.DBClusterIdentifier?.toLowerCase() ?? '', it);
  }
  return found;
}
