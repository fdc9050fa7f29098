import type { DatabaseInstance } from '../../../rehearsal/cloud/rds';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

export function database(identifier = 'consolidated', overrides: Partial<DatabaseInstance> = {}): DatabaseInstance {
  return {
    identifier,
    arn: `arn:aws:rds:${REGION}:${ACCOUNT}:db:${identifier}`,
    resourceId: `db-${identifier.toUpperCase()}`,
    instanceClass: 'db.m6g.large',
    engine: 'mysql',
    engineVersion: '8.4.6',
    multiAz: true,
    host: `${identifier}.abcdefghijkl.${REGION}.rds.amazonaws.com`,
    port: 3306,
    api: { status: 'available', availabilityZone: `${REGION}a`, secondaryZone: `${REGION}b` },
    addresses: ['10.0.16.10'],
    ...overrides,
  };
}
