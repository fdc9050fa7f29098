import { promises as dns } from 'node:dns';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../lambda/track-primary/environment';
import type { Observation } from '../../lambda/track-primary/observation';
import { RdsCluster } from '../../lambda/track-primary/rds-cluster';
import { RdsInstance } from '../../lambda/track-primary/rds-instance';
import { ENVIRONMENT } from './invocations';
import { HOST, LoopbackAws, NO_CLUSTER, THROTTLED } from './loopback-aws';
import { LoopbackDns } from './loopback-dns';

let aws: LoopbackAws;
let names: LoopbackDns;
const nameServers = dns.getServers();
const NOW = Date.parse('2026-11-23T04:00:00.000Z');

beforeAll(async () => {
  [aws, names] = await Promise.all([LoopbackAws.start(), LoopbackDns.start()]);
  const environment = {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  dns.setServers([names.server]);
});

afterAll(async () => {
  dns.setServers(nameServers);
  vi.unstubAllEnvs();
  await Promise.all([aws.stop(), names.stop()]);
});

beforeEach(() => {
  aws.reset();
  names.address = '10.0.1.10';
});

function look(source: RdsCluster | RdsInstance = new RdsCluster('consolidated', () => NOW)): Promise<Observation> {
  return source.observe(AbortSignal.timeout(5_000));
}

describe('a Multi-AZ DB cluster', () => {
  it('has the member for its primary that the API calls the writer, behind the endpoint of the cluster', async () => {
    expect(await look()).toEqual({
      kind: 'seen',
      at: NOW,
      status: 'available',
      member: { memberId: 'cluster-ABC/two', host: HOST, port: 3306 },
      addresses: ['10.0.1.10'],
    });
    expect(
      aws.calls.map(({ operation, body }) => [operation, body.includes('DBClusterIdentifier=consolidated')]),
    ).toEqual([['DescribeDBClusters', true]]);
  });

  it.each([
    ['none', { one: false, two: false, three: false }],
    ['two', { one: true, two: true, three: false }],
  ])('names nobody while %s of its members call themselves the writer', async (_, members) => {
    aws.cluster = { status: 'failing-over', members };
    expect(await look()).toEqual({ kind: 'seen', at: NOW, status: 'failing-over' });
  });

  it('that is gone is absent', async () => {
    aws.next('DescribeDBClusters', NO_CLUSTER);
    expect(await look()).toEqual({ kind: 'absent', at: NOW });
  });

  it('whose API throttles is unknown, and said to be throttled', async () => {
    aws.next('DescribeDBClusters', THROTTLED, THROTTLED, THROTTLED, THROTTLED, THROTTLED);
    expect(await look()).toMatchObject({ kind: 'unknown', throttled: true, reason: 'Throttling: Rate exceeded' });
    aws.next('DescribeDBInstances', THROTTLED, THROTTLED, THROTTLED, THROTTLED, THROTTLED);
    expect(await look(new RdsInstance('consolidated', () => NOW))).toMatchObject({ kind: 'unknown', throttled: true });
  });

  it('whose API fails otherwise is unknown, and not throttled', async () => {
    const broken = { status: 403, body: THROTTLED.body.replace('Throttling', 'AccessDenied') };
    aws.next('DescribeDBClusters', broken);
    const seen = await look();
    expect(seen).toMatchObject({ kind: 'unknown' });
    expect(seen).not.toHaveProperty('throttled');
  });

  it('is what the environment can name', () => {
    const source = { kind: 'rds-cluster', clusterArn: 'arn:aws:rds:eu-central-1:1:cluster:c', clusterIdentifier: 'c' };
    expect(readEnvironment({ ...ENVIRONMENT, MOBILINK_PRIMARY_SOURCE: JSON.stringify(source) }).source).toEqual(source);
    const wrong = JSON.stringify({ ...source, clusterArn: 'x' });
    expect(() => readEnvironment({ ...ENVIRONMENT, MOBILINK_PRIMARY_SOURCE: wrong })).toThrow('must be an ARN');
  });
});
