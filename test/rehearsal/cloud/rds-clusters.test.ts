import { describe, expect, it } from 'vitest';
import { Rds } from '../../../rehearsal/cloud/rds';
import { cluster } from '../../track-primary/clusters';
import { database } from './database';
import { QueueClock } from './queue-clock';

const caller = { functionName: 'tracker', roleArn: 'arn:aws:iam::111122223333:role/tracker', process: 'tracker#0' };
const many = Array.from({ length: 101 }, (_, index) => `c-${index}`);
const rds = new Rds([database()], new QueueClock(), ['alpha', 'beta', ...many].map(cluster));

async function describeClusters(input: Record<string, unknown>) {
  const call = { service: 'rds', operation: 'DescribeDBClusters', input, caller };
  return (await rds.standIn.operations.DescribeDBClusters?.answer(call)) as {
    DBClusters: { DBClusterIdentifier: string }[];
    Marker?: string;
  };
}

const byId = (Values: string[]) => ({ Filters: [{ Name: 'db-cluster-id', Values }] });

describe('DescribeDBClusters', () => {
  it('filters by name and ARN, and a name that nobody has is no error', async () => {
    const { DBClusters } = await describeClusters(byId(['beta', 'gone', cluster('alpha').arn]));
    expect(DBClusters.map((it) => it.DBClusterIdentifier)).toEqual(['alpha', 'beta']);
  });

  it('answers by pages', async () => {
    const first = await describeClusters({});
    expect(first.DBClusters).toHaveLength(100);
    expect((await describeClusters({ Marker: first.Marker })).DBClusters).toHaveLength(3);
  });

  it('refuses a filter with more than a hundred names', async () => {
    await expect(describeClusters(byId(many))).rejects.toThrow('Only up to 100 unique filter identifiers');
    await expect(describeClusters(byId(many.slice(1)))).resolves.toHaveProperty('DBClusters');
  });
});
