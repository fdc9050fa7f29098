import type { DatabaseCluster } from '../../rehearsal/cloud/rds-clusters';
import { ACCOUNT, REGION } from '../rehearsal/cloud/database';

/** A Multi-AZ DB cluster whose first member is the writer. */
export function cluster(identifier: string): DatabaseCluster {
  const members = [1, 2, 3].map((number) => `${identifier}-instance-${number}`);
  return {
    identifier,
    arn: `arn:aws:rds:${REGION}:${ACCOUNT}:cluster:${identifier}`,
    resourceId: `cluster-${identifier.toUpperCase()}`,
    engine: 'mysql',
    host: `${identifier}.cluster-abcdefghijkl.${REGION}.rds.amazonaws.com`,
    port: 3306,
    members,
    api: { status: 'available', writers: members.slice(0, 1) },
    addresses: ['10.0.16.100'],
  };
}
